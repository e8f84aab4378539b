"""Two records side by side: what is equal, what differs first and most, and what is only in one of them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, Manifest, folder_name
from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory, read_identity, write_identity
from gan_tui.client.agreement import Agreement, Circumstance, Discrepancy, compare
from tests.runs import make_run

LINE: dict[str, Any] = {
    "epoch": 1, "losses": {"G": 0.5, "D": 0.25}, "lr": {"G": 1e-3}, "weights": {"cycle": 10.0},
}  # fmt: skip


def line(step: int, **changes: Any) -> ev.Metrics:
    numbers = {**LINE, "images": step, **changes}
    return ev.Metrics(seq=step, step=step, time=step, throughput=float(step), data_wait=0.0, **numbers)


def recorded(folder: Path, name: str, *lines: ev.Metrics, events: tuple[ev.Event, ...] = ()) -> RunDirectory:
    run = make_run(folder, name=name)
    run.metrics.write_bytes(b"".join(encode(each) + b"\n" for each in lines))
    run.events.write_bytes(b"".join(encode(each) + b"\n" for each in events))
    return run


def compared(folder: Path, ours: list[ev.Metrics], theirs: list[ev.Metrics], tolerance: float = 0.0) -> Agreement:
    original, replay = recorded(folder, "original", *ours), recorded(folder, "replay", *theirs)
    return compare(original, replay, last_step=3, tolerance=tolerance)


def test_equal_numbers_agree_whatever_the_clock_says(tmp_path: Path) -> None:
    theirs = [msgspec.structs.replace(line(step), time=9.0, throughput=7.0, data_wait=0.5) for step in (1, 2, 3)]
    outcome = compared(tmp_path, [line(1), line(2), line(3), line(4)], theirs)
    assert outcome.agrees
    assert (outcome.compared, outcome.equal, outcome.missing, outcome.surplus) == (3, 3, 0, 0)
    assert (outcome.original, outcome.replay, outcome.last_step) == ("original", "replay", 3)
    assert (outcome.first, outcome.first_missing, outcome.largest, outcome.circumstances) == (None, None, {}, ())


@pytest.mark.parametrize(
    ("changes", "name", "old", "new"),
    [
        ({"losses": {"G": 0.5, "D": 0.250001}}, "losses.D", 0.25, 0.250001),
        ({"losses": {"G": None, "D": 0.25}}, "losses.G", 0.5, None),
        ({"losses": {"G": 0.5}}, "losses.D", 0.25, None),
        ({"losses": {**LINE["losses"], "idt": 0.0}}, "losses.idt", None, 0.0),
        ({"losses": {**LINE["losses"], "idt": None}}, "losses.idt", None, None),
        ({"lr": {"G": 2e-3}}, "lr.G", 1e-3, 2e-3),
        ({"weights": {"cycle": 5.0}}, "weights.cycle", 10.0, 5.0),
        ({"epoch": 2}, "epoch", 1, 2),
        ({"images": 4}, "images", 2, 4),
    ],
)
def test_each_number_of_a_line_counts(tmp_path: Path, changes: dict[str, Any], name: str, old: Any, new: Any) -> None:
    outcome = compared(tmp_path, [line(1), line(2), line(3)], [line(1), line(2, **changes), line(3)])
    assert not outcome.agrees
    assert outcome.first == Discrepancy(step=2, name=name, original=old, replay=new)
    assert (outcome.compared, outcome.equal) == (3, 2)


def test_two_losses_that_are_not_finite_are_equal(tmp_path: Path) -> None:
    broken = {"losses": {"G": None, "D": 0.25}}
    assert compared(tmp_path, [line(1, **broken)], [line(1, **broken)]).agrees


def test_the_first_difference_and_the_largest_of_each_component(tmp_path: Path) -> None:
    theirs = [
        line(1),
        line(2, losses={"G": 0.55, "D": 0.25}),
        line(3, losses={"G": 0.4, "D": 0.2}, lr={"G": 1e-3}),
    ]
    outcome = compared(tmp_path, [line(1), line(2), line(3)], theirs)
    assert outcome.first == Discrepancy(step=2, name="losses.G", original=0.5, replay=0.55)
    assert outcome.largest == pytest.approx({"losses.G": 0.2, "losses.D": 0.2})
    assert (outcome.compared, outcome.equal) == (3, 1)


def test_a_tolerance_covers_arithmetic_and_nothing_else(tmp_path: Path) -> None:
    close = {"losses": {"G": 0.5005, "D": 0.25}, "lr": {"G": 1.0001e-3}}
    outcome = compared(tmp_path / "close", [line(1), line(2)], [line(1), line(2, **close)], tolerance=0.002)
    assert outcome.agrees
    assert outcome.largest["losses.G"] == pytest.approx(0.001, rel=1e-2)
    assert not compared(tmp_path / "closer", [line(1), line(2)], [line(1), line(2, **close)], tolerance=0.0005).agrees
    for part in ({"weights": {"cycle": 10.001}}, {"images": 3}):
        folder = tmp_path / next(iter(part))
        assert not compared(folder, [line(1), line(2)], [line(1), line(2, **part)], tolerance=0.9).agrees


def test_a_number_that_is_not_finite_on_one_side_is_beyond_any_tolerance(tmp_path: Path) -> None:
    outcome = compared(tmp_path, [line(1)], [line(1, losses={"G": None, "D": 0.25})], tolerance=0.9)
    assert not outcome.agrees
    assert outcome.largest == {"losses.G": None}


@pytest.mark.parametrize(
    ("ours", "theirs", "missing", "surplus", "first"),
    [([1, 2, 3], [1, 2], 1, 0, 3), ([1, 2, 3], [2, 3], 1, 0, 1), ([1, 3], [1, 2, 3], 0, 1, 2), ([1, 2], [], 2, 0, 1)],
)
def test_lines_that_only_one_has(
    tmp_path: Path, ours: list[int], theirs: list[int], missing: int, surplus: int, first: int
) -> None:
    outcome = compared(tmp_path, list(map(line, ours)), list(map(line, theirs)))
    assert not outcome.agrees
    assert (outcome.missing, outcome.surplus, outcome.first_missing) == (missing, surplus, first)
    assert outcome.equal == outcome.compared == len(set(ours) & set(theirs))


def test_the_line_with_which_a_replay_ends_between_two_of_the_originals_is_left_out(tmp_path: Path) -> None:
    assert compared(tmp_path, [line(2), line(4)], [line(2), line(3)]).agrees


def test_nothing_to_compare_is_no_agreement(tmp_path: Path) -> None:
    assert not compared(tmp_path, [line(9)], [line(9)]).agrees


def test_only_the_courses_are_compared(tmp_path: Path) -> None:
    resumed = ev.Resumed(seq=3, step=1, time=0.0, from_step=1, checkpoint="x", from_seq=1)
    again = msgspec.structs.replace(line(2, epoch=2), seq=4)
    crashed = recorded(tmp_path, "crashed", line(1), line(2), again, events=(resumed,))
    whole = recorded(tmp_path, "whole", line(1), line(2, epoch=2))
    assert compare(crashed, whole, last_step=2, tolerance=0.0).agrees
    assert compare(whole, crashed, last_step=2, tolerance=0.0).agrees


def test_circumstances_that_numbers_may_depend_on(tmp_path: Path) -> None:
    original, replay = recorded(tmp_path, "original", line(1)), recorded(tmp_path, "replay", line(1))
    told = {"host": "box", "device": "cpu fp32", "threads": 2, "versions": {"torch": "2.11", "python": "3.11"}}
    for run, changes, data in ((original, {}, "a"), (replay, {"threads": 4, "versions": {"torch": "2.12"}}, "b")):
        write_identity(run, msgspec.structs.replace(read_identity(run), **{**told, **changes}))
        write_checkpoint_of(run, data * 64)
    outcome = compare(original, replay, last_step=1, tolerance=0.0)
    assert outcome.agrees, "what may matter did not"
    assert outcome.circumstances == (
        Circumstance(name="torch", original="2.11", replay="2.12"),
        Circumstance(name="CPU threads", original="2", replay="4"),
        Circumstance(name="training images", original="a" * 12, replay="b" * 12),
    )


def test_what_is_unknown_of_one_run_is_no_circumstance(tmp_path: Path) -> None:
    original, replay = recorded(tmp_path, "original", line(1)), recorded(tmp_path, "replay", line(1))
    write_identity(replay, msgspec.structs.replace(read_identity(replay), device="cpu fp32", threads=4))
    assert compare(original, replay, last_step=1, tolerance=0.0).circumstances == ()


def test_an_outcome_is_json_without_nan(tmp_path: Path) -> None:
    outcome = compared(tmp_path, [line(1)], [line(1, losses={"G": None, "D": 0.3})])
    tree = msgspec.json.decode(msgspec.json.encode(outcome))
    assert tree["first"] == {"step": 1, "name": "losses.G", "original": 0.5, "replay": None}
    assert tree["largest"]["losses.G"] is None
    assert math.isclose(tree["largest"]["losses.D"], 1 / 6)


def write_checkpoint_of(run: RunDirectory, data: str) -> None:
    manifest = Manifest(
        run="r", step=1, epoch=1, images=1, time=0.0, reason="end", losses={}, controls={}, files={}, data=data
    )
    folder = run.checkpoints / folder_name(1)
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
