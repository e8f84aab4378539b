"""A disk that fills up, or that takes nothing more, under an engine at work: training goes on, and nothing is lost."""

from __future__ import annotations

import contextlib
import re
import signal
from pathlib import Path

import pytest

from engine.errors import RequestError
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import damage_of, list_checkpoints
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, read_identity
from gan_tui.client.follow import Follower
from tests.disks import fill, small_disk
from tests.runs import Engine, course_of, engine_of, events_of, make_run, metrics_of

UNWATCHED = "sentinel.disk.action=off"
"""These disks are too small from the first for its sentinel to be content."""


def test_a_disk_that_fills_up_is_told_of_before_it_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=8000) as disk:
        run = make_run(disk, "sentinel.disk.megabytes=4", "sentinel.disk.checkpoints=0")
        with engine_of(run) as engine:
            engine.until(lambda: any(line.machine for line in metrics_of(run)), "a reading")
            assert not events_of(run, ev.Alert), "there is room"
            ballast = fill(disk, leave_bytes=2_000_000)
            engine.until_event(ev.Alert)
            ballast.unlink()
            engine.until_event(ev.Recovered)
            engine.ask(cmd.Stop())
            assert engine.ended() == 0
        [alert] = events_of(run, ev.Alert)
        assert (alert.sentinel, alert.subject) == ("disk", "the disk")
        assert re.match(r"has ([12]\.\d MB|\d+ kB) left", alert.fact)
        assert metrics_of(run)[-1].step > alert.step


def test_a_failed_save_is_an_alert_and_the_next_succeeds(tmp_path: Path) -> None:
    """There is room for lines of the record, and none for a checkpoint."""
    with small_disk(tmp_path / "disk", kilobytes=8000) as disk:
        run = make_run(disk, UNWATCHED)
        with engine_of(run) as engine:
            engine.until_step(1)
            ballast = fill(disk, leave_bytes=200_000)
            engine.ask(cmd.SaveCheckpoint())
            engine.until_event(ev.Alert)
            [alert] = events_of(run, ev.Alert)
            assert alert.subject == "checkpoint"
            assert "No space left on device" in alert.fact
            assert list(run.checkpoints.iterdir()) == [], "the half-written one is removed"
            assert report_of(engine).save_failure == "No space left on device"
            promise = engine.ask(cmd.SaveCheckpoint()).message
            assert promise.endswith(" is being saved, but the last save failed (No space left on device)")
            engine.until(lambda: run.log.read_text().count("checkpoint failed") == 2, "the second failure, in the log")
            engine.until_step(metrics_of(run)[-1].step + 3)
            ballast.unlink()
            engine.ask(cmd.SaveCheckpoint())
            engine.until_event(ev.Checkpointed)
            engine.until(lambda: not report_of(engine).save_failure, "word that saving works")
            engine.ask(cmd.Stop())
            assert engine.ended() == 0
        assert_whole(run)
        [_, mended] = events_of(run, ev.Alert)
        assert mended.fact.endswith("could be written again; 2 before it could not"), "the second is not told by itself"


def test_where_not_even_a_line_has_room_lines_wait_and_all_are_on_file_in_the_end(tmp_path: Path) -> None:
    """And who attaches meanwhile is told that lines are missing and saves fail."""
    with small_disk(tmp_path / "disk", kilobytes=8000) as disk:
        run = make_run(disk, UNWATCHED)
        with engine_of(run) as engine:
            engine.until_step(1)
            ballast = fill(disk)
            step = until_training_goes_on(engine, steps=60)
            assert metrics_of(run)[-1].step < step
            engine.ask(cmd.SetControls(values={"loss.cycle_a": 4.0}))
            promise = engine.ask(cmd.SaveCheckpoint()).message
            assert "no checkpoint can be written while" in promise
            until_training_goes_on(engine, steps=5)
            assert not list_checkpoints(run), "a checkpoint must not know more than its record"
            with contextlib.closing(Follower(run)) as follower:
                follower.start(lambda: None)
                engine.until(lambda: follower.snapshot().lines_waiting >= 60, "word that lines wait")
                engine.until(lambda: follower.snapshot().save_failure, "word that the save failed")
                ballast.unlink()
                engine.until(lambda: follower.snapshot().lines_waiting == 0, "word that they are on file")
                assert follower.snapshot().save_failure == "No space left on device", "until one succeeds"
                engine.until_event(ev.Alert, 3)
                engine.ask(cmd.SaveCheckpoint())
                engine.until(lambda: not follower.snapshot().save_failure, "word that one has succeeded")
            assert not report_of(engine).lines_waiting
            engine.ask(cmd.Stop())
            assert engine.ended() == 0
        assert_whole(run)
        alerts = events_of(run, ev.Alert)
        of_record = [alert for alert in alerts if alert.subject == "the record"]
        assert (len(of_record), len(alerts)) == (2, 4), "and of checkpoints: one failed, then one did not"
        waited = int(of_record[-1].fact.split()[3].replace(",", ""))
        assert waited >= 60, "each step has a line"
        assert read_identity(run).state == "stopped"


def test_a_run_that_ends_on_a_full_disk_fails_and_is_resumed_from_what_it_has(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=8000) as disk:
        run = make_run(disk, UNWATCHED)
        with engine_of(run) as engine:
            engine.until_step(2)
            engine.ask(cmd.SaveCheckpoint())
            engine.until_event(ev.Checkpointed)
            saved = list_checkpoints(run)[-1][1].step
            ballast = fill(disk)
            until_training_goes_on(engine, steps=5)
            with pytest.raises(RequestError, match="is not obeyed, for step"):
                engine.ask(cmd.Stop())
            until_training_goes_on(engine, steps=5)
            engine.signal(signal.SIGTERM)
            assert engine.ended() == 1, "it could not be asked to make room"
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

    wanted = report_of(engine).step + steps
    engine.until(lambda: report_of(engine).step >= wanted, f"step {wanted}")
    return report_of(engine).step


def report_of(engine: Engine) -> cmd.Report:
    """How the engine stands, by its own word."""
    report = engine.ask(cmd.Status()).report
    assert report is not None
    return report


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
