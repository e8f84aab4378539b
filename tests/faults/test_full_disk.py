"""A disk that fills up, or that takes nothing more, under an engine at work: training goes on, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import damage_of, list_checkpoints
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, read_identity
from tests.disks import fill, small_disk
from tests.runs import Engine, course_of, engine_of, events_of, make_run, metrics_of


def test_a_failed_save_is_an_alert_and_the_next_succeeds(tmp_path: Path) -> None:
    """There is room for lines of the record, and none for a checkpoint."""
    with small_disk(tmp_path / "disk", kilobytes=8000) as disk:
        run = make_run(disk)
        with engine_of(run) as engine:
            engine.until_step(1)
            ballast = fill(disk, leave_bytes=200_000)
            engine.ask(cmd.SaveCheckpoint())
            engine.until_event(ev.Alert)
            [alert] = events_of(run, ev.Alert)
            assert alert.subject == "checkpoint"
            assert "No space left on device" in alert.fact
            assert list(run.checkpoints.iterdir()) == [], "the half-written one is removed"
            engine.until_step(metrics_of(run)[-1].step + 3)
            ballast.unlink()
            engine.ask(cmd.SaveCheckpoint())
            engine.until_event(ev.Checkpointed)
            engine.ask(cmd.Stop())
            assert engine.ended() == 0
        assert_whole(run)


def test_where_not_even_a_line_has_room_lines_wait_and_all_are_on_file_in_the_end(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=8000) as disk:
        run = make_run(disk)
        with engine_of(run) as engine:
            engine.until_step(1)
            ballast = fill(disk)
            step = until_training_goes_on(engine, steps=60)
            assert metrics_of(run)[-1].step < step
            engine.ask(cmd.SetControls(values={"loss.cycle_a": 4.0}))
            engine.ask(cmd.SaveCheckpoint())
            until_training_goes_on(engine, steps=5)
            assert not list_checkpoints(run), "a checkpoint must not know more than its record"
            ballast.unlink()
            engine.until_event(ev.Alert, 3)
            engine.ask(cmd.Stop())
            assert engine.ended() == 0
        assert_whole(run)
        subjects = [alert.subject for alert in events_of(run, ev.Alert)]
        assert sorted(subjects) == ["checkpoint", "the record", "the record"]
        waited = int(events_of(run, ev.Alert)[-1].fact.split()[3].replace(",", ""))
        assert waited >= 60, "each step has a line"
        assert read_identity(run).state == "stopped"


def test_a_run_that_ends_on_a_full_disk_fails_and_is_resumed_from_what_it_has(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=8000) as disk:
        run = make_run(disk)
        with engine_of(run) as engine:
            engine.until_step(2)
            engine.ask(cmd.SaveCheckpoint())
            engine.until_event(ev.Checkpointed)
            saved = list_checkpoints(run)[-1][1].step
            ballast = fill(disk)
            until_training_goes_on(engine, steps=5)
            engine.ask(cmd.Stop())
            assert engine.ended() == 1
        ballast.unlink()
        with engine_of(run) as engine:
            engine.until_event(ev.Training, 2)
            engine.until_step(saved + 5)
            assert events_of(run, ev.Resumed)[-1].from_step == saved
            engine.ask(cmd.Stop())
            assert engine.ended() == 0
        assert_whole(run)


def until_training_goes_on(engine: Engine, *, steps: int) -> int:
    """Wait until so many more steps are done, by the engine's own word; returns the step it is at."""

    def step() -> int:
        report = engine.ask(cmd.Status()).report
        assert report is not None
        return report.step

    wanted = step() + steps
    engine.until(lambda: step() >= wanted, f"step {wanted}")
    return step()


def assert_whole(run: RunDirectory) -> None:
    """The record has neither a gap nor a torn line, and every checkpoint is as it was written."""
    reader = RecordReader(run)
    numbers = [event.seq for event in reader.read()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert reader.damaged == 0
    course = course_of(run)
    assert list(course) == list(range(1, len(course) + 1))
    assert not [damage for folder, manifest in list_checkpoints(run) if (damage := damage_of(folder, manifest))]
    assert not list(run.checkpoints.glob(".*"))
