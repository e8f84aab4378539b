"""A dashboard over a fake feed, at no pace at all, whatever the environment says of colours and themes."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import UTC
from pathlib import Path

import msgspec
import pytest

os.environ["TEXTUAL_ANIMATIONS"] = "none"  # Textual reads it when it is imported
for name in ("NO_COLOR", "TEXTUAL_THEME"):
    os.environ.pop(name, None)

from engine.config.controls import controls_of  # noqa: E402
from engine.config.load import dump, read_toml, resolve, with_settings  # noqa: E402
from engine.config.methods import TrainConfig  # noqa: E402
from engine.config.presets import shipped_presets  # noqa: E402
from engine.errors import WorkError  # noqa: E402
from engine.protocol.checkpoints import (  # noqa: E402
    MANIFEST,
    THUMBNAIL,
    Manifest,
    StoredFile,
    digest,
    folder_name,
)
from engine.protocol.codec import encode  # noqa: E402
from engine.protocol.events import Announced  # noqa: E402
from engine.protocol.rundir import RunDirectory, create_run, read_identity, write_identity  # noqa: E402
from gan_tui.app import Dashboard  # noqa: E402
from gan_tui.state.appearance import Appearance  # noqa: E402
from gan_tui.state.outlet import NoOutlet, Outlet  # noqa: E402
from gan_tui.state.tempo import Tempo  # noqa: E402
from gan_tui.surroundings import Surroundings, Watched  # noqa: E402
from tests.gan_tui.drawings import write_sheet  # noqa: E402
from tests.gan_tui.fake_feed import FakeFeed  # noqa: E402
from tests.gan_tui.recorded import BEGAN, COMPONENTS, PACE, STEPS_PER_EPOCH, Recording  # noqa: E402

STEPS = 49_200
SHEETS = (10_000, 20_000, 30_000, 40_000, 49_000)
SETTINGS = ("optim.epochs=100", "optim.decay_epochs=100", "run.seed=3")
"""What the run has otherwise than its preset."""

LOG = "".join(
    [
        *(
            f"2026-05-12 12:03:{second:02},120 INFO engine.train: image {second + 1:,} of 1,067: trainA/{second}.jpg\n"
            for second in range(50)
        ),
        "2026-05-12 12:03:51,902 WARNING engine.memory: a step is estimated to take 38.2 GB of the 41.0 GB that are"
        " free on cuda:0; run.batch = 1, data.crop = 256, and nothing of it is made again for the gradient\n",
        "2026-05-12 12:04:02,004 ERROR engine.train: contact sheet failed\n",
        "Traceback (most recent call last):\n",
        '  File "engine/train/samples.py", line 139, in write_sheet\n',
        "OSError: [Errno 28] No space left on device: '/data/runs/horse2zebra/samples/.step-00049000.png.part'\n",
        "\x1b[32m 10%|#  | 120/1067\r 20%|## | 240/1067\r 30%|###| 360/1067\x1b[0m\n",
        "2026-05-12 12:05:40,771 INFO engine: checkpoint of step 48,500",
    ]
)
"""What its engine wrote; the newest line is not finished."""

GONE = "gone"
"""The name of a run that cannot be followed."""

MakeDashboard = Callable[..., Dashboard]


@pytest.fixture(autouse=True)
def _no_user_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read from or written to the user's own files."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory with sheets and four checkpoints, and another run beside it; not to be written to."""
    run = make_run(tmp_path_factory.mktemp("runs"))
    toml = run.config.read_text(encoding="utf-8")
    create_run(
        run.root.parent, name="zebra2horse", method="cyclegan", preset="quickstart", config_toml=toml, parent=None
    )
    run.log.write_text(LOG, encoding="utf-8")
    for place, step in enumerate(SHEETS, start=1):
        write_sheet(run.samples / f"step-{step:08d}.png", place / len(SHEETS))
    for step in range(10_000, STEPS, 10_000):
        write_checkpoint(run, step)
    return run.root


def make_run(folder: Path) -> RunDirectory:
    """The run of the recordings, as far as a resume looks at it: who it is, its configuration, its announcement."""
    toml = dump(run_config())
    run = create_run(folder, name="horse2zebra", method="cyclegan", preset="quickstart", config_toml=toml, parent=None)
    identity = read_identity(run)
    write_identity(run, msgspec.structs.replace(identity, id="r", device="cuda:0 bf16", state="stopped"))
    announced = next(event for event in Recording().start_up() if isinstance(event, Announced))
    run.events.write_bytes(encode(announced) + b"\n")
    return run


def run_config() -> TrainConfig:
    """Its preset with SETTINGS."""
    preset = shipped_presets()["quickstart"]
    return resolve(with_settings(read_toml(preset), SETTINGS), str(preset))


def write_checkpoint(run: RunDirectory, step: int) -> Path:
    """Write a checkpoint of small files; returns its folder."""
    folder = run.checkpoints / folder_name(step)
    folder.mkdir(parents=True)
    (folder / "G_A.safetensors").write_bytes(bytes(41_000))
    write_sheet(folder / THUMBNAIL, step / STEPS, count=1)
    files = {path.name: StoredFile(sha256=digest(path), size=path.stat().st_size) for path in sorted(folder.iterdir())}
    manifest = msgspec.structs.replace(manifest_of(step), files=files)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return folder


def manifest_of(step: int) -> Manifest:
    """What a checkpoint of that step says of itself, its files left out."""
    recording = Recording()
    losses = {name: recording.loss(name, step) for name in COMPONENTS}
    nudges = {"loss.identity": 1.0} if step > 18_000 else {}
    controls = {control.name: control.default for control in controls_of(run_config())}
    return Manifest(
        run="r", seq=step // 50, step=step, epoch=step // STEPS_PER_EPOCH + 1, images=step, time=BEGAN + step / PACE,
        reason="schedule", losses=losses, objective=sum(losses.values()), lr={"G": 2e-3, "D": 1e-3}, factor=1.0,
        controls={**controls, **nudges}, files={},
    )  # fmt: skip


@pytest.fixture
def feed(recording: Recording, run_dir: Path) -> FakeFeed:
    """A run in its 37th epoch."""
    rows = write_sheet(run_dir / "samples/rows.png", 1.0)
    return FakeFeed(recording.run(STEPS, rows, SHEETS))


def another_feed(run: RunDirectory) -> FakeFeed:
    """What a run that is drawn behind is followed by: half as long as the recordings' run, and its curves."""
    if run.name == GONE:
        raise WorkError(f"run {GONE}", "has gone")
    return FakeFeed(Recording(noise=random.Random(1)).run(STEPS // 2, (), ()), name=run.name)


@pytest.fixture
def make_dashboard(run_dir: Path) -> MakeDashboard:
    """Builds a dashboard of a feed."""

    def make(
        feed: FakeFeed,
        *,
        readonly: bool = False,
        host: str = "",
        outlet: Outlet | None = None,
        **appearance: object,
    ) -> Dashboard:
        watched = Watched(feed=feed, run=RunDirectory(run_dir), readonly=readonly, host=host)
        pace, now = Tempo(text=0, curves=0), BEGAN + 900
        taste = Appearance(**appearance)  # type: ignore[arg-type]
        world = Surroundings(
            zone=UTC, tempo=pace, clock=lambda: now, follow=another_feed, appearance=taste, messages="osc 9",
            outlet=outlet or NoOutlet(),
        )  # fmt: skip
        return Dashboard(watched, world)

    return make
