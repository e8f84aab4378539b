"""Ranks that torchrun starts, as over several machines: a run directory is prepared, and every rank is given it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.config.load import dump
from engine.protocol import events as ev
from engine.protocol.rundir import RunDirectory, read_identity
from tests.runs import events_of, gan_tui, metrics_of, tiny_config
from tests.until import PATIENCE, until


def torchrun(run: RunDirectory) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "engine"]
    with run.log.open("ab") as log:
        return subprocess.Popen([*command, str(run.root)], stdout=log, stderr=log)


@pytest.fixture
def started(run: RunDirectory) -> Iterator[subprocess.Popen[bytes]]:
    process = torchrun(run)
    yield process
    if process.poll() is None:
        for left in psutil.Process(process.pid).children(recursive=True):
            left.kill()
    process.kill()
    process.wait()


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> RunDirectory:
    """A run made ready for torchrun."""
    preset = tmp_path / "tiny.toml"
    preset.write_text(dump(tiny_config("run.batch=2")))
    steps = getattr(request, "param", ())
    made = gan_tui(tmp_path / "runs", "train", str(preset), *steps, "--prepare", "--name", "r")
    assert made.returncode == 0, made.stderr
    run = RunDirectory(tmp_path / "runs/r")
    assert made.stdout == f"{run.root}\n"
    assert not run.log.exists(), "nothing was started"
    return run


@pytest.mark.parametrize("run", [("--steps", "3")], indirect=True)
def test_a_prepared_run_is_trained_by_torchrun(run: RunDirectory, started: subprocess.Popen[bytes]) -> None:
    assert started.wait(PATIENCE) == 0, run.log.read_text()
    assert [line.step for line in metrics_of(run)] == [1, 2, 3], "one record, by one of them"
    identity = read_identity(run)
    assert (identity.state, identity.ranks) == ("finished", 2)


def test_a_rank_that_dies_under_torchrun_is_reported(run: RunDirectory, started: subprocess.Popen[bytes]) -> None:
    """Torchrun sends the leader SIGTERM then, which must not pass for a wish to stop."""
    until(lambda: metrics_of(run) or started.poll() is not None, "the first step")
    children = psutil.Process(started.pid).children(recursive=True)
    [follower] = [child for child in children if child.environ().get("RANK") == "1" and "engine" in child.cmdline()]
    follower.send_signal(signal.SIGKILL)
    assert started.wait(PATIENCE) != 0
    [failure] = events_of(run, ev.Failed)
    assert "rank 1 of 2" in failure.reason
    assert not events_of(run, ev.Stopped)
    assert read_identity(run).state == "failed"
