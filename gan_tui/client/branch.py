"""Which run goes on from a checkpoint: the one that wrote it, or a new branch of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.config.controls import controls_of
from engine.config.load import Tree, read_toml, resolve, with_settings
from engine.config.methods import TrainConfig
from engine.errors import RequestError, WorkError
from engine.protocol.adoption import adopt_checkpoint
from engine.protocol.checkpoints import Manifest
from engine.protocol.choice import Examine
from engine.protocol.rundir import Identity, Parent, RunDirectory, create_run, read_identity, unused_name
from gan_tui.client.choice import choose
from gan_tui.client.digests import damage_once
from gan_tui.client.inventory import Examined, Inventory, Kept
from gan_tui.client.prepare import checked
from gan_tui.client.ways import COMMANDS, Ways

_SETTINGS = "--set"


@dataclass(frozen=True, kw_only=True)
class ResumeRequest:
    """What a user asks of a resume, the checkpoint aside."""

    branch: bool = False
    """Go on in a new run, also from the newest checkpoint."""
    settings: tuple[str, ...] = ()
    """``section.key=value``, laid over the configuration; any makes a branch."""
    name: str | None = None
    """The branch's; one makes a branch."""
    folder: Path | None = None
    """Where a branch is to lie; beside its parent where none is given."""
    gpus: int | None = None
    """On how many the engine is to train this once, where that is not what the configuration says."""
    ways: Ways = field(default=COMMANDS, compare=False)
    """How the user does what a refusal advises; no part of what is asked."""

    @property
    def wants_branch(self) -> bool:
        """Whether the run itself cannot serve."""
        return self.branch or bool(self.settings) or self.name is not None


@dataclass(frozen=True, kw_only=True)
class ResumePlan:
    """How training would go on: from which checkpoint, in which run and under which configuration."""

    source: RunDirectory
    request: ResumeRequest
    identity: Identity
    """The source's."""
    checkpoint: Kept | None
    """Its own, or its parent's where it has none yet; None where it begins anew."""
    rescue: Kept | None
    """Where that one is damaged: the newest whole one, if there is any."""
    passed_over: tuple[Path, ...]
    """Newer checkpoints, all of them damaged, that it is taken instead of; none where it is damaged itself."""
    inventory: Inventory
    """The source's checkpoints."""
    branch: str
    """The name of the run to be made; empty where the source itself goes on."""
    folder: Path
    """Where the run that goes on lies."""
    before: TrainConfig
    """The source's configuration, as its config.toml has it."""
    standing: TrainConfig
    """That, with the controls as they stand at the checkpoint; where a branch begins, they stand as it was made."""
    tree: Tree
    """What the run that goes on is configured with, as tables."""
    config: TrainConfig
    """The same, resolved."""

    @property
    def step(self) -> int:
        """Steps done at the checkpoint."""
        return self.checkpoint.manifest.step if self.checkpoint else 0

    @property
    def own(self) -> bool:
        """Whether the source itself wrote the checkpoint; that of a branch's beginning is its parent's."""
        return self.checkpoint is not None and self.checkpoint.manifest.run == self.identity.id

    @property
    def origin(self) -> str:
        """The configuration's file, for messages."""
        return str(self.source.config)


