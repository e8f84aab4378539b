"""A preset file, and an ended run with three checkpoints."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import dump
from engine.protocol.rundir import RunDirectory
from tests.runs import make_run, tiny_config, train_to_end


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
    return train_to_end(make_run(folder, "run.steps=12", "checkpoint.every=5", name="ended"))
