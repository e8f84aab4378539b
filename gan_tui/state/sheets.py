"""Which of a run's contact sheets is looked at."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.events import Sampled


def sheet_of(sheets: Sequence[Sampled], path: str | None) -> Sampled | None:
    """The sheet at a path; the newest with None, or where there is none of that path."""
    if not sheets:
        return None
    return next((sheet for sheet in sheets if sheet.path == path), sheets[-1])


def sheet_at(sheets: Sequence[Sampled], step: float) -> Sampled | None:
    """The newest sheet of a step or before it, or the first."""
    until = [sheet for sheet in sheets if sheet.step <= step]
    return until[-1] if until else sheets[0] if sheets else None


def stepped(sheets: Sequence[Sampled], path: str | None, by: int) -> str | None:
    """The path of the sheet so many after the one at a path; None, which follows the newest, where that is the last."""
    if not sheets:
        return None
    paths = [sheet.path for sheet in sheets]
    current = paths.index(path) if path in paths else len(paths) - 1
    target = min(max(0, current + by), len(paths) - 1)
    return None if target == len(paths) - 1 else paths[target]
