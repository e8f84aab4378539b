"""A real run, trained once and copied for each test that damages it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.protocol import events as ev
from engine.protocol.commands import Stop
from engine.protocol.rundir import RunDirectory, versions
from engine.record import Record, Standing
from tests.engine.train.here import after_step, nothing_more, train_here
from tests.runs import make_run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """Twelve steps by five engines, the third of which saved nothing: steps 7 and 8 were done twice; only to be read.

    Each ends with a checkpoint, of which two are kept: no save falls into the time of another and is left out.
    """
    settings = ("run.steps=12", "checkpoint.keep=2", "checkpoint.keep_best=0", "sample.every=4")
    run = make_run(tmp_path_factory.mktemp("runs"), *settings, name="horse")
    for script in (
        after_step(3, Stop()),
        after_step(6, Stop()),
        after_step(8, Stop(how="discard")),
        after_step(9, Stop()),
        nothing_more,
    ):
        _take_up(run)
        train_here(run, script=script)
    return run


def _take_up(run: RunDirectory) -> None:
    """What an engine process does before it trains."""
    Standing(run).update(versions=versions())
    with Record(run) as record:
        record.write(ev.Started(**record.stamp(0), pid=4711, host="here"))


@pytest.fixture
def run(trained: RunDirectory, tmp_path: Path) -> RunDirectory:
    """A copy of it, to be damaged."""
    return RunDirectory(Path(shutil.copytree(trained.root, tmp_path / trained.name)))
