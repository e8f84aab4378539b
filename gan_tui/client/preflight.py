"""The preflight of a resume: what would be taken up, how it would go on, what has changed, what is in the way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import msgspec

from engine.config.controls import controls_of
from engine.config.data import DataConfig, UnpairedData
from engine.config.data_check import check_data
from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.checkpoints import Examine, Reading, damage_of
from engine.protocol.events import SaveReason, StagedChange
from engine.protocol.record import last_metrics
from engine.protocol.rundir import RunDirectory, versions
from gan_tui.client.branch import ResumePlan, ResumeRequest, begin, plan_resume
from gan_tui.client.horizon import Horizon, horizon_of
from gan_tui.client.inventory import Kept
from gan_tui.client.obstacles import obstacles
from gan_tui.client.preset_drift import Difference, PresetDrift, differences, preset_drift

ROOM_FOR = 2
"""Checkpoints for which there should be room: one is written before the oldest is deleted."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the way of the resume, or worth knowing before it."""

    subject: str
    fact: str
    fix: str = ""
    exit_status: Literal[0, 1, 2] = 0
    """With which the command ends that is refused for it: 1 the work failed, 2 the request was wrong."""

    def in_words(self) -> str:
        """All of it, on one line."""
        return f"{self.subject}: {self.fact}" + (f". {self.fix}" if self.fix else "")


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint that would be taken up."""

    path: str
    step: int
    epoch: int
    images: int
    time: float
    reason: SaveReason
    size: int
    """Bytes."""
    starred: bool
    best: bool
    objective: float | None
    losses: dict[str, float | None]
    recent: tuple[Reading, ...]
    damage: str
    """What is wrong with its files, as a clause; empty when they are whole."""


class Unusable(msgspec.Struct, frozen=True, kw_only=True):
    """Another checkpoint of the run that could not be taken up."""

    name: str
    damage: str
    passed_over: bool = False
    """Whether it is newer than the chosen one, which is taken in its place."""


class ControlStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A control in the step that follows."""

    name: str
    value: float
    checkpoint: float
    """Its value in the checkpoint; another one was asked for where it differs."""
    configured: float
    """Its value in the run's config.toml."""


class DataStanding(msgspec.Struct, frozen=True, kw_only=True):
    """The training data."""

    source: str
    """The folder of images, or how they are drawn."""
    problem: str = ""
    """Why training cannot go on with them; empty when they are there."""


class Preflight(msgspec.Struct, frozen=True, kw_only=True):
    """All that is to be known before an engine is started; it starts none and writes nothing."""

    run: str
    path: str
    checkpoint: Chosen | None
    """None for a run that has none: it begins anew."""
    goes_on: Literal["in place", "branch", "anew"]
    branch: str
    """The name of the run that would be made; empty where the run itself goes on."""
    folder: str
    """Where the run that goes on lies."""
    repeated_steps: int
    """Steps on record after the checkpoint that the run itself would train again."""
    unusable: tuple[Unusable, ...]
    horizon: Horizon
    controls: tuple[ControlStanding, ...]
    staged: tuple[StagedChange, ...]
    settings: tuple[Difference, ...]
    """What was asked to be otherwise than it stood at the checkpoint."""
    preset: PresetDrift
    versions: tuple[Difference, ...]
    """Of what the numbers depend on: when the run was last started, and now."""
    data: DataStanding
    device: Difference
    """Where it last computed, and what run.device asks for."""
    problems: tuple[Finding, ...]
    """Any of them refuses the resume."""
    warnings: tuple[Finding, ...]

    @property
    def exit_status(self) -> int:
        """0 when it can be resumed, 1 when its checkpoint is damaged or the disk fails, 2 when the request is wrong."""
        return self.problems[0].exit_status if self.problems else 0


def preflight(
    source: RunDirectory,
    chosen: str,
    request: ResumeRequest,
    *,
    examine: Examine = damage_of,
    thorough: bool = False,
) -> tuple[ResumePlan, Preflight]:
    """Look ahead to a resume: the plan of it, and all that is to be known of it.

    Raises:
        RequestError: there is no such checkpoint, or a setting is not right; WorkError: the run cannot be read.
    """
    plan = plan_resume(source, chosen, request, examine=examine, thorough=thorough)
    return plan, inspected(plan)


def run_to_resume(source: RunDirectory, chosen: str, request: ResumeRequest) -> RunDirectory:
    """The run in which an engine goes on from a checkpoint, made ready for it.

    Raises:
        RequestError: the request is wrong; WorkError: the checkpoint is damaged, or the run cannot be written.
    """
    plan, seen = preflight(source, chosen, request)
    require_clear(seen)
    return begin(plan)


