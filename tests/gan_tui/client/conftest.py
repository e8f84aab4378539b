"""A run that was trained for twelve steps and can be resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol.rundir import RunDirectory
from tests.gan_tui.client.resumable import copy_horse, train_horse


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A finished run of twelve steps; not to be touched."""
    return train_horse(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def horse(trained: RunDirectory, tmp_path: Path) -> RunDirectory:
    """A copy of it that may be changed, and that is to have 24 steps."""
    return copy_horse(trained, tmp_path / "runs")
