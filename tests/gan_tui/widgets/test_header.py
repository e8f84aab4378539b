"""The header: whose branch a run is, and what goes first when room is short."""

from __future__ import annotations

import pytest

from gan_tui.state.run_view import Origin, RunView
from gan_tui.widgets.header import RunHeader

BRANCH = RunView(
    name="warmer", method="cyclegan", device="cuda:0 bf16", origin=Origin(run="horse2zebra", step=12_000),
    link="live", state="training", step=13_000, total_steps=20_000, epoch=10, epochs=15, throughput=61.2,
)  # fmt: skip


def first_line(view: RunView, width: int) -> str:
    header = RunHeader()
    header.show(view, ())
    return "".join(text for text, _ in header.lines(width)[0])


def test_a_branch_says_where_it_comes_from() -> None:
    assert "warmer · cyclegan · from horse2zebra @ 12,000 · cuda:0 bf16" in first_line(BRANCH, 160)
    assert "from" not in first_line(RunView(name="warmer"), 160)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120])
def test_its_origin_is_the_first_to_go(width: int) -> None:
    line = first_line(BRANCH, width)
    assert len(line) == width
    assert "warmer" in line
    assert "TRAINING" in line
    if "from" in line:
        assert "cuda:0 bf16" in line
        assert "epoch 10/15" in line