def require_clear(seen: Preflight) -> None:
    """Refuse what something stands in the way of.

    Raises:
        RequestError: the request is wrong; WorkError: the checkpoint is damaged, or the disk fails.
    """
    for problem in seen.problems:
        kind = WorkError if problem.exit_status == WorkError.exit_code else RequestError
        raise kind(problem.subject, problem.fact, problem.fix)


def inspected(plan: ResumePlan) -> Preflight:
    """All that is to be known of a plan."""
    horizon = horizon_of(plan)
    run, kept = plan.source, plan.checkpoint
    return Preflight(
        run=run.name,
        path=str(run.root),
        checkpoint=_chosen(kept) if kept else None,
        goes_on="branch" if plan.branch else "in place" if kept else "anew",
        branch=plan.branch,
        folder=str(plan.folder),
        repeated_steps=_repeated_steps(plan),
        unusable=_unusable(plan),
        horizon=horizon,
        controls=_controls(plan),
        staged=kept.manifest.staged if kept else (),
        settings=differences(plan.standing, plan.config),
        preset=preset_drift(plan.identity.preset, plan.before, plan.identity.preset_path),
        versions=_versions(plan.identity.versions),
        data=_data(plan.config.data),
        device=Difference(key="run.device", before=plan.identity.device or None, after=plan.config.run.device),
        problems=tuple(_finding(error, error.exit_code) for error in obstacles(plan, horizon)),
        warnings=tuple(_warnings(plan)),
    )


# ------------------------------------------------------------------------------------------------------------ its parts


def _chosen(kept: Kept) -> Chosen:
    manifest = kept.manifest
    return Chosen(
        path=str(kept.folder),
        step=manifest.step,
        epoch=manifest.epoch,
        images=manifest.images,
        time=manifest.time,
        reason=manifest.reason,
        size=manifest.size,
        starred=kept.starred,
        best=kept.best,
        objective=manifest.objective,
        losses=manifest.losses,
        recent=manifest.recent,
        damage=kept.damage,
    )


def _repeated_steps(plan: ResumePlan) -> int:
    newest = None if plan.branch else last_metrics(plan.source)
    return max(0, newest.step - plan.step) if newest else 0


def _unusable(plan: ResumePlan) -> tuple[Unusable, ...]:
    """The others that are damaged, so far as they have been examined, and those without a readable manifest."""
    found = [
        Unusable(name=kept.folder.name, damage=kept.damage, passed_over=kept.folder in plan.passed_over)
        for kept in plan.inventory.newest_first
        if kept.damage and kept is not plan.checkpoint
    ]
    return (*found, *(Unusable(name=each.folder.name, damage=each.damage) for each in plan.inventory.unreadable))


def _controls(plan: ResumePlan) -> tuple[ControlStanding, ...]:
    stood = {control.name: control.default for control in controls_of(plan.standing)}
    configured = {control.name: control.default for control in controls_of(plan.before)}
    return tuple(
        ControlStanding(
            name=control.name,
            value=control.default,
            checkpoint=stood.get(control.name, control.default),
            configured=configured.get(control.name, control.default),
        )
        for control in controls_of(plan.config)
    )


def _versions(then: dict[str, str]) -> tuple[Difference, ...]:
    now = versions()
    return tuple(Difference(key=name, before=then.get(name), after=now.get(name)) for name in {**now, **then})


def _data(config: DataConfig) -> DataStanding:
    source = config.root if isinstance(config, UnpairedData) else f"{config.images} images drawn for each domain"
    try:
        check_data(config)
    except GanTuiError as error:
        return DataStanding(source=source, problem=error.one_line())
    return DataStanding(source=source)


def _warnings(plan: ResumePlan) -> list[Finding]:
    found = []
    for each in _unusable(plan):
        if each.passed_over:
            fix = f"Step {plan.step:,} is taken up instead; the damaged one is not deleted."
            found.append(Finding(subject=f"checkpoint {each.name}", fact=each.damage, fix=fix))
    then, now = plan.identity.versions, versions()
    for name in ("torch", "torchvision"):
        if name in then and then[name] != now.get(name):
            fact = f"is {now.get(name, 'not installed')} now, and was {then[name]} when the run was last started"
            found.append(Finding(subject=name, fact=fact, fix="Numbers may differ in their last digits."))
    if plan.checkpoint and (room := _too_little_room(plan.folder, plan.checkpoint.manifest.size)):
        found.append(room)
    return found


def _too_little_room(folder: Path, size: int) -> Finding | None:
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free >= ROOM_FOR * size:
        return None
    fact = f"has {free / 1e6:,.0f} MB free, and a checkpoint takes {size / 1e6:,.0f} MB"
    return Finding(subject=str(existing), fact=fact, fix="Make room: a checkpoint that finds none is not written.")


def _finding(error: GanTuiError, exit_status: int) -> Finding:
    return Finding(
        subject=error.subject,
        fact=error.fact,
        fix=error.fix,
        exit_status=1 if exit_status == WorkError.exit_code else 2,
    )
