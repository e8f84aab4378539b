"""Pieces cover an axis, share what they are asked to, and their shares in every pixel sum to 1."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.translation.tiles import spans


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, int, int]:
    side = draw(st.integers(1, 40))
    return draw(st.integers(1, 300)), side, draw(st.integers(0, side // 2))


@given(cuts())
def test_shares_sum_to_one_in_every_pixel(cut: tuple[int, int, int]) -> None:
    length, side, overlap = cut
    total = np.zeros(length)
    for span in spans(length, side, overlap):
        assert len(span.shares) == min(side, length)
        assert (span.shares > 0).all()
        total[span.slice] += span.shares
    assert total == pytest.approx(np.ones(length), abs=1e-6)


@given(cuts())
def test_neighbours_share_what_is_asked_for_and_no_piece_is_in_vain(cut: tuple[int, int, int]) -> None:
    length, side, overlap = cut
    found = spans(length, side, overlap)
    starts = [span.start for span in found]
    assert starts[0] == 0
    assert starts[-1] + len(found[-1].shares) == length
    assert all(one + side - other >= overlap for one, other in itertools.pairwise(starts))
    fewer = side + (len(found) - 2) * (side - overlap)
    assert len(found) == 1 or fewer < length


def test_a_share_rises_over_the_overlap_alone() -> None:
    first, second = spans(length=16, side=10, overlap=4)
    assert first.shares.tolist() == pytest.approx([1] * 6 + [0.875, 0.625, 0.375, 0.125])
    assert second.shares.tolist() == pytest.approx([0.125, 0.375, 0.625, 0.875] + [1] * 6)
