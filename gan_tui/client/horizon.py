"""What lies ahead of a checkpoint: steps, epochs, and the learning rates in them."""

from __future__ import annotations

import math

import msgspec

from engine.config.controls import controls_of
from engine.config.data import DataConfig
from engine.config.rate_curves import curve_of
from engine.config.schema import OptimConfig
from engine.protocol.events import Announced
from engine.protocol.record import newest_journaled
from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumePlan

MOST_POINTS = 240
"""Epochs of which a curve tells the factor; a longer run's are evenly chosen, its next and its last among them."""


class RatePoint(msgspec.Struct, frozen=True, kw_only=True):
    """What the schedule multiplies the base rates with in one epoch."""

    epoch: int
    """From 1."""
    factor: float


class Horizon(msgspec.Struct, frozen=True, kw_only=True):
    """The way from a checkpoint to the end of the run; None where it cannot be known before the data are read."""

    total_steps: int | None = None
    all_epochs: int | None = None
    """The step at which all epochs are done; the run may have been told to end before."""
    steps_left: int | None = None
    epochs_left: int | None = None
    """Epochs that are still to be trained in, the one in progress included."""
    factor: float | None = None
    """What the schedule multiplies the base rates with in the next step."""
    lr: dict[str, float] = {}
    """Each optimizer's learning rate in the next step."""
    curve: tuple[RatePoint, ...] | None = None
    """The factor from the next step's epoch to the last; None for a schedule that looks at the losses."""


def horizon_of(plan: ResumePlan) -> Horizon:
    """What lies ahead of a plan's checkpoint."""
    announced = _newest_announcement(plan.source)
    index = _batches_done(plan, announced) if announced else None
    done = _epochs_done(plan, index)
    whole = _all_epochs(plan, announced)
    total = _total_steps(plan, announced, whole)
    epochs = plan.config.optim.total_epochs
    if announced is not None and index is not None and total is not None:
        epochs = min(epochs, done + math.ceil((total - plan.step + index) / announced.steps_per_epoch))
    factor = _next_factor(plan, done)
    return Horizon(
        total_steps=total,
        all_epochs=whole,
        steps_left=None if total is None else max(0, total - plan.step),
        epochs_left=None if total is None else max(0, epochs - done) if plan.step < total else 0,
        factor=factor,
        lr=_next_rates(plan, announced.rates if announced else {}, factor),
        curve=_curve(plan.config.optim, done, epochs),
    )


def _newest_announcement(run: RunDirectory) -> Announced | None:
    """What the run's newest engine said of its length; only that engine has counted the images."""
    try:
        return newest_journaled(run, Announced)
    except OSError:
        return None


_HOW_THEY_ARE_SHOWN = ("resize", "crop", "size", "flip", "direction", "workers", "cache", "cache_limit")
"""Keys of [data] on which the number of images does not depend."""


def _same_images(before: DataConfig, after: DataConfig) -> bool:
    """Whether an epoch has as many images as it had."""
    names = [name for name in before.__struct_fields__ if name not in _HOW_THEY_ARE_SHOWN]
    return type(before) is type(after) and all(getattr(before, name) == getattr(after, name) for name in names)


def _end_of_epochs(plan: ResumePlan, announced: Announced) -> int:
    """The step at which the epochs end that the run was configured for.

    It need not be a multiple of an epoch's steps: a branch with another batch size counts from where it began. Where
    run.steps ends the run before, its engine has not said it, and it is taken for one.
    """
    limit, epochs = plan.before.run.steps, plan.before.optim.total_epochs
    is_told = limit == 0 or announced.total_steps < limit
    return announced.total_steps if is_told else announced.steps_per_epoch * epochs


def _batches_done(plan: ResumePlan, announced: Announced) -> int:
    """Of the epoch that the next step belongs to; 0 where that step is its first."""
    return (plan.step - _end_of_epochs(plan, announced)) % announced.steps_per_epoch


def _epochs_done(plan: ResumePlan, index: int | None) -> int:
    """Epochs completed; the one in progress is not, unless its last step is the checkpoint's."""
    if plan.checkpoint is None:
        return 0
    at_its_end = index == 0 and plan.step > 0
    return plan.checkpoint.manifest.epoch - (0 if at_its_end else 1)


def _all_epochs(plan: ResumePlan, announced: Announced | None) -> int | None:
    """The step at which all epochs are done; None where an epoch has other images or batches than it had."""
    before, after = plan.before, plan.config
    if announced is None or before.run.batch != after.run.batch or not _same_images(before.data, after.data):
        return None
    more = after.optim.total_epochs - before.optim.total_epochs
    return _end_of_epochs(plan, announced) + more * announced.steps_per_epoch


def _total_steps(plan: ResumePlan, announced: Announced | None, all_epochs: int | None) -> int | None:
    """The engine's word where nothing about the length is changed."""
    before, after = plan.before, plan.config
    if announced is None or all_epochs is None:
        return None
    if (before.optim.total_epochs, before.run.steps) == (after.optim.total_epochs, after.run.steps):
        return announced.total_steps
    return min(after.run.steps or all_epochs, all_epochs)


def _next_factor(plan: ResumePlan, done: int) -> float | None:
    """The checkpoint's word, unless the schedule is to be another one; one that watches the losses begins with 1."""
    if plan.checkpoint is None:
        return 1.0
    told = plan.checkpoint.manifest.factor
    if told is not None and plan.own and _schedule(plan.config.optim) == _schedule(plan.standing.optim):
        return told
    curve = curve_of(plan.config.optim)
    if curve is not None:
        return curve(done)
    return told if plan.config.optim.schedule == plan.standing.optim.schedule else 1.0


def _schedule(optim: OptimConfig) -> OptimConfig:
    """What makes two schedules one: all but the base rates, whatever else the section holds."""
    rates = {name: 0.0 for name in optim.__struct_fields__ if name.startswith("lr_")}
    return msgspec.structs.replace(optim, **rates)


def _next_rates(plan: ResumePlan, bases: dict[str, str], factor: float | None) -> dict[str, float]:
    """The checkpoint's word where nothing about them is changed; else base rate times factor."""
    told = plan.checkpoint.manifest.lr if plan.checkpoint else {}
    if (told and plan.own and plan.config.optim == plan.standing.optim) or factor is None:
        return told
    values = {control.name: control.default for control in controls_of(plan.config)}
    return {name: values[base] * factor for name, base in bases.items() if base in values}


def _curve(optim: OptimConfig, done: int, epochs: int) -> tuple[RatePoint, ...] | None:
    curve = curve_of(optim)
    if curve is None:
        return None
    ahead = range(done, max(epochs, done + 1))
    stride = max(1, math.ceil((len(ahead) - 1) / (MOST_POINTS - 1)))
    chosen = [*ahead[:-1:stride], ahead[-1]]
    return tuple(RatePoint(epoch=before + 1, factor=curve(before)) for before in chosen)
