"""What a preflight draws attention to: what forbids a resume, and what is worth knowing and forbids nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Literal

import msgspec

from engine.config.controls import controls_of
from engine.config.data import SyntheticData, SyntheticDigits
from engine.config.methods import TrainConfig
from engine.config.threads import ENVIRONMENT, threads_to_take, usable_cores
from engine.errors import GanTuiError, WorkError
from engine.protocol.record import last_metrics
from engine.protocol.rundir import versions
from engine.sizes import size_text
from gan_tui.client.branch import ResumePlan
from gan_tui.client.horizon import Horizon
from gan_tui.client.ways import Ways

ROOM_FOR = 2
"""Checkpoints for which there should be room: one is written before the oldest is deleted."""
LOWER = 0.5
"""The share of the learning rates that is proposed after losses that were not finite."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the way of the resume, or worth knowing before it."""

    subject: str
    fact: str
    fix: str = ""
    exit_status: Literal[0, 1, 2] = 0
    """With which the command ends that is refused for it: 1 the work failed, 2 the request was wrong."""

    def in_words(self) -> str:
        """All of it, on one line."""
        return f"{self.subject}: {self.fact}" + (f". {self.fix}" if self.fix else "")


def notice_of(obstacle: GanTuiError, ways: Ways) -> Notice:
    """What is in the way, and how the user does what is advised."""
    status: Literal[1, 2] = 1 if obstacle.exit_code == WorkError.exit_code else 2
    subject, fact, fix = map(ways.told, (obstacle.subject, obstacle.fact, obstacle.fix))
    return Notice(subject=subject, fact=fact, fix=fix, exit_status=status)


def warnings_of(plan: ResumePlan, horizon: Horizon) -> Iterator[Notice]:
    """What forbids nothing, the most important first."""
    yield from _passed_over(plan)
    yield from _begun_anew(plan)
    yield from _how_it_ended(plan)
    yield from _steps_beyond_the_epochs(plan, horizon)
    yield from _another_seed(plan)
    yield from _other_versions(plan)
    yield from _other_threads(plan)
    yield from _too_little_room(plan)


def _passed_over(plan: ResumePlan) -> Iterator[Notice]:
    damaged = {kept.folder: kept.damage for kept in plan.inventory.newest_first}
    for folder in reversed(plan.passed_over):
        fix = f"Step {plan.step:,} is taken up instead; the damaged one is not deleted."
        yield Notice(subject=f"checkpoint {folder.name}", fact=damaged.get(folder, "is gone"), fix=fix)


def _begun_anew(plan: ResumePlan) -> Iterator[Notice]:
    """A checkpoint that was imported is no whole state."""
    anew = plan.checkpoint.manifest.anew if plan.checkpoint else ()
    if anew and plan.own:
        fact = f"was imported, and begins {', '.join(anew)} anew"
        fix = "Losses may jump in the first steps."
        yield Notice(subject=f"checkpoint {plan.step:,}", fact=fact, fix=fix)


def _how_it_ended(plan: ResumePlan) -> Iterator[Notice]:
    """What ended the run, or broke its numbers before somebody did, will again unless its cause is gone."""
    subject, newest = f"run {plan.source.name}", last_metrics(plan.source)
    broken = [name for name, value in newest.losses.items() if value is None] if newest else []
    if plan.identity.state == "failed":  # its engine has said what to do, and where the last finite state is
        yield Notice(subject=subject, fact=f"failed when it was last trained: {plan.identity.reason}")
    elif newest and broken and newest.step > plan.step:
        fact = f"came to losses that are NaN or infinite by step {newest.step:,} ({', '.join(broken)})"
        yield Notice(subject=subject, fact=fact, fix=_lower_rates(plan))


def _lower_rates(plan: ResumePlan) -> str:
    """Lower rates than the checkpoint's and config.toml's; nothing where lower ones are asked for."""
    wanted, stood, made = (_rates(config) for config in (plan.config, plan.standing, plan.before))
    if any(wanted[name] < value for name, value in stood.items()):
        return ""
    lower = {name: f"{min(value, made[name]) * LOWER:g}" for name, value in stood.items()}
    return f"Lower the learning rates, in a branch: {plan.request.ways.settings(lower)}"


def _rates(config: TrainConfig) -> dict[str, float]:
    return {control.name: control.default for control in controls_of(config) if control.name.startswith("optim.lr_")}


def _steps_beyond_the_epochs(plan: ResumePlan, horizon: Horizon) -> Iterator[Notice]:
    steps, end = plan.config.run.steps, horizon.all_epochs
    if end is not None and steps > end and steps != plan.before.run.steps:
        fact = f"is beyond the run's epochs, which end at step {end:,}"
        fix = f"More epochs make it longer: {plan.request.ways.settings({'optim.epochs': '…'})}"
        yield Notice(subject=f"run.steps = {steps:,}", fact=fact, fix=fix)


def _another_seed(plan: ResumePlan) -> Iterator[Notice]:
    seed = plan.config.run.seed
    if seed == plan.standing.run.seed:
        return
    what = "the order and the crops of the images"
    if isinstance(plan.config.data, SyntheticData | SyntheticDigits):
        what = "the images that are drawn, their order and their crops"
    fix = "Weights, image pools and all other random states are the checkpoint's."
    yield Notice(subject=f"run.seed = {seed}", fact=f"changes {what} from here on, and nothing else", fix=fix)


def _other_versions(plan: ResumePlan) -> Iterator[Notice]:
    then, now = plan.identity.versions, versions()
    for name in ("torch", "torchvision"):
        if name in then and then[name] != now.get(name):
            fact = f"is {now.get(name, 'not installed')} now, and was {then[name]} when the run was last started"
            yield Notice(subject=name, fact=fact, fix="Numbers may differ in their last digits.")


def _other_threads(plan: ResumePlan) -> Iterator[Notice]:
    """The engine, which is started in this environment, goes on with as many CPU threads as it had if it can."""
    then, told = plan.identity.threads, os.environ.get(ENVIRONMENT, "")
    if not then or not plan.identity.device.startswith("cpu"):
        return
    if told != str(then) and not threads_to_take(then, os.environ):
        why = f"{ENVIRONMENT} is {told}" if told else f"this machine has {usable_cores()} cores"
        fix = "Numbers may differ in their last digits."
        yield Notice(subject="the CPU threads", fact=f"are {then} no more: {why}", fix=fix)


def _too_little_room(plan: ResumePlan) -> Iterator[Notice]:
    if plan.checkpoint is None:
        return
    size = plan.checkpoint.manifest.size
    existing = next(place for place in (plan.folder, *plan.folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < ROOM_FOR * size:
        fact = f"has {size_text(free)} free, and a checkpoint takes {size_text(size)}"
        fix = "Make room: a checkpoint that finds none is not written."
        yield Notice(subject=str(existing), fact=fact, fix=fix)
