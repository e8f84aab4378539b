"""A dashboard over a fake feed, at no pace at all, whatever the environment says of colours and themes."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import msgspec
import pytest

os.environ["TEXTUAL_ANIMATIONS"] = "none"  # Textual reads it when it is imported
for name in ("NO_COLOR", "TEXTUAL_THEME"):
    os.environ.pop(name, None)

from engine.protocol.checkpoints import MANIFEST, Manifest, StoredFile, folder_name  # noqa: E402
from gan_tui.app import Dashboard  # noqa: E402
from gan_tui.screens.pacer import Tempo  # noqa: E402
from tests.gan_tui.drawings import write_sheet  # noqa: E402
from tests.gan_tui.fake_feed import FakeFeed  # noqa: E402
from tests.gan_tui.recorded import BEGAN, COMPONENTS, PACE, STEPS_PER_EPOCH, Recording  # noqa: E402

STEPS = 49_200
SHEETS = (10_000, 20_000, 30_000, 40_000, 49_000)

MakeDashboard = Callable[..., Dashboard]


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory with sheets and empty checkpoint folders."""
    folder = tmp_path_factory.mktemp("run")
    for place, step in enumerate(SHEETS, start=1):
        write_sheet(folder / f"samples/step-{step:08d}.png", place / len(SHEETS))
    for step in range(10_000, STEPS, 10_000):
        write_manifest(folder / "checkpoints" / folder_name(step), step)
    return folder


def manifest_of(step: int) -> Manifest:
    """What a checkpoint of that step says of itself."""
    recording = Recording()
    return Manifest(
        run="r", step=step, epoch=step // STEPS_PER_EPOCH + 1, images=step, time=BEGAN + step / PACE, reason="schedule",
        losses={name: recording.loss(name, step) for name in COMPONENTS}, controls={},
        files={"G_A.safetensors": StoredFile(sha256="", size=339_000_000)},
    )  # fmt: skip


def write_manifest(folder: Path, step: int) -> None:
    """Write a checkpoint's manifest, without its files."""
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest_of(step)))


@pytest.fixture
def feed(recording: Recording, run_dir: Path) -> FakeFeed:
    """A run in its 37th epoch."""
    rows = write_sheet(run_dir / "samples/rows.png", 1.0)
    return FakeFeed(recording.run(STEPS, rows, SHEETS))


@pytest.fixture
def make_dashboard(run_dir: Path) -> MakeDashboard:
    """Builds a dashboard of a feed."""

    def make(feed: FakeFeed, *, readonly: bool = False) -> Dashboard:
        pace = Tempo(text=0, curves=0)
        return Dashboard(feed, run_dir, readonly=readonly, zone=UTC, tempo=pace, clock=lambda: BEGAN + 900)

    return make
