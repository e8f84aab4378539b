"""Which checkpoint a resume takes up, and whether the run itself can go on from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import RequestError, WorkError
from engine.protocol.checkpoints import is_starred, list_checkpoints
from engine.protocol.choice import LATEST, Examine, choose_checkpoint
from engine.protocol.imported import require_weights
from engine.protocol.lineage import origin_checkpoint
from engine.protocol.rundir import Identity, RunDirectory
from gan_tui.client.inventory import Examined, Inventory, Kept, take_inventory


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What follows from the checkpoints that there are."""

    checkpoint: Kept | None
    """Its own, or its parent's where it has none yet; None where it begins anew, and where none can be read."""
    branches: bool = False
    """Whether a new run has to be made."""
    rescue: Kept | None = None
    """Where the checkpoint is damaged: the newest whole one, if there is any."""
    passed_over: tuple[Path, ...] = ()
    """Newer checkpoints, all of them damaged, that it is taken instead of; none where it is damaged itself."""
    inventory: Inventory
    """The run's checkpoints."""


def choose(
    source: RunDirectory, identity: Identity, chosen: str, examined: Examined, *, wants_branch: bool, thorough: bool
) -> Choice:
    """The checkpoint that a resume means; as many are examined as it takes, or all of them.

    Raises:
        RequestError: there is no such checkpoint, or there are imported losses alone.
        WorkError: it cannot be read, or its parent's is gone.
    """
    require_weights(source)
    listed = list_checkpoints(source)
    if chosen == LATEST and not listed and not wants_branch:
        return Choice(checkpoint=_origin_of(source, identity, examined), inventory=take_inventory(source))
    if not listed and (unread := take_inventory(source)).unreadable:
        return Choice(checkpoint=None, inventory=unread)
    for pair in listed if thorough else ():
        examined(*pair)
    wanted = choose_checkpoint(source, chosen, examined)
    damage = examined(*wanted)
    newer = [pair for pair in listed if pair[1].step > wanted[1].step]
    branches = wants_branch or any(not examined(*pair) for pair in reversed(newer))
    rescue = next((pair[0] for pair in reversed(listed) if not examined(*pair)), None) if damage else None
    inventory = take_inventory(source, examined.so_far)
    kept = {each.folder: each for each in inventory.checkpoints}
    if wanted[0] not in kept:
        raise RequestError(f"checkpoint {wanted[1].step} of run {source.name}", "is gone", "Choose another.")
    return Choice(
        checkpoint=kept[wanted[0]],
        branches=branches,
        rescue=kept.get(rescue) if rescue else None,
        passed_over=tuple(folder for folder, _ in newer) if not damage and (chosen == LATEST or not branches) else (),
        inventory=inventory,
    )


def _origin_of(source: RunDirectory, identity: Identity, examine: Examine) -> Kept | None:
    """The checkpoint at which a branch begins that has none of its own yet.

    Raises:
        WorkError: it is gone.
    """
    if identity.parent is None:
        return None
    found = origin_checkpoint(source, identity)
    if found is None:
        subject = f"checkpoint {identity.parent.step} of {identity.parent.run}"
        raise WorkError(subject, "is gone, or cannot be read any more", "Branch from another checkpoint.")
    folder, manifest = found
    return Kept(folder=folder, manifest=manifest, starred=is_starred(folder), damage=examine(folder, manifest))
