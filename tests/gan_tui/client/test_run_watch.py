"""What watches a folder of runs: it reads again what has changed, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.conditions import Conditions
from engine.protocol.evaluation import Evaluation
from engine.protocol.remarks import Remarks, write_remarks
from engine.protocol.rundir import RunDirectory, read_identity, write_identity
from gan_tui.client.run_rows import read_rows
from gan_tui.client.run_watch import RunsWatch
from gan_tui.state.run_list import RunRow
from tests.gan_tui.client.locked import locked
from tests.gan_tui.conftest import make_run
from tests.gan_tui.hostile import HOSTILE
from tests.gan_tui.recorded import COMPONENTS, Recording
from tests.until import until


def record(run: RunDirectory, *events: ev.Event) -> None:
    """Append to a record."""
    for event in events:
        path = run.metrics if isinstance(event, ev.Metrics) else run.events
        with path.open("ab") as file:
            file.write(encode(event) + b"\n")


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A stopped run of 500 steps."""
    made = make_run(tmp_path)
    recording = Recording()
    record(made, *(recording.metrics(step) for step in (250, 500)))
    return made


@pytest.fixture
def watch(run: RunDirectory) -> Iterator[RunsWatch]:
    """A watch that looks when it is told to."""
    made = RunsWatch(run.root.parent)
    made.examine()
    yield made
    made.close()


def only(watch: RunsWatch) -> RunRow:
    [row] = watch.snapshot().rows
    return row


def with_state(run: RunDirectory, state: ev.State, **changes: object) -> None:
    write_identity(run, msgspec.structs.replace(read_identity(run), state=state, **changes))


def test_a_row_says_what_the_record_says(run: RunDirectory, watch: RunsWatch) -> None:
    row = only(watch)
    assert (row.name, row.method, row.state, row.step) == ("horse2zebra", "cyclegan", "stopped", 500)
    assert row.total_steps == next(e for e in Recording().start_up() if isinstance(e, ev.Announced)).total_steps
    assert row.losses.keys() == set(COMPONENTS)
    assert [row] == read_rows(run.root.parent), "and so does the command"


def test_what_nothing_happens_to_is_the_same_view(watch: RunsWatch) -> None:
    watch.examine()
    before = watch.snapshot()
    watch.examine()
    assert watch.snapshot() is before


def test_the_record_of_an_ended_run_is_not_looked_at_again(run: RunDirectory, watch: RunsWatch) -> None:
    """Until run.json says that it goes on."""
    watch.examine()
    record(run, Recording().metrics(750))
    watch.examine()
    assert only(watch).step == 500
    with_state(run, "training", pid=1)
    with locked(run):
        watch.examine()
        assert (only(watch).state, only(watch).step) == ("training", 750)
        assert only(watch).losses, "and it is never blank in between"
        record(run, Recording().metrics(1000))
        watch.examine()
        assert only(watch).step == 1000
    watch.examine()
    assert only(watch).state == "lost"


def test_lines_that_are_written_at_the_very_end_are_seen(run: RunDirectory, watch: RunsWatch) -> None:
    """Whatever the engine writes first, the line or that it has ended."""
    with_state(run, "finished")
    watch.examine()
    record(run, Recording().metrics(750))
    watch.examine()
    assert only(watch).step == 750


def test_remarks_are_seen_and_runs_come_and_go(run: RunDirectory, watch: RunsWatch) -> None:
    write_remarks(run, Remarks(starred=True, note="good"))
    watch.examine()
    assert (only(watch).starred, only(watch).note, only(watch).step) == (True, "good", 500)
    (run.root.parent / "other").mkdir()
    watch.examine()
    assert len(watch.snapshot().rows) == 1, "a folder without a run.json is no run"
    run.root.rename(run.root.parent / HOSTILE.replace("/", ""))
    watch.examine()
    assert only(watch).name == HOSTILE


def test_a_damaged_run_is_one_line_and_recovers(run: RunDirectory, watch: RunsWatch) -> None:
    whole = run.identity.read_bytes()
    run.identity.write_bytes(whole[:40])
    watch.examine()
    row = only(watch)
    assert (row.state, row.step, row.method) == ("damaged", 500, "")
    assert "run.json: is damaged" in row.reason
    run.identity.write_bytes(whole)
    watch.examine()
    assert only(watch).state == "stopped"


@pytest.mark.parametrize("name", ["metrics", "events", "remarks", "checkpoints", "config"])
def test_garbage_in_a_run_is_no_failure(name: str, run: RunDirectory) -> None:
    path: Path = getattr(run, name)
    path.unlink(missing_ok=True)
    path.mkdir()
    watch = RunsWatch(run.root.parent)
    watch.examine()
    assert only(watch).state == "stopped"
    path.rmdir()
    path.write_bytes(b"\x00\xff{" * 1000)
    watch = RunsWatch(run.root.parent)
    watch.examine()
    assert only(watch).state == "stopped"
    assert watch.snapshot().problem == ""


def test_a_folder_that_is_not_there_has_no_runs_yet(tmp_path: Path) -> None:
    watch = RunsWatch(tmp_path / "none")
    watch.examine()
    assert watch.snapshot().is_listed
    assert watch.snapshot().rows == ()
    (tmp_path / "file").touch()
    watch = RunsWatch(tmp_path / "file")
    watch.examine()
    assert "cannot be read" in watch.snapshot().problem


def test_the_thread_tells_what_is_new_and_looks_when_it_is_asked_to(run: RunDirectory) -> None:
    told = threading.Event()
    watch = RunsWatch(run.root.parent, every=1e6)
    watch.start(told.set)
    try:
        until(lambda: watch.snapshot().rows and only(watch).step == 500, "the first reading")
        assert told.is_set()
        write_remarks(run, Remarks(note="new"))
        watch.look()
        until(lambda: only(watch).note == "new", "the look that was asked for")
    finally:
        watch.close()


def test_an_evaluation_of_a_run_that_has_ended_is_seen(run: RunDirectory, watch: RunsWatch) -> None:
    for _ in range(3):
        watch.examine()
    assert only(watch).evaluated is None
    conditions = Conditions(split="test", images_A=4, images_B=0)
    line = Evaluation(
        time=1.0, run=read_identity(run).id, step=500, seq=1, figures={"psnr": 12.0}, conditions=conditions
    )
    run.evaluations.write_bytes(msgspec.json.encode(line) + b"\n")
    watch.examine()
    found = only(watch).evaluated
    assert found is not None
    assert (found.step, found.figures, found.best["psnr"].value) == (500, {"psnr": 12.0}, 12.0)