def plan_resume(
    source: RunDirectory,
    chosen: str,
    request: ResumeRequest,
    *,
    examine: Examine = damage_once,
    thorough: bool = False,
) -> ResumePlan:
    """How training would go on from a checkpoint; nothing is made or started, and whatever is in the way is left to
    gan_tui.client.obstacles.

    The newest whole checkpoint continues the source itself, as does a run that has none yet: it begins anew, or at its
    parent's. An older one, or a request that wants a branch, makes a new run whose controls begin as the checkpoint has
    them.

    Args:
        source: the run.
        chosen: a step, "latest" (the newest that is whole) or "best".
        request: what else is asked for.
        examine: how closely checkpoints are looked at: as many of them as it takes to know the plan.
        thorough: whether all of them are looked at so.

    Raises:
        RequestError: there is no such checkpoint, or a setting is not right.
        WorkError: the run's own files cannot be read.
    """
    identity = read_identity(source)
    choice = choose(source, identity, chosen, Examined(examine), wants_branch=request.wants_branch, thorough=thorough)
    kept = choice.checkpoint
    folder = (request.folder if choice.branches else None) or source.root.parent
    origin = str(source.config)
    before = read_toml(source.config)
    own = kept is not None and kept.manifest.run == identity.id
    stood = _as_it_stood(before, kept.manifest, origin) if kept and own else before
    tree = with_settings(stood, request.settings)
    branch = ""
    if kept and choice.branches:
        branch = request.name or unused_name(folder, f"{source.name}-from-{kept.manifest.step}")
    return ResumePlan(
        source=source,
        request=request,
        identity=identity,
        checkpoint=kept,
        rescue=choice.rescue,
        passed_over=choice.passed_over,
        inventory=choice.inventory,
        branch=branch,
        folder=folder,
        before=resolve(before, origin),
        standing=resolve(stood, origin),
        tree=tree,
        config=_resolved(tree, request.settings, origin),
    )


def begin(plan: ResumePlan) -> RunDirectory:
    """The run in which an engine goes on: the source, or a branch that is made now with a checkpoint of its own.

    Raises:
        RequestError: the branch's name is taken, or its configuration is not right; WorkError: it cannot be made.
    """
    if not plan.branch or plan.checkpoint is None:
        return plan.source
    manifest = plan.checkpoint.manifest
    prepared = checked(plan.identity.preset, plan.tree, {}, origin=plan.origin)
    branch = create_run(
        plan.folder,
        name=plan.branch,
        method=prepared.method,
        preset=prepared.preset,
        preset_path=plan.identity.preset_path,
        ranks=plan.identity.ranks,
        threads=plan.identity.threads,
        config_toml=prepared.toml,
        parent=Parent(
            run=str(plan.source.root), id=plan.identity.id, step=manifest.step, seq=manifest.seq if plan.own else 0
        ),
    )
    try:
        adopt_checkpoint(branch, plan.checkpoint.folder, manifest)
    except OSError as error:
        shutil.rmtree(branch.root, ignore_errors=True)
        fact = f"cannot be copied into {branch.root} ({error.strerror or error})"
        fix = f"See what there is: gan-tui checkpoints {plan.source.name}"
        raise WorkError(f"checkpoint {plan.step} of run {plan.source.name}", fact, fix) from error
    return branch


def require_settings(source: RunDirectory, settings: Sequence[str]) -> None:
    """Refuse settings that a branch of a run cannot have, from whichever checkpoint.

    Raises:
        RequestError: one is not right; WorkError: the run's configuration cannot be read.
    """
    _resolved(with_settings(read_toml(source.config), settings), tuple(settings), str(source.config))


def _resolved(tree: Tree, settings: tuple[str, ...], origin: str) -> TrainConfig:
    """The configuration with settings laid over it; without them it was right, so what is wrong with it is theirs.

    Raises:
        RequestError: something is.
    """
    if not settings:
        return resolve(tree, origin)
    try:
        return resolve(tree, _SETTINGS)
    except RequestError as error:
        subject = error.subject.replace(f"{_SETTINGS}: ", f"{_SETTINGS} ", 1)
        raise RequestError(subject, error.fact, error.fix) from error


def _as_it_stood(tree: Tree, manifest: Manifest, origin: str) -> Tree:
    """A run's configuration with its controls as a checkpoint has them, so that a branch differs in what is asked."""
    standing = {name: dict(table) for name, table in tree.items()}
    for control in controls_of(resolve(tree, origin)):
        value = manifest.controls.get(control.name, control.default)
        section, _, key = control.name.partition(".")
        standing.setdefault(section, {})[key] = int(value) if control.integer else value
    return standing
