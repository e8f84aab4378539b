"""A run on a disk that takes nothing: it can be looked at, and whoever would write is told why that is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from engine.protocol.commands import Stop
from engine.protocol.rundir import RunDirectory
from tests.disks import make_readonly, small_disk
from tests.engine.train.here import after_step, train_here
from tests.runs import gan_tui, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunDirectory]:
    """A stopped run on a file system that has become read-only."""
    with small_disk(tmp_path_factory.mktemp("mounts") / "disk", kilobytes=8000) as disk:
        run = make_run(disk, "checkpoint.every=2")
        train_here(run, script=after_step(4, Stop()))
        make_readonly(disk)
        yield run


@pytest.mark.parametrize("arguments", [("runs", "--json"), ("checkpoints", "tiny", "--json"), ("verify", "tiny")])
def test_it_can_be_looked_at(run: RunDirectory, arguments: tuple[str, ...]) -> None:
    done = gan_tui(run.root.parent, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_an_engine_does_not_begin(run: RunDirectory) -> None:
    command = [sys.executable, "-m", "engine", str(run.root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "run tiny: cannot be written (Read-only file system)." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [(), ("--checkpoint", "2")])
def test_to_resume_it_is_refused(run: RunDirectory, options: tuple[str, ...]) -> None:
    done = gan_tui(run.root.parent, "resume", "tiny", *options, "--headless")
    assert done.returncode in (1, 2)
    assert "ead-only" in done.stderr
    assert "Traceback" not in done.stderr
