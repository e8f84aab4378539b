"""Dividing batches: every item is somebody's, and only for the length of a step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ranks.division import Division, Shard, divided, division_under_way

divisions = st.tuples(st.integers(1, 200), st.integers(1, 20))


@given(divisions)
def test_every_item_is_one_ranks_and_in_order(sizes: tuple[int, int]) -> None:
    items, ranks = sizes
    taken = [list(range(items))[Division(items, Shard(rank, ranks)).counted] for rank in range(ranks)]
    assert [item for items_of_one in taken for item in items_of_one] == list(range(items))
    counts = Division(items, Shard(0, ranks)).counts
    assert counts == tuple(map(len, taken))
    assert max(counts) - min(counts) <= 1


@given(divisions)
def test_a_rank_without_an_item_computes_for_nothing(sizes: tuple[int, int]) -> None:
    items, ranks = sizes
    of_each = [Division(items, Shard(rank, ranks)) for rank in range(ranks)]
    assert all(range(items)[division.own] for division in of_each)
    assert sum(division.is_idle for division in of_each) == max(0, ranks - items)
    assert sum(division.share for division in of_each) == pytest.approx(1)
    assert all(division.share == 0 for division in of_each if division.is_idle)


def test_a_division_is_under_way_for_the_length_of_a_step() -> None:
    division = Division(4, Shard(1, 2))
    with pytest.raises(ZeroDivisionError), divided(division):
        assert division_under_way() == division
        raise ZeroDivisionError
    assert division_under_way() is None


def test_a_process_by_itself_divides_nothing() -> None:
    with divided(Division(4)):
        assert division_under_way() is None
