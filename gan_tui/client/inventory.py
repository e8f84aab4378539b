"""A run's checkpoints as a user chooses among them: which has a star, which is the best, which cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.config.figure_names import OBJECTIVE
from engine.protocol.checkpoints import (
    Manifest,
    is_starred,
    list_checkpoints,
    missing_or_cut,
    note_on,
    unreadable_checkpoints,
)
from engine.protocol.choice import Examine, by_objective
from engine.protocol.measured import by_figure, configured_best_by, counting, evaluations_of, figures_of
from engine.protocol.rundir import RunDirectory


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A checkpoint that says what it is; whether its files are whole is another matter."""

    folder: Path
    manifest: Manifest
    starred: bool = False
    note: str = ""
    """What the user has written down about it."""
    best: bool = False
    """Whether no other is better by the run's checkpoint.best_by."""
    figures: dict[str, float | None] = field(default_factory=dict)
    """What evaluations have measured of it last (engine.config.figures)."""
    damage: str = ""
    """What is wrong with its files, as a clause, so far as they have been examined."""


@dataclass(frozen=True, kw_only=True)
class UnreadableCheckpoint:
    """A folder that is named as a checkpoint and does not say what it is."""

    folder: Path
    damage: str


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """The checkpoints that were in a run's folder when it was looked at."""

    checkpoints: tuple[Kept, ...] = ()
    """Oldest first."""
    unreadable: tuple[UnreadableCheckpoint, ...] = ()

    @property
    def newest_first(self) -> tuple[Kept, ...]:
        """The checkpoints, newest first."""
        return self.checkpoints[::-1]


def take_inventory(run: RunDirectory, examine: Examine = missing_or_cut) -> Inventory:
    """Look at a run's checkpoints; by default without reading more of them than their manifests."""
    listed = [(folder, manifest, examine(folder, manifest)) for folder, manifest in list_checkpoints(run)]
    evaluations, best_by = evaluations_of(run), configured_best_by(run)
    counted = counting(evaluations)
    whole = [(folder, manifest) for folder, manifest, damage in listed if not damage]
    ranked = by_objective(whole) if best_by == OBJECTIVE else by_figure(evaluations, whole, best_by)
    best = ranked[0][0] if ranked else None
    kept = tuple(
        Kept(
            folder=folder,
            manifest=manifest,
            starred=is_starred(folder),
            note=note_on(folder),
            best=folder == best,
            figures=figures_of(counted, manifest),
            damage=damage,
        )
        for folder, manifest, damage in listed
    )
    unreadable = tuple(
        UnreadableCheckpoint(folder=folder, damage=damage) for folder, damage in unreadable_checkpoints(run)
    )
    return Inventory(checkpoints=kept, unreadable=unreadable)


class Examined:
    """An examination of checkpoints that is made once of each."""

    def __init__(self, examine: Examine) -> None:
        self._examine = examine
        self._found: dict[Path, str] = {}

    def __call__(self, folder: Path, manifest: Manifest) -> str:
        """What is wrong with a checkpoint, as a clause; empty for a whole one."""
        if folder not in self._found:
            self._found[folder] = self._examine(folder, manifest)
        return self._found[folder]

    def so_far(self, folder: Path, manifest: Manifest) -> str:
        """The same as far as it has been looked at; of others, what their files' names and sizes show."""
        found = self._found.get(folder)
        return missing_or_cut(folder, manifest) if found is None else found
