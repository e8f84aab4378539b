"""Finding runs: by path, by name, by a unique beginning of a name, or the most recent live one."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import GanTuiError, RequestError
from engine.protocol.rundir import Identity, RunDirectory, read_identity, viewed_state

DEFAULT_FOLDER = "runs"
FOLDER_VARIABLE = "GAN_TUI_RUNS_DIR"


def runs_folder(given: Path | None) -> Path:
    """Where runs are kept: as asked for, as the environment says, or ``runs`` in the working directory."""
    return (given or Path(os.environ.get(FOLDER_VARIABLE, DEFAULT_FOLDER))).expanduser().resolve()


def list_runs(folder: Path) -> list[tuple[RunDirectory, Identity]]:
    """Every readable run in a folder, newest first."""
    found = []
    for path in folder.glob("*/run.json"):
        run = RunDirectory(path.parent)
        try:
            found.append((run, read_identity(run)))
        except GanTuiError:
            continue
    return sorted(found, key=lambda pair: pair[1].created, reverse=True)


def find_run(given: str, folder: Path) -> RunDirectory:
    """The run that a command's RUN means.

    Raises:
        RequestError: nothing is called so, or several are.
    """
    if not given:
        raise RequestError("RUN", "is empty", "Name a run, or leave it out where a command allows that.")
    path = Path(given).expanduser()
    if (path / "run.json").is_file():
        return RunDirectory(path.resolve())
    names = sorted(run.name for run, _ in list_runs(folder))
    matches = [name for name in names if name == given] or [name for name in names if name.startswith(given)]
    if len(matches) == 1:
        return RunDirectory(folder / matches[0])
    if matches:
        raise RequestError(f"run {given}", f"could be any of {_some(matches)}", "Write more of its name.")
    there = f"There are {_some(names)}." if names else "There is none yet: gan-tui train PRESET"
    raise RequestError(f"run {given}", f"is neither a run in {folder} nor a run directory", there)


def most_recent_live(folder: Path) -> RunDirectory:
    """The live run started last.

    Raises:
        RequestError: none is live.
    """
    runs = list_runs(folder)
    for run, identity in runs:
        if viewed_state(run, identity) in ("starting", "training", "paused", "stopping"):
            return run
    fix = f"Name one to look at its record: {_some([run.name for run, _ in runs])}." if runs else "gan-tui train PRESET"
    raise RequestError(f"runs in {folder}", "are none that train now" if runs else "do not exist", fix)


def _some(names: list[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
