"""A checkpoint of imported weights, as an engine would have written it at that step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from engine.checkpoint import write_checkpoint
from engine.config.methods import TrainConfig
from engine.config.schema import PoolingOptim
from engine.errors import RequestError
from engine.exchange.importing.position import Position
from engine.exchange.importing.recognition import State
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.protocol.checkpoints import Reading
from engine.protocol.rundir import RunDirectory, read_identity
from engine.snapshot import NotFiniteError
from engine.train.progress import Progress
from engine.train.trained_elsewhere import Standing, snapshot_of


def method_with(config: TrainConfig, states: Mapping[str, State]) -> Method:
    """A method with imported weights; networks that there are none of have first ones.

    Raises:
        RequestError: they do not fit, as a setting makes of a network another.
    """
    method = build_method(config, torch.device("cpu"))
    for name, state in states.items():
        if name not in method.networks:
            kind = config.method.__struct_config__.tag
            fact = f"are of no network of this {kind} run, which has {', '.join(method.networks)}"
            raise RequestError(f"the weights of {name}", fact, "Leave them out.")
        try:
            method.networks[name].load_state_dict(dict(state))
        except RuntimeError as error:
            fact = f"do not fit the network of this configuration ({_first_key(error)})"
            raise RequestError(
                f"the weights of {name}", fact, "Leave out --set generator... or discriminator..."
            ) from error
    return method


def begun_anew(config: TrainConfig, states: Mapping[str, State], method: Method) -> tuple[str, ...]:
    """What begins anew when training goes on from imported weights."""
    missing = [name for name in method.networks if name not in states]
    pools = ["the image pools"] if isinstance(config.optim, PoolingOptim) and config.optim.pool else []
    return (*missing, "the optimizers", *pools)


def _first_key(error: RuntimeError) -> str:
    lines = str(error).splitlines()
    return (lines[1] if len(lines) > 1 else lines[0]).strip().rstrip(".")


def write_imported(
    run: RunDirectory,
    config: TrainConfig,
    method: Method,
    position: Position,
    *,
    anew: tuple[str, ...],
    recent: Sequence[Reading],
    seq: int,
) -> Path:
    """Write the checkpoint; returns its folder.

    Args:
        run: whose.
        config: its configuration.
        method: with the weights.
        position: where these stand.
        anew: as Manifest.anew.
        recent: the newest lines of metrics up to there.
        seq: the number of the newest.

    Raises:
        RequestError: the weights are not finite.
        OSError: the disk does not take it.
    """
    progress = Progress(step=position.step, images=position.images, epoch=position.epoch, index=position.index)
    standing = Standing(run=read_identity(run).id, seq=seq, epoch=position.epoch_in_progress, anew=anew)
    try:
        return write_checkpoint(run, snapshot_of(config, method, progress, standing, recent))
    except NotFiniteError as error:
        fact = "has values that are NaN or infinite: its training had failed"
        raise RequestError(error.names, fact, "Import an earlier epoch.") from error
