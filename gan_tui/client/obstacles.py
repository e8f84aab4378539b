"""What stands in the way of a resume: a damaged checkpoint, no step left, other networks, no data, a read-only disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from engine.config.data_check import check_data
from engine.config.image_files import path_text
from engine.config.ranks import check_ranks
from engine.config.trained_networks import Misfit, misfits, network_settings
from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.imported import how_to_begin_anew
from engine.protocol.lost_checkpoints import require_readable, require_those_on_record
from engine.protocol.mounts import MOUNTS, carries_locks
from engine.protocol.rundir import (
    LIVE_STATES,
    NAME_PATTERN,
    RunDirectory,
    engine_is_alive,
    read_identity,
    viewed_state,
)
from gan_tui.client.branch import ResumePlan
from gan_tui.client.gpus import require_gpus
from gan_tui.client.horizon import Horizon
from gan_tui.client.prepare import checked
from gan_tui.client.remote import standing_of
from gan_tui.client.ways import COMMANDS, Ways
from gan_tui.state.plain_text import printable


def obstacles(plan: ResumePlan, horizon: Horizon) -> list[GanTuiError]:
    """Everything for which the resume has to be refused, what concerns the checkpoint itself first."""
    found: dict[str, GanTuiError] = {}
    for require in _REQUIREMENTS:
        try:
            require(plan, horizon)
        except GanTuiError as error:
            found.setdefault(error.one_line(), error)
    return list(found.values())


def require_idle(run: RunDirectory, mounts: Path = MOUNTS, ways: Ways = COMMANDS) -> None:
    """Refuse to go on in a run that an engine is at work on, or may be, on a machine whose locks are not seen here.

    Args:
        run: which.
        mounts: the kernel's list of what is mounted where.
        ways: how what is advised is done.

    Raises:
        RequestError: one is, or may be; WorkError: run.json cannot be read.
    """
    identity = read_identity(run)
    elsewhere = viewed_state(run, identity) == "elsewhere"
    if engine_is_alive(run) or (elsewhere and standing_of(run, identity) in LIVE_STATES):
        fix = f"Attach to it: {ways.attach(run.name)}; or go on from a checkpoint of it in a new run: {ways.branch()}"
        raise RequestError(f"run {run.name}", "is being trained now", fix)
    if elsewhere and not carries_locks(run.root, mounts):
        host = printable(identity.host)
        fact = f"was last trained on {host}, and nothing tells from here whether it still is: that does not answer"
        fix = f"Resume it on {host}, or go on from a checkpoint of it in a new run: {ways.branch()}"
        raise RequestError(f"run {run.name}", fact, fix)


def _require_idle(plan: ResumePlan, _: Horizon) -> None:
    """A branch only reads the run, and keeps a copy of what it begins at: the run may go on meanwhile."""
    if not plan.branch:
        require_idle(plan.source, ways=plan.request.ways)


def _require_whole(plan: ResumePlan, _: Horizon) -> None:
    run, kept = plan.source.name, plan.checkpoint
    if kept is None:
        require_readable(plan.source, _anew(plan))
    if not plan.branch:
        present = (found.manifest for found in plan.inventory.checkpoints)
        require_those_on_record(plan.source, present, _anew(plan))
    if kept is None or not kept.damage:
        return
    if plan.rescue is not None:
        step = plan.rescue.manifest.step
        fix = f"The newest good one is step {step:,}: {plan.request.ways.resume(run, step, {})}"
        raise WorkError(f"checkpoint {plan.step} of run {run}", kept.damage, fix)
    fact = f"has no undamaged checkpoint; that of step {plan.step:,} {kept.damage}"
    raise WorkError(f"run {run}", fact, f"Restore its files from a backup, or {_another_way(plan)}")


def _another_way(plan: ResumePlan) -> str:
    """What is left where every checkpoint is damaged, as a clause."""
    parent, ways = plan.identity.parent, plan.request.ways
    if parent is not None and not plan.own:
        return f"branch from another checkpoint of its parent: {ways.checkpoints(path_text(Path(parent.run)))}"
    return _anew(plan)


def _anew(plan: ResumePlan) -> str:
    """What is left where nothing of the run can be taken up, as a clause."""
    return how_to_begin_anew(plan.identity, plan.request.ways.train)


def _require_same_networks(plan: ResumePlan, _: Horizon) -> None:
    """A checkpoint's weights fit only the networks that they were trained in, whoever has changed the configuration."""
    trained = network_settings(plan.before)
    if plan.checkpoint is not None:
        trained |= plan.checkpoint.manifest.networks
    for misfit in misfits(trained, network_settings(plan.config)):
        fact = f"is {misfit.configured}, and the checkpoint's weights were trained with {misfit.trained}"
        raise RequestError(misfit.key, fact, _remedy(plan, misfit))


