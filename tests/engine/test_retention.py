"""Which checkpoints are kept: each rule by itself, and all together."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.protocol.checkpoints import MANIFEST, Manifest, folder_name, list_checkpoints, set_star
from engine.protocol.rundir import RunDirectory
from engine.retention import Retention


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def put(
    run: RunDirectory, step: int, objective: float | None = None, *, owner: str = "own", cycle: float = 10.0
) -> Path:
    """A checkpoint of nothing but its manifest."""
    manifest = Manifest(
        run=owner, step=step, epoch=1, images=step, time=0.0, reason="schedule", losses={}, objective=objective,
        controls={"loss.cycle_a": cycle, "log.every": float(step)}, files={},
    )  # fmt: skip
    folder = run.checkpoints / folder_name(step)
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return folder


def surplus(run: RunDirectory, retention: Retention, newest: Path) -> list[int]:
    return [manifest.step for _, manifest in retention.surplus(list_checkpoints(run), newest)]


def test_the_newest_are_kept_and_what_was_written_last(run: RunDirectory) -> None:
    folders = {step: put(run, step) for step in (10, 20, 30, 40)}
    assert surplus(run, Retention(keep=2), folders[40]) == [10, 20]
    assert surplus(run, Retention(keep=2), folders[10]) == [20], "a run that went back writes lower steps"
    assert surplus(run, Retention(keep=9), folders[40]) == []


def test_the_first_in_every_span_is_kept_for_good(run: RunDirectory) -> None:
    steps = (40, 90, 110, 150, 220, 250, 299, 300, 430)
    folders = {step: put(run, step) for step in steps}
    retention = Retention(keep=1, keep_every=100)
    assert surplus(run, retention, folders[430]) == [40, 90, 150, 250, 299]


def test_the_best_are_kept(run: RunDirectory) -> None:
    put(run, 20, 3.0)
    put(run, 30, 2.0)
    put(run, 40, None)
    put(run, 50, 2.5)
    newest = put(run, 60, 9.0)
    assert surplus(run, Retention(keep=1, keep_best=1), newest) == [20, 40, 50]
    assert surplus(run, Retention(keep=1, keep_best=2), newest) == [20, 40]
    assert surplus(run, Retention(keep=1), newest) == [20, 30, 40, 50]


def test_the_best_are_kept_under_each_of_the_newest_settings_of_the_weights(run: RunDirectory) -> None:
    """Who turns a weight up and back finds the best of before."""
    for step, objective, cycle in ((10, 1.0, 1.0), (20, 2.0, 2.0), (30, 1.0, 2.0), (40, 0.5, 3.0), (50, 0.1, 4.0)):
        newest = put(run, step, objective, cycle=cycle)
    assert surplus(run, Retention(keep=1, keep_best=1), newest) == [10, 20]
    back = put(run, 60, 9.0, cycle=2.0)
    assert surplus(run, Retention(keep=1, keep_best=1), back) == [10, 20]


def test_a_star_keeps_and_its_end_lets_go(run: RunDirectory) -> None:
    folders = {step: put(run, step) for step in (10, 20, 30)}
    set_star(folders[10], True)
    assert surplus(run, Retention(keep=1), folders[30]) == [20]
    set_star(folders[10], False)
    assert surplus(run, Retention(keep=1), folders[30]) == [10, 20]


def test_what_a_branch_began_with_is_kept(run: RunDirectory) -> None:
    put(run, 10, owner="parent")
    put(run, 20)
    assert surplus(run, Retention(keep=1), put(run, 30)) == [20]
