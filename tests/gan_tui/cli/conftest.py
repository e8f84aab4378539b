"""A preset file, an ended run with three checkpoints, and no engine that outlives its test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config.load import dump
from engine.protocol.rundir import RunDirectory
from tests.engine.train.here import train_here
from tests.runs import end_engines, make_run, tiny_config


@pytest.fixture(scope="session")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A preset that trains twelve steps on drawings."""
    path = tmp_path_factory.mktemp("presets") / "little.toml"
    path.write_text("# A little one.\n" + dump(tiny_config("run.steps=12", "checkpoint.every=5")))
    return path


@pytest.fixture(scope="session")
def ended(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A finished run of twelve steps, ``runs/ended`` in a folder of its own; only to be read."""
    folder = tmp_path_factory.mktemp("work") / "runs"
    run = make_run(folder, "run.steps=12", "checkpoint.every=5", name="ended")
    train_here(run)
    return run


@pytest.fixture(autouse=True)
def no_engine_is_left(tmp_path: Path) -> Iterator[None]:
    """Engines are detached: none ends with the command that a failing test gave up on."""
    yield
    end_engines(tmp_path)
