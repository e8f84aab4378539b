"""A run of every method with a checkpoint, and images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.config.methods import CONFIGS
from engine.protocol.rundir import RunDirectory
from tests.engine.train.here import train_here
from tests.runs import make_run

MakeRun = Callable[..., RunDirectory]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> MakeRun:
    """A run of a method, with settings, a few steps old; made once, and only to be read."""
    folder = tmp_path_factory.mktemp("runs")
    made: dict[tuple[str, ...], RunDirectory] = {}

    def run_of(kind: str, *settings: str) -> RunDirectory:
        assert kind in CONFIGS
        if (kind, *settings) not in made:
            run = make_run(folder, "run.steps=6", *settings, kind=kind, name=f"{kind}{len(made)}")
            train_here(run)
            made[kind, *settings] = run
        return made[kind, *settings]

    return run_of


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of three pictures of noise, of different sizes and formats."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    noise(50, 37).save(folder / "a.png")
    noise(50, 37, seed=1).save(folder / "b.png")
    noise(33, 64, seed=2).save(folder / "more" / "c.jpg")
    return folder


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture of noise with some form in it."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 4 + 1, width // 4 + 1, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
