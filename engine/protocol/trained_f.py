"""Finding the f that another DTN run has trained, so that it is trained once and used often. Torch-free."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from engine.config.data import DigitsConfig, DigitsData, SyntheticDigits
from engine.config.load import read_toml, resolve
from engine.config.methods import DtnConfig
from engine.config.user_paths import at_home
from engine.errors import RequestError
from engine.protocol.checkpoints import Manifest, damage_of
from engine.protocol.choice import LATEST, Examine, choose_checkpoint
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
    run = _run_at(folder)
    subject = f"{_KEY} = {run.root}"
    config = _config_of(run)
    method = config.method
    if method.f_width != width:
        fact = f"has an f of width {method.f_width}, not {width}"
        raise RequestError(subject, fact, f"Set method.f_width to {method.f_width}.")
    if not method.trains_f and not method.f_from:
        fact = "has left its f at its first, random weights: method.f_steps is 0 there"
        raise RequestError(subject, fact, f"Name a run that has trained one, or leave {_KEY} out.")
    checkpoint, manifest = choose_checkpoint(run, LATEST, examine)
    damage = examine(checkpoint, manifest)
    if damage:
        raise RequestError(subject, f"has no whole checkpoint: {checkpoint.name} {damage}", "Name another run.")
    if not holds_trained_f(manifest):
        fact = f"has not trained its f to the end in its newest checkpoint, of step {manifest.step:,}"
        raise RequestError(subject, fact, "Let it train on and save, or name another run.")
    return checkpoint / FILE


def holds_trained_f(manifest: Manifest) -> bool:
    """Whether the f of a DTN run's checkpoint is as it will stay: its settings are among those of the networks then."""
    return "f_steps" in manifest.networks.get("method", {})


def foreign_source(config: DtnConfig) -> str:
    """What the run that f is taken from learns from, as a clause, where that is not this run's source; else empty.

    Raises:
        RequestError: as find_trained_f, for a run that is none.
    """
    theirs, ours = (_source(each.data) for each in (_config_of(_run_at(config.method.f_from)), config))
    return "" if theirs == ours else f"has an f for {theirs}, and this run's source is {ours}"


def _run_at(folder: str) -> RunDirectory:
    return RunDirectory(at_home(folder).resolve())


def _config_of(run: RunDirectory) -> DtnConfig:
    subject = f"{_KEY} = {run.root}"
    if not run.config.is_file():
        raise RequestError(subject, "is no run directory: it has no config.toml", "Name the directory of a DTN run.")
    config = resolve(read_toml(run.config), str(run.config))
    if not isinstance(config, DtnConfig):
        kind = config.method.__struct_config__.tag
        raise RequestError(subject, f"is a {kind} run, which has no f", "Name the directory of a DTN run.")
    return config


def _source(data: DigitsConfig) -> str:
    """The set that f is to see in, wherever it lies, and what is left out of it."""
    is_A = data.direction == "AtoB"
    match data:
        case DigitsData():
            name = data.A if is_A else data.B
        case SyntheticDigits():
            name = f"domain {'A' if is_A else 'B'} of the synthetic digits"
        case _:
            assert_never(data)
    without = sorted(set(data.without_A if is_A else data.without_B))
    return f"{name} without {', '.join(map(str, without))}" if without else name
