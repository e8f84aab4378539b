"""Runs that were imported (gan-tui import), and what they have nothing of."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import RequestError
from engine.protocol.checkpoints import list_checkpoints, unreadable_checkpoints
from engine.protocol.course import checkpoints_on_record
from engine.protocol.rundir import Identity, RunDirectory, read_identity

IMPORTED = "imported"
"""The preset of a run that was made of files, and of its branches; there is none of that name."""


def is_imported(identity: Identity) -> bool:
    """Whether a run was made of files, and is no branch of such a one."""
    return _is_of_files(identity) and identity.parent is None


def require_weights(run: RunDirectory) -> None:
    """Refuse a run of losses alone, whose config.toml has no more than a method's defaults.

    Raises:
        RequestError: it is one; WorkError: run.json cannot be read.
    """
    if is_imported(read_identity(run)) and not _had_weights(run):
        fix = f"Import its weights too: gan-tui import FOLDER --name {run.name}-whole"
        raise RequestError(f"run {run.name}", "holds losses alone, which were imported without weights", fix)


def how_to_begin_anew(identity: Identity, train: Callable[[str], str] = "gan-tui train {}".format) -> str:
    """What is left to do where nothing of a run can be taken up, as a clause.

    Args:
        identity: the run's.
        train: says how a run of a preset is begun.
    """
    return "import it again: gan-tui import" if _is_of_files(identity) else f"train it anew: {train(identity.preset)}"


def _had_weights(run: RunDirectory) -> bool:
    """Whether a run has checkpoints, or should have."""
    return bool(list_checkpoints(run) or unreadable_checkpoints(run) or checkpoints_on_record(run))


def _is_of_files(identity: Identity) -> bool:
    return identity.preset == IMPORTED and not identity.preset_path
