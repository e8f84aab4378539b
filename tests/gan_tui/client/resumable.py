"""A run that can be resumed, and what may happen to its checkpoints between two engines."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec

from engine.protocol.checkpoints import MANIFEST, folder_name, read_manifest
from engine.protocol.commands import Stop
from engine.protocol.rundir import RunDirectory
from engine.train.loop import Ending
from tests.engine.train.here import after_step, train_here
from tests.runs import make_run

SETTINGS = ("run.steps=12", "optim.epochs=2", "optim.decay_epochs=4")
"""Five steps an epoch; the rate begins to fall in the third of six."""
WEIGHTS = "G_A.safetensors"


def train_horse(folder: Path) -> RunDirectory:
    """Train a run of twelve steps that is stopped and resumed at steps 3, 6 and 9, where checkpoints stay."""
    run = make_run(folder, *SETTINGS, name="horse")
    for step in (3, 6, 9):
        assert train_here(run, script=after_step(step, Stop())) is Ending.STOPPED
    assert train_here(run) is Ending.FINISHED
    return run


def copy_horse(trained: RunDirectory, folder: Path) -> RunDirectory:
    """A copy of that run, as if it was to have 24 steps."""
    run = RunDirectory(folder / "horse")
    shutil.copytree(trained.root, run.root)
    run.events.write_text(run.events.read_text().replace('"total_steps":12', '"total_steps":24'))
    run.config.write_text(run.config.read_text().replace("steps = 12", "steps = 24"))
    return run


def folder_of(run: RunDirectory, step: int) -> Path:
    """The checkpoint of a step."""
    return run.checkpoints / folder_name(step)


def flip_a_bit(run: RunDirectory, step: int) -> None:
    """Damage a checkpoint so that only reading it shows."""
    path = folder_of(run, step) / WEIGHTS
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(run: RunDirectory, step: int) -> None:
    """Damage a checkpoint so that a file's size shows it."""
    path = folder_of(run, step) / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1])


def rewrite(run: RunDirectory, step: int, /, **changes: Any) -> None:
    """Let a checkpoint say other things of itself; of its controls, those that are named."""
    folder = folder_of(run, step)
    manifest = read_manifest(folder)
    if "controls" in changes:
        changes["controls"] = {**manifest.controls, **changes["controls"]}
    (folder / MANIFEST).write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, **changes)))
