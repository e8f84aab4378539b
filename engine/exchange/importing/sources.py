"""Which files are to be imported, and what each of them is by its name and place. Torch-free."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import RequestError
from engine.exchange.folder_layout import CONFIG, LOSS_LOG, OPTIONS, REFERENCE_NAMED, WEIGHTS
from engine.exchange.importing.told_numbers import MOST, whole_number
from engine.exchange.reference_options import Options, read_options
from engine.protocol.choice import LATEST
from engine.protocol.exchange import ImportJob

LONE_GENERATOR = "G"
"""What a file without a name of the reference's is taken for."""
_LARGEST_TEXT = 200_000_000
"""Bytes of a loss log or a file of options that are read at most: two million lines."""


@dataclass(kw_only=True)
class Sources:
    """What is to be imported."""

    weights: dict[str, Path] = field(default_factory=dict)
    """By network, as the reference calls it: G_A, G_B, D_A, D_B, or G, D."""
    epoch: int | None = None
    """Of the weights, where their names tell it."""
    exported: Path | None = None
    """A folder as `gan-tui export --format safetensors` writes it."""
    options: Path | None = None
    loss_log: Path | None = None
    beside: bool = False
    """Whether nobody has named that: it lies beside the weights."""
    wanted_name: str = "imported"
    """For the run."""


def sources_of(job: ImportJob) -> Sources:
    """The files that a job names, and those that lie beside them.

    Raises:
        RequestError: one is not there, cannot be looked at, or is of no known kind.
    """
    paths = [_existing(Path(os.fsdecode(path))) for path in job.paths]
    found = Sources()
    try:
        for path in paths:
            if path.is_dir():
                _look_into(path, job.epoch, found, alone=len(paths) == 1)
            else:
                _take_file(path, found)
    except OSError as error:
        fact = f"cannot be looked at ({error.strerror})"
        raise RequestError(str(error.filename), fact, "Make it readable.") from error
    _check_options(job, found, of_folder=any(path.is_dir() for path in paths))
    if job.loss_log:
        _take_log(_existing(Path(os.fsdecode(job.loss_log))), found)
    if not (found.weights or found.exported or found.loss_log):
        raise RequestError(str(paths[0]), "holds no weights and no loss log", "Name what is to be imported.")
    return found


def _check_options(job: ImportJob, found: Sources, *, of_folder: bool) -> None:
    """Refuse what says nothing of these files."""
    if job.epoch != LATEST and not (of_folder and found.weights):
        raise RequestError(f"--epoch {job.epoch}", "is of a folder of weights, and none is named", "Leave it out.")
    if job.step is not None and not (found.weights or found.exported):
        raise RequestError(f"--step {job.step}", "is of weights, and none are named", "Leave it out.")
    if job.step is not None and job.step > MOST:
        raise RequestError(f"--step {job.step}", f"is more than {MOST:,}", "Give the steps of the training.")
    if job.method and found.exported:
        raise RequestError(f"--method {job.method}", f"is told by {found.exported / CONFIG}", "Leave it out.")


def read_text(path: Path) -> str:
    """A text file of the reference's. Raises RequestError: it cannot be read."""
    try:
        if not path.is_file():
            raise RequestError(str(path), "is no file", "Name a text file.")
        if path.stat().st_size > _LARGEST_TEXT:
            raise RequestError(str(path), f"has more than {_LARGEST_TEXT // 10**6} MB", "Cut it.")
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise RequestError(str(path), f"cannot be read ({error.strerror})", "Make it readable.") from error


def options_in(found: Sources) -> Options:
    """The options beside the weights; none where there is no such file."""
    return read_options(read_text(found.options)) if found.options else {}


def _existing(path: Path) -> Path:
    try:
        if path.exists():
            return path
        fact = "leads nowhere" if path.is_symlink() else "does not exist"
    except OSError as error:
        fact = f"cannot be looked at ({error.strerror})"
    raise RequestError(str(path), fact, "Name .pth files, a folder of them, or a loss_log.txt.")


def _look_into(folder: Path, epoch: str, found: Sources, *, alone: bool) -> None:
    """Take what belongs together in a folder. Raises RequestError: nothing of the epoch does."""
    found.wanted_name = folder.resolve().name
    if (folder / CONFIG).is_file() and any(folder.glob(f"*{WEIGHTS}")):
        if not alone:
            raise RequestError(str(folder), "is an export of gan-tui, and something else is named", "Import it alone.")
        found.exported = folder
        return
    named = {path: match for path in sorted(folder.iterdir()) if (match := REFERENCE_NAMED.fullmatch(path.name))}
    epochs = sorted({match["epoch"] for match in named.values()}, key=lambda name: (name == LATEST, name.zfill(9)))
    number = whole_number(epoch)
    wanted = epoch if number is None else str(number)
    chosen = {path: match for path, match in named.items() if match["epoch"] == wanted}
    if named and not chosen:
        known = ", ".join(epochs[-6:])
        raise RequestError(f"{folder}, epoch {epoch}", "is not there", f"Choose with --epoch: {known}.")
    for path, match in chosen.items():
        _take(path, match["network"], wanted, found)
    _take_beside(folder, found)
    if not named and found.loss_log is None:
        fact = "holds neither weights called latest_net_G_A.pth and the like nor a loss_log.txt"
        raise RequestError(str(folder), fact, "Name the files themselves.")


def _take_file(path: Path, found: Sources) -> None:
    if path.suffix == ".txt":
        _take_log(path, found)
        found.wanted_name = path.resolve().parent.name if found.wanted_name == "imported" else found.wanted_name
        found.options = found.options or _file(path.with_name(OPTIONS))
        return
    match = REFERENCE_NAMED.fullmatch(path.name)
    if match:
        _take(path, match["network"], match["epoch"], found)
        found.wanted_name = path.resolve().parent.name
        _take_beside(path.parent, found)
    else:
        _take(path, LONE_GENERATOR, LATEST, found)
        found.wanted_name = path.stem


def _take(path: Path, network: str, epoch: str, found: Sources) -> None:
    if network in found.weights:
        fact = f"is a second file for the network {network}, beside {found.weights[network]}"
        raise RequestError(str(path), fact, "Name one for each: latest_net_G_A.pth, latest_net_G_B.pth, ...")
    number = None if epoch == LATEST else int(epoch)
    if found.weights and number != found.epoch:
        raise RequestError(str(path), "is of another epoch than the files before it", "Name files of one epoch.")
    found.weights[network], found.epoch = path, number


def _take_log(path: Path, found: Sources) -> None:
    """Take a loss log that was named. Raises RequestError: it is the second."""
    if found.loss_log is not None and not found.beside:
        raise RequestError(str(path), f"is a second loss log, beside {found.loss_log}", "Name one.")
    found.loss_log, found.beside = path, False


def _take_beside(folder: Path, found: Sources) -> None:
    found.options = found.options or _file(folder / OPTIONS)
    if found.loss_log is None:
        found.loss_log = _file(folder / LOSS_LOG)
        found.beside = found.loss_log is not None


def _file(path: Path) -> Path | None:
    return path if path.is_file() else None
