"""A new run from a preset: all that can be refused about it, then its directory; for the command and the browser."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import RequestError
from engine.protocol.rundir import NAME_PATTERN, RunDirectory, create_run, require_unused_name, unused_name
from gan_tui.client.beginning import notices_of_beginning
from gan_tui.client.false_start import is_false_start, name_aside, put_aside
from gan_tui.client.gpus import require_gpus
from gan_tui.client.notices import Notice
from gan_tui.client.prepare import Prepared, prepare


@dataclass(frozen=True, kw_only=True)
class NewRun:
    """A run that can be begun and is not there yet."""

    folder: Path
    """Of runs."""
    name: str | None
    """None: the preset's, or that with the first free number behind it."""
    prepared: Prepared
    notices: tuple[Notice, ...]
    """What is worth knowing before it begins."""


def check_new_run(
    preset: str,
    settings: list[str],
    flags: Mapping[str, Any],
    folder: Path,
    name: str | None = None,
    *,
    here: bool = True,
) -> NewRun:
    """Look whether a run can be begun; nothing is written.

    Args:
        preset: a file, or the name of a shipped preset.
        settings: ``section.key=value``.
        flags: key to value, for the keys that have an option of their own.
        folder: of runs.
        name: the run's; None for one after the preset's.
        here: whether this machine's GPUs are all that it will have.

    Raises:
        RequestError: the preset, a setting, the data, the device, the number of GPUs or the name is not right.
    """
    prepared = prepare(preset, settings, flags, folder)
    if here:
        require_gpus(prepared.config.run, prepared.config.run.gpus)
    failed = _false_start(folder, name or prepared.preset)
    if name is not None and failed is None:
        require_unused_name(folder, name)
    notices = (*_of_what_makes_room(failed), *notices_of_beginning(prepared.config))
    return NewRun(folder=folder, name=name, prepared=prepared, notices=notices)


def make_new_run(new: NewRun) -> RunDirectory:
    """Make the run's directory, ready for an engine; one of its name whose start was refused gets another name.

    Raises:
        RequestError: the name has been taken meanwhile; WorkError: the directory cannot be made.
    """
    prepared = new.prepared
    failed = _false_start(new.folder, new.name or prepared.preset)
    if failed is not None:
        put_aside(failed)
    return create_run(
        new.folder,
        name=new.name or unused_name(new.folder, prepared.preset),
        method=prepared.method,
        preset=prepared.preset,
        config_toml=prepared.toml,
        parent=None,
        preset_path=prepared.path,
    )


def _false_start(folder: Path, name: str) -> RunDirectory | None:
    """The run of that name, where it was refused at its start."""
    run = RunDirectory(folder / name)
    return run if NAME_PATTERN.fullmatch(name) and is_false_start(run) else None


def _of_what_makes_room(failed: RunDirectory | None) -> Iterator[Notice]:
    if failed is not None:
        fix = f"It is kept as {name_aside(failed)}, and its name is free."
        yield Notice(subject=f"run {failed.name}", fact="was refused at its start and never trained", fix=fix)


def typed_settings(line: str) -> list[str]:
    """The settings in a line that was typed, divided as a shell divides it: quotation marks keep blanks together.

    Raises:
        RequestError: a quotation mark is not closed.
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        fact = "has a quotation mark or a backslash with nothing after it"
        raise RequestError(f"--set {line}", fact, "Close it, or take it out.") from error
