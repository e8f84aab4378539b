"""The header: whose branch a run is, and what goes first when room is short."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from engine.protocol.machine import Stuck
from gan_tui.state.run_view import Origin, RunView
from gan_tui.widgets.header import RunHeader

BRANCH = RunView(
    name="warmer", method="cyclegan", device="cuda:0 bf16", origin=Origin(run="horse2zebra", step=12_000),
    link="live", state="training", step=13_000, total_steps=20_000, epoch=10, epochs=15, throughput=61.2,
)  # fmt: skip


def first_line(view: RunView, width: int, *tags: str) -> str:
    header = RunHeader()
    header.show(view, tags)
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


def test_all_is_done_only_after_the_last_step() -> None:
    header = RunHeader()

    def told(step: int) -> str:
        header.show(replace(BRANCH, step=step), ())
        return header.lines(80)[1][-1][0]

    assert [told(step) for step in (0, 19_999, 20_000, 20_001)] == [" 0% ", " 99% ", " 100% ", " 100% "]


def test_a_name_of_wide_characters_takes_two_columns_for_each() -> None:
    line = first_line(replace(BRANCH, name="日本語" * 20), 60)
    assert cell_len(line) == 60
    assert "TRAINING" in line


def test_a_step_that_does_not_end_is_told() -> None:
    stuck = replace(BRANCH, stuck=Stuck(seconds=125.0, usual=0.2, phase="data"))
    assert "✖ step stuck for 2m 05s in data wait" in first_line(stuck, 120)
    assert "stuck" not in first_line(replace(stuck, state="finished"), 120)


def test_where_all_are_too_long_the_name_is_shortened_then_remarks_then_trouble() -> None:
    stuck = replace(BRANCH, name="horse2zebra", stuck=Stuck(seconds=125.0, usual=0.2, phase="data"))
    held, slow, trouble = "held by ana@gpu-box (pts/3)", "slow link", "✖ step stuck for 2m 05s in data wait"
    assert first_line(stuck, 88, held) == f" horse… · ● TRAINING · held by ana@gpu-box (pts/… · {trouble}"
    assert first_line(stuck, 80, held) == f" horse… · ● TRAINING · held by ana@gpu-b… · {trouble}"
    assert first_line(stuck, 60, held) == " horse… · ● TRAINING · held by ana… · ✖ step stuck for 2m 0…"
    assert first_line(stuck, 60, held, slow) == " horse… · ● TRAINING · held by ana… · slow link · ✖ step st…"


def test_what_cannot_be_written_is_told_while_an_engine_is_at_work() -> None:
    unsaved = replace(BRANCH, save_failure="No space left on device")
    full = replace(unsaved, lines_waiting=1312)
    for width in (80, 120, 200):
        assert "✖ last save failed" in first_line(unsaved, width)
        assert "✖ 1,312 lines wait for the disk" in first_line(full, width)
        assert "✖" not in first_line(BRANCH, width)
    assert "last save" not in first_line(full, 200), "without lines there can be no checkpoint"
    assert "wait" not in first_line(replace(full, state="failed"), 200)
