"""Finding the f that another DTN run has trained, so that it is trained once and used often. Torch-free."""

from __future__ import annotations

from pathlib import Path

from engine.config.load import read_toml, resolve
from engine.config.methods import DtnConfig
from engine.errors import RequestError
from engine.protocol.checkpoints import LATEST, Examine, choose_checkpoint, damage_of
from engine.protocol.rundir import RunDirectory

FILE = "f.safetensors"
"""Its weights within a checkpoint."""
_KEY = "method.f_from"


def find_trained_f(folder: str, width: int, examine: Examine = damage_of) -> Path:
    """The weights of f in the newest whole checkpoint of a run.

    Args:
        folder: the run's directory.
        width: what method.f_width has to be there.
        examine: tells which checkpoint is whole.

    Raises:
        RequestError: it is no DTN run, its f has another width, or no checkpoint holds one that is trained.
    """
    run = RunDirectory(Path(folder).expanduser().resolve())
    subject = f"{_KEY} = {run.root}"
    if not run.config.is_file():
        raise RequestError(subject, "is no run directory: it has no config.toml", "Name the directory of a DTN run.")
    config = resolve(read_toml(run.config), str(run.config))
    if not isinstance(config, DtnConfig):
        kind = config.method.__struct_config__.tag
        raise RequestError(subject, f"is a {kind} run, which has no f", "Name the directory of a DTN run.")
    if config.method.f_width != width:
        theirs = config.method.f_width
        raise RequestError(subject, f"has an f of width {theirs}, not {width}", f"Set method.f_width to {theirs}.")
    checkpoint, manifest = choose_checkpoint(run, LATEST, examine)
    damage = examine(checkpoint, manifest)
    if damage:
        raise RequestError(subject, f"has no whole checkpoint: {checkpoint.name} {damage}", "Name another run.")
    if config.method.trains_f and manifest.step < config.method.f_steps:
        fact = f"has trained its f for {manifest.step:,} of {config.method.f_steps:,} steps in its newest checkpoint"
        raise RequestError(subject, fact, "Let it train on and save, or name another run.")
    return checkpoint / FILE
