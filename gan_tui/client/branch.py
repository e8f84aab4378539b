"""Which run goes on from a checkpoint: the one that wrote it, or a new branch of it."""

from __future__ import annotations

from typing import Any

from engine.config.controls import controls_of
from engine.config.load import Tree, read_toml, resolve, with_settings
from engine.config.methods import TrainConfig
from engine.errors import RequestError
from engine.protocol.checkpoints import Manifest, choose_checkpoint, list_checkpoints
from engine.protocol.rundir import Parent, RunDirectory, create_run, read_identity, unused_name
from gan_tui.client.prepare import checked

LATEST = "latest"
FIRST_WEIGHTS = ("init", "init_gain")
"""Keys of a network that matter only before the first step."""


def run_to_resume(
    source: RunDirectory, chosen: str, *, branch: bool, settings: list[str], flags: dict[str, Any], name: str | None
) -> RunDirectory:
    """The run in which an engine goes on from a checkpoint.

    The newest checkpoint continues the source itself, as does a run that has none yet: it begins anew, or at its
    parent's. An older checkpoint, other settings or ``branch`` make a new run, whose controls begin as the checkpoint
    has them.

    Raises:
        RequestError: there is no such checkpoint, its networks are not those asked for, or nothing is left to train.
    """
    wanted = bool(branch or settings or flags)
    checkpoints = list_checkpoints(source)
    if chosen == LATEST and not checkpoints and not wanted:
        return source
    _, manifest = choose_checkpoint(source, chosen)
    if manifest.step == checkpoints[-1][1].step and not wanted:
        _require_steps_left(source, manifest.step, longer=False)
        return source
    identity = read_identity(source)
    origin = str(source.config)
    before = read_toml(source.config)
    tree = with_settings(_as_it_stood(before, manifest, origin), settings)
    prepared = checked(identity.preset, tree, flags, origin=origin)
    config = resolve(tree, origin)
    _require_same_networks(resolve(before, origin), config)
    longer = bool(settings or flags)
    _require_steps_left(source, manifest.step, longer=longer)
    if 0 < config.run.steps <= manifest.step:
        raise _nothing_left(source, manifest.step, limit="--steps")
    folder = source.root.parent
    return create_run(
        folder,
        name=unused_name(folder, f"{source.name}-from-{manifest.step}") if name is None else name,
        method=prepared.method,
        preset=identity.preset,
        config_toml=prepared.toml,
        parent=Parent(run=str(source.root), step=manifest.step),
    )


def _as_it_stood(tree: Tree, manifest: Manifest, origin: str) -> Tree:
    """A run's configuration with its controls as a checkpoint has them, so that a branch differs in what is asked."""
    standing = {name: dict(table) for name, table in tree.items()}
    for control in controls_of(resolve(tree, origin)):
        value = manifest.controls.get(control.name, control.default)
        section, _, key = control.name.partition(".")
        standing.setdefault(section, {})[key] = int(value) if control.integer else value
    return standing


def _require_same_networks(before: TrainConfig, after: TrainConfig) -> None:
    """A checkpoint's weights fit only the networks that they were trained in."""
    pairs = (
        ("generator", before.generator, after.generator),
        ("discriminator", before.discriminator, after.discriminator),
    )
    for section, old, new in pairs:
        if type(old) is not type(new):
            raise RequestError(section, "is of another kind than the checkpoint's", "Train it anew: gan-tui train")
        for key in old.__struct_fields__:
            if key not in FIRST_WEIGHTS and getattr(old, key) != getattr(new, key):
                fact = f"is {getattr(new, key)}, and the checkpoint's weights were trained with {getattr(old, key)}"
                raise RequestError(f"{section}.{key}", fact, "Leave it, or train anew: gan-tui train")


def _require_steps_left(run: RunDirectory, step: int, *, longer: bool) -> None:
    newest = list_checkpoints(run)[-1][1].step
    if read_identity(run).state == "finished" and step == newest and not longer:
        limit = "--steps" if resolve(read_toml(run.config), str(run.config)).run.steps else "--set optim.epochs="
        raise _nothing_left(run, step, limit)


def _nothing_left(run: RunDirectory, step: int, limit: str) -> RequestError:
    more = f"{limit} {2 * step}" if limit == "--steps" else f"{limit}…"
    fix = f"Train longer in a branch: gan-tui resume {run.name} --checkpoint latest {more}"
    return RequestError(f"run {run.name}", f"has done all its steps at {step:,}", fix)
