"""A checkpoint of imported weights, as an engine would have written it at that step."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from engine.checkpoint import write_checkpoint
from engine.config.controls import controls_of
from engine.config.methods import TrainConfig
from engine.config.rate_curves import curve_of
from engine.config.schema import PoolingOptim
from engine.config.trained_networks import network_settings
from engine.errors import RequestError
from engine.exchange.importing.position import Position
from engine.exchange.importing.recognition import State
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.protocol.checkpoints import Manifest, Reading
from engine.protocol.rundir import RunDirectory, read_identity
from engine.schedules import build_schedule
from engine.snapshot import NotFiniteError, copy_state
from engine.train.meters import Meters
from engine.train.panel import ControlPanel
from engine.train.progress import Progress
from engine.train.rates import effective_rates
from engine.train.saving import mean_objective, training_state


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
    schedule = build_schedule(config.optim)
    if curve_of(config.optim) is not None:
        schedule.load_state_dict({"done": position.epoch})
    panel = ControlPanel(controls_of(config))
    progress = Progress(step=position.step, images=position.images, epoch=position.epoch, index=position.index)
    meters = Meters((*method.components, *method.beliefs), torch.device("cpu"))
    manifest = Manifest(
        run=read_identity(run).id,
        seq=seq,
        step=position.step,
        epoch=position.epoch_in_progress,
        images=position.images,
        time=round(time.time(), 3),
        reason="request",
        losses=recent[-1].losses if recent else {},
        recent=tuple(recent),
        objective=mean_objective(recent, method.objective),
        lr=effective_rates(method, schedule, panel.values),
        factor=schedule.factor,
        controls=dict(panel.values),
        networks=network_settings(config),
        anew=anew,
        files={},
    )
    state = training_state(
        config, progress=progress, panel=panel, schedule=schedule, meters=meters, recent=recent, looks={}, figures={}
    )
    torch.manual_seed(config.run.seed)
    try:
        return write_checkpoint(run, copy_state(method, state, manifest))
    except NotFiniteError as error:
        fact = "has values that are NaN or infinite: its training had failed"
        raise RequestError(error.names, fact, "Import an earlier epoch.") from error
