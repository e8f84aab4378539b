"""The preflight of a resume: what would be taken up, how it would go on, what has changed, what is in the way."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from engine.config.controls import controls_of
from engine.config.data import DataConfig, RootedData
from engine.config.data_check import check_data
from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.checkpoints import Reading
from engine.protocol.choice import Examine
from engine.protocol.course import recorded_step
from engine.protocol.events import SaveReason, StagedChange
from engine.protocol.rundir import RunDirectory, versions
from gan_tui.client.branch import ResumePlan, ResumeRequest, begin, plan_resume
from gan_tui.client.digests import damage_once
from gan_tui.client.horizon import Horizon, horizon_of
from gan_tui.client.inventory import Kept
from gan_tui.client.notices import Notice, notice_of, warnings_of
from gan_tui.client.obstacles import obstacles
from gan_tui.client.preset_drift import Alteration, PresetDrift, differences, preset_drift
from gan_tui.client.ways import Ways

GoesOn: TypeAlias = Literal["in place", "branch", "anew", "nowhere"]


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


class UnusableCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
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
    """None for a run that has none that can be read."""
    goes_on: GoesOn
    """"nowhere" from a damaged checkpoint, and where none can be read; else as planned, also where something is in the
    way."""
    branch: str
    """The name of the run that would be made; empty where the run itself goes on."""
    folder: str
    """Where the run that goes on lies."""
    repeated_steps: int
    """Steps on record after the checkpoint that the run itself would train again."""
    unusable: tuple[UnusableCheckpoint, ...]
    horizon: Horizon
    controls: tuple[ControlStanding, ...]
    staged: tuple[StagedChange, ...]
    settings: tuple[Alteration, ...]
    """What was asked to be otherwise than it stood at the checkpoint."""
    preset: PresetDrift
    versions: tuple[Alteration, ...]
    """Of what the numbers depend on: when the run was last started, and now."""
    data: DataStanding
    device: Alteration
    """Where it last computed, and what run.device asks for."""
    problems: tuple[Notice, ...]
    """Any of them refuses the resume."""
    warnings: tuple[Notice, ...]

    @property
    def exit_status(self) -> int:
        """0 when it can be resumed, 1 when its checkpoint is damaged or the disk fails, 2 when the request is wrong."""
        return self.problems[0].exit_status if self.problems else 0


def preflight(
    source: RunDirectory,
    chosen: str,
    request: ResumeRequest,
    *,
    examine: Examine = damage_once,
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
        goes_on=_goes_on(plan),
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
        data=_data(plan.config.data, plan.request.ways),
        device=Alteration(key="run.device", before=plan.identity.device or None, after=plan.config.run.device),
        problems=tuple(notice_of(obstacle, plan.request.ways) for obstacle in obstacles(plan, horizon)),
        warnings=tuple(warnings_of(plan, horizon)),
    )


# ------------------------------------------------------------------------------------------------------------ its parts


def _goes_on(plan: ResumePlan) -> GoesOn:
    if plan.checkpoint is None:
        return "nowhere" if plan.inventory.unreadable else "anew"
    if plan.checkpoint.damage:
        return "nowhere"
    return "branch" if plan.branch else "in place"


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
    return 0 if plan.branch else max(0, recorded_step(plan.source) - plan.step)


def _unusable(plan: ResumePlan) -> tuple[UnusableCheckpoint, ...]:
    """The others that are damaged, so far as they have been examined, and those without a readable manifest."""
    found = [
        UnusableCheckpoint(name=kept.folder.name, damage=kept.damage, passed_over=kept.folder in plan.passed_over)
        for kept in plan.inventory.newest_first
        if kept.damage and kept is not plan.checkpoint
    ]
    return (
        *found,
        *(UnusableCheckpoint(name=each.folder.name, damage=each.damage) for each in plan.inventory.unreadable),
    )


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


def _versions(then: dict[str, str]) -> tuple[Alteration, ...]:
    now = versions()
    return tuple(Alteration(key=name, before=then.get(name), after=now.get(name)) for name in {**now, **then})


def _data(config: DataConfig, ways: Ways) -> DataStanding:
    source = config.root if isinstance(config, RootedData) else f"{config.images} images drawn for each domain"
    try:
        check_data(config)
    except GanTuiError as error:
        return DataStanding(source=source, problem=ways.told(error.one_line()))
    return DataStanding(source=source)
