"""A checkpoint that is to be used rather than trained on. Torch-free, so that a refusal is at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.errors import RequestError
from engine.protocol.checkpoints import Manifest, list_checkpoints
from engine.protocol.choice import LATEST, choose_checkpoint
from engine.protocol.imported import require_weights
from engine.protocol.rundir import RunDirectory, engine_is_alive


@dataclass(frozen=True, kw_only=True)
class SavedState:
    """A checkpoint, and the configuration of the run that it belongs to."""

    run: RunDirectory
    config: TrainConfig
    folder: Path
    """The checkpoint's."""
    manifest: Manifest


def configuration_of(run: RunDirectory) -> TrainConfig:
    """What a run is configured as.

    Raises:
        RequestError: it is none, or holds losses alone, of which that is not known; WorkError: run.json cannot be read.
    """
    if not run.config.is_file():
        raise RequestError(str(run.root), "is no run directory: it has no config.toml", "Name a run: gan-tui runs")
    require_weights(run)
    return resolve(read_toml(run.config), str(run.config))


def find_saved(run: RunDirectory, which: str = LATEST) -> SavedState:
    """A run's checkpoint, by name.

    Args:
        run: whose; it may be training meanwhile.
        which: as engine.protocol.choice.choose_checkpoint takes it.

    Raises:
        RequestError: it is no run, or has no such checkpoint.
        WorkError: the checkpoint cannot be read.
    """
    config = configuration_of(run)
    if not list_checkpoints(run) and engine_is_alive(run):
        fix = f"Wait for its first, or ask for one: gan-tui ctl {run.name} checkpoint"
        raise RequestError(f"run {run.name}", "has no checkpoint yet", fix)
    folder, manifest = choose_checkpoint(run, which)
    return SavedState(run=run, config=config, folder=folder, manifest=manifest)
