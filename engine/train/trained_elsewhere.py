"""The state of a training that was done elsewhere, as an engine would have saved it at that step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from engine.config.controls import controls_of
from engine.config.methods import TrainConfig
from engine.config.rate_curves import curve_of
from engine.config.trained_networks import network_settings
from engine.methods.method import Method
from engine.protocol.checkpoints import Manifest, Reading
from engine.schedules import build_schedule
from engine.snapshot import Snapshot, copy_state
from engine.train.meters import Meters
from engine.train.panel import ControlPanel
from engine.train.progress import Progress
from engine.train.rates import effective_rates
from engine.train.saving import mean_objective, training_state


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a checkpoint says of itself and no configuration tells."""

    run: str
    """The id of the run that it belongs to."""
    seq: int
    """Of the newest event that it knows of."""
    epoch: int
    """In progress, from 1."""
    anew: tuple[str, ...]
    """As Manifest.anew."""


def snapshot_of(
    config: TrainConfig, method: Method, progress: Progress, standing: Standing, recent: Sequence[Reading]
) -> Snapshot:
    """A whole state, in which everything that is not known is as at a beginning.

    Args:
        config: of the run.
        method: with the weights, on the CPU.
        progress: how far their training had come.
        standing: what the checkpoint says of itself.
        recent: the newest lines of metrics up to there.

    Raises:
        NotFiniteError: the weights are not.
    """
    schedule = build_schedule(config.optim)
    if curve_of(config.optim) is not None:
        schedule.load_state_dict({"done": progress.epoch})
    panel = ControlPanel(controls_of(config))
    meters = Meters((*method.components, *method.beliefs), torch.device("cpu"))
    manifest = Manifest(
        run=standing.run,
        seq=standing.seq,
        step=progress.step,
        epoch=standing.epoch,
        images=progress.images,
        time=round(time.time(), 3),
        reason="request",
        losses=recent[-1].losses if recent else {},
        recent=tuple(recent),
        objective=mean_objective(recent, method.objective),
        lr=effective_rates(method, schedule, panel.values),
        factor=schedule.factor,
        controls=dict(panel.values),
        networks=network_settings(config),
        anew=standing.anew,
        files={},
    )
    state = training_state(
        config, progress=progress, panel=panel, schedule=schedule, meters=meters, recent=recent, looks={}, figures={}
    )
    torch.manual_seed(config.run.seed)
    return copy_state(method, state, manifest)