def _remedy(plan: ResumePlan, misfit: Misfit) -> str:
    asked = any(setting.partition("=")[0].strip() == misfit.key for setting in plan.request.settings)
    if asked:
        return f"Leave it, or train anew: {plan.request.ways.train('')}"
    return f"Put it back in {path_text(plan.source.config)}, or train anew: {plan.request.ways.train('')}"


def _require_steps_left(plan: ResumePlan, horizon: Horizon) -> None:
    if plan.checkpoint is not None and plan.checkpoint.damage:
        return  # what is ahead of it will not be trained
    steps = plan.config.run.steps
    done = horizon.steps_left == 0 if horizon.steps_left is not None else 0 < steps <= plan.step
    if not done:
        return
    run = plan.source.name
    if 0 < steps < plan.step:
        fix = f"Ask for more, or begin at an earlier checkpoint: {plan.request.ways.checkpoints(run)}"
        raise RequestError(f"run.steps = {steps:,}", f"is behind the checkpoint, which is of step {plan.step:,}", fix)
    longer = plan.request.ways.resume(run, plan.step, _longer(plan, horizon))
    raise RequestError(f"run {run}", f"has done all its steps at {plan.step:,}", f"Train longer in a branch: {longer}")


def _longer(plan: ResumePlan, horizon: Horizon) -> dict[str, str]:
    """Settings that make a run longer, twice as long at most: whichever of its steps and its epochs end it."""
    steps, optim = plan.config.run.steps, plan.config.optim
    if steps and (horizon.all_epochs is None or horizon.all_epochs > plan.step):
        return {"run.steps": str(min(2 * plan.step, horizon.all_epochs or 2 * plan.step))}
    epoch = plan.checkpoint.manifest.epoch if plan.checkpoint else 0
    epochs = {"optim.epochs": str(optim.epochs + max(optim.total_epochs, epoch))}
    return epochs | {"run.steps": "0"} if steps else epochs


def _require_data(plan: ResumePlan, _: Horizon) -> None:
    check_data(plan.config.data)


def _require_fitting(plan: ResumePlan, _: Horizon) -> None:
    """The device is there, and the sizes suit one another; the data have been looked at."""
    checked(plan.identity.preset, plan.tree, {}, origin=plan.origin)


def _require_ranks(plan: ResumePlan, _: Horizon) -> None:
    """There is a share of each batch, and a GPU, for every process, as many as are asked for."""
    ranks = plan.request.gpus or plan.config.run.gpus
    check_ranks(plan.config.run, ranks)
    require_gpus(plan.config.run, ranks)


def _require_name(plan: ResumePlan, _: Horizon) -> None:
    if not plan.branch:
        return
    if not NAME_PATTERN.fullmatch(plan.branch):
        fact = "is too long, or has characters that a run name cannot have"
        fix = "Use up to 100 letters, digits, . _ + -, a letter or digit first."
        raise RequestError(f"run name {plan.branch!r}", fact, fix)
    if (plan.folder / plan.branch).exists():
        raise RequestError(f"run {plan.branch}", f"exists already in {plan.folder}", "Choose another --name.")


def _require_writable(plan: ResumePlan, _: Horizon) -> None:
    elsewhere = f"gan-tui resume {path_text(plan.source.root)} --branch --runs-dir DIR"
    if plan.branch:
        folder = next(place for place in (plan.folder, *plan.folder.parents) if place.exists())
        if not folder.is_dir():
            raise RequestError(path_text(folder), "is not a folder", "Choose another --runs-dir.")
        subject, fix = path_text(folder), f"Choose a folder for the branch: {elsewhere}"
        _require_writing(folder, subject, fix)
        return
    run = plan.source
    for folder in (run.root, run.checkpoints):
        if folder.exists():
            _require_writing(folder, f"run {run.name}", f"Branch from it elsewhere: {elsewhere}")


def _require_writing(folder: Path, subject: str, fix: str) -> None:
    try:
        read_only = bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError as error:
        raise WorkError(subject, f"cannot be reached ({error.strerror})", fix) from error
    if read_only:
        raise RequestError(subject, "lies on a read-only file system", fix)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RequestError(subject, "cannot be written by this user", fix)


_Requirement: TypeAlias = Callable[[ResumePlan, Horizon], None]

_REQUIREMENTS: tuple[_Requirement, ...] = (
    _require_idle,
    _require_whole,
    _require_same_networks,
    _require_steps_left,
    _require_data,
    _require_fitting,
    _require_ranks,
    _require_name,
    _require_writable,
)
