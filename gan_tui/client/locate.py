"""Finding runs: by path, by name, by a unique beginning of a name, or the most recent live one."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from engine.config.user_paths import at_home
from engine.errors import GanTuiError, RequestError
from engine.protocol.checkpoints import MANIFEST
from engine.protocol.choice import LATEST
from engine.protocol.rundir import LIVE_STATES, Identity, RunDirectory, read_identity

DEFAULT_FOLDER = "runs"
FOLDER_VARIABLE = "GAN_TUI_RUNS_DIR"


def runs_folder(given: Path | None) -> Path:
    """Where runs are kept: as asked for, as the environment says, or ``runs`` in the working directory.

    Raises:
        RequestError: a file is in its place.
    """
    folder = at_home(given or os.environ.get(FOLDER_VARIABLE, DEFAULT_FOLDER)).resolve()
    if folder.exists() and not folder.is_dir():
        raise RequestError(str(folder), "is not a folder", "Choose another --runs-dir.")
    return folder


def list_runs(folder: Path) -> list[tuple[RunDirectory, Identity]]:
    """Every readable run in a folder, newest first."""
    readable = [(run, found) for run, found in _examined(folder) if isinstance(found, Identity)]
    return sorted(readable, key=lambda pair: pair[1].created, reverse=True)


def list_damaged(folder: Path) -> list[tuple[RunDirectory, GanTuiError]]:
    """Every run in a folder whose run.json cannot be read, by name, and why."""
    damaged = [(run, found) for run, found in _examined(folder) if isinstance(found, GanTuiError)]
    return sorted(damaged, key=lambda pair: pair[0].name)


def _examined(folder: Path) -> Iterator[tuple[RunDirectory, Identity | GanTuiError]]:
    for path in folder.glob("*/run.json"):
        run = RunDirectory(path.parent)
        try:
            yield run, read_identity(run)
        except GanTuiError as error:
            yield run, error


def find_run(given: str, folder: Path) -> RunDirectory:
    """The run that a command's RUN means, readable or not.

    Raises:
        RequestError: nothing is called so, or several are.
    """
    if not given:
        raise RequestError("RUN", "is empty", "Name a run, or leave it out where a command allows that.")
    try:
        path = at_home(given)
        is_run, is_file = (path / "run.json").is_file(), path.is_file()
    except OSError as error:  # such as too long a name
        raise RequestError(f"run {given}", f"cannot be looked at ({error.strerror})", "Name another run.") from error
    if is_run:
        return RunDirectory(path.resolve())
    names = sorted(path.parent.name for path in folder.glob("*/run.json"))
    matches = [name for name in names if name == given] or [name for name in names if name.startswith(given)]
    if len(matches) == 1:
        return RunDirectory(folder / matches[0])
    if matches:
        raise RequestError(f"run {given}", f"could be any of {_some(matches)}", "Write more of its name.")
    if is_file:
        raise _no_run(path, folder)
    there = f"There are {_some(names)}." if names else "There is none yet: gan-tui train PRESET"
    raise RequestError(f"run {given}", f"is neither a run in {folder} nor a run directory", there)


def find_run_and_checkpoint(given: str, checkpoint: str | None, folder: Path) -> tuple[RunDirectory, str]:
    """The run that a command's RUN|CHECKPOINT means, and which of its checkpoints, as choose_checkpoint takes it.

    Args:
        given: a run as find_run takes it, or the folder of a checkpoint in a run's directory.
        checkpoint: the one that an option names, if any.
        folder: where runs are kept.

    Raises:
        RequestError: as find_run; or it is a checkpoint outside of a run, or another is named beside it.
    """
    path = at_home(given)
    try:
        is_checkpoint = bool(given) and (path / MANIFEST).is_file()
    except OSError:  # too long a name: find_run says so
        is_checkpoint = False
    if not is_checkpoint:
        return find_run(given, folder), checkpoint or LATEST
    path = path.resolve()
    run = RunDirectory(path.parent.parent)
    if path.parent != run.checkpoints or not run.config.is_file():
        fix = "Copy the run's directory with its config.toml, and name the checkpoint in that."
        raise RequestError(str(path), "is a checkpoint outside of a run's directory", fix)
    if checkpoint is not None:
        raise RequestError(
            "--checkpoint", "is given beside the folder of a checkpoint", "Name the run, or leave it out."
        )
    return run, path.name


def _no_run(file: Path, folder: Path) -> RequestError:
    """Why a file means no run."""
    from engine.protocol.access import is_access_file  # late: hardly ever is a file in a run's place

    if is_access_file(file):
        fix = "The run is on another machine. Here it is reached by: gan-tui attach, gan-tui ctl"
        return RequestError(str(file), "is an access file, not a run directory", fix)
    fact = f"is a file that is no access file, and no run in {folder} is called so"
    return RequestError(str(file), fact, "Name a run, or a file as `gan-tui access RUN FILE` writes it.")


def called(run: RunDirectory) -> str:
    """What a command typed here is to call a run: its name, where that finds it, or its path."""
    try:
        kept, here = runs_folder(None), Path.cwd()
    except FileNotFoundError:  # the working directory was deleted
        return shlex.quote(str(run.root))
    if run.root.parent.resolve() == kept:
        return run.name
    return shlex.quote(str(run.root.relative_to(here) if run.root.is_relative_to(here) else run.root))


def most_recent_live(folder: Path) -> RunDirectory:
    """The live run started last.

    Raises:
        RequestError: none is live.
    """
    from gan_tui.client.remote import standings_of  # late: most commands find a run without asking anybody

    runs = list_runs(folder)
    for (run, _), state in zip(runs, standings_of(runs), strict=True):
        if state in LIVE_STATES:
            return run
    fix = f"Name one to look at its record: {_some([run.name for run, _ in runs])}." if runs else "gan-tui train PRESET"
    raise RequestError(f"runs in {folder}", "are none that train now" if runs else "do not exist", fix)


def _some(names: list[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
