"""Two engines for one run, started at the same instant: one trains, the other says why it does not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.rundir import RunDirectory, engine_is_alive, read_identity
from gan_tui.client.sender import ask
from tests.gan_tui.cli.command import COMMAND
from tests.runs import end_engines, events_of, make_run, metrics_of, record_of
from tests.until import PATIENCE, until


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunDirectory]:
    """``runs/tiny``, which has done nothing yet."""
    yield make_run(tmp_path / "runs")
    end_engines(tmp_path)


def at_once(commands: list[list[str]], folder: Path) -> list[subprocess.Popen[str]]:
    """Processes that are started one right after another, none waiting for the one before."""
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    return [
        subprocess.Popen(command, cwd=folder, stdin=null, stdout=pipe, stderr=pipe, text=True) for command in commands
    ]


def is_one_course(run: RunDirectory, starts: int) -> None:
    """The record is that of one engine at a time: no number twice, none missing, every step once."""
    record = record_of(run)
    assert [event.seq for event in record] == list(range(1, len(record) + 1))
    assert len(events_of(run, ev.Started)) == starts
    steps = [line.step for line in metrics_of(run)]
    assert steps == list(range(1, len(steps) + 1))


def test_of_two_engines_exactly_one_trains(run: RunDirectory) -> None:
    processes = at_once([[sys.executable, "-m", "engine", str(run.root)]] * 2, run.root)
    until(lambda: any(process.poll() is not None for process in processes), "the refusal of one of them")
    [refused] = [process for process in processes if process.poll() is not None]
    [trains] = [process for process in processes if process is not refused]
    _, said = refused.communicate(timeout=PATIENCE)
    assert refused.returncode == 1
    assert "run tiny: is being trained by another engine. Attach to it: gan-tui attach tiny" in said
    assert "Traceback" not in said

    until(lambda: len(metrics_of(run)) >= 3, "three steps of the other")
    assert read_identity(run).pid == trains.pid
    ask(run, cmd.Stop(how="discard"), PATIENCE)
    trains.communicate(timeout=PATIENCE)
    assert trains.returncode == 0
    assert read_identity(run).state == "stopped"
    is_one_course(run, starts=1)


def test_two_resumes_at_the_same_instant_start_one_engine(run: RunDirectory) -> None:
    folder = run.root.parents[1]
    processes = at_once([[*COMMAND, "resume", "tiny", "--detach"]] * 2, folder)
    said = [process.communicate(timeout=PATIENCE) for process in processes]
    assert sorted(process.returncode for process in processes) in ([0, 0], [0, 1], [0, 2]), said
    for process, (out, err) in zip(processes, said, strict=True):
        assert "Traceback" not in err
        if process.returncode == 0:
            assert out.strip() == "tiny"
            assert err.startswith("tiny has no checkpoint of its own yet: it begins where it began before.")
        else:
            assert out == ""
            assert "run tiny: " in err
    until(lambda: len(metrics_of(run)) >= 3, "three steps")
    ask(run, cmd.Stop(how="discard"), PATIENCE)
    until(lambda: not engine_is_alive(run), "the end of the engine")
    is_one_course(run, starts=1)
