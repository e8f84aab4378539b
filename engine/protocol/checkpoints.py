"""Checkpoints as files: their names, their manifest, and which of a run's are whole."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from engine.config.trained_networks import NetworkSettings
from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.events import SaveReason, StagedChange
from engine.protocol.rundir import RunDirectory, write_atomically

CHECKPOINT_SCHEMA = 1
MANIFEST = "manifest.json"
TRAINING_STATE = "training.pt"
THUMBNAIL = "thumbnail.png"
STAR = "starred"
"""An empty file with which a user marks a checkpoint that is not to be deleted."""
NOTE = "note.txt"
"""What a user has written down about a checkpoint."""
MAX_NOTE_BYTES = 8192
"""Of that file; what is beyond is not read."""

FolderKind: TypeAlias = Literal["checkpoint", "aside", "draft", "doomed", "replaced"]
"""What a folder among the checkpoints is, by its name: a checkpoint; one that was found damaged or belongs to a course
not continued; one being written; one being deleted; one whose name a newer one of the same step is taking."""

_KINDS: dict[FolderKind, re.Pattern[str]] = {
    "checkpoint": re.compile(r"step-(?P<step>[0-9]{8,})"),
    "aside": re.compile(r"abandoned-[0-9]+-step-(?P<step>[0-9]{8,})"),
    "draft": re.compile(r"\.step-(?P<step>[0-9]{8,})\.[0-9]+\.part"),
    "doomed": re.compile(r"\.step-(?P<step>[0-9]{8,})\.old"),
    "replaced": re.compile(r"\.step-(?P<step>[0-9]{8,})\.replaced"),
}


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a checkpoint, as it was written."""

    sha256: str
    size: int
    """Bytes."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The losses of one line of metrics."""

    step: int
    losses: dict[str, float | None]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """manifest.json: what the checkpoint holds, readable without loading it."""

    schema: int = CHECKPOINT_SCHEMA
    run: str
    """Id of the run that wrote it."""
    seq: int = 0
    """The newest event of that run's record when the state was copied."""
    step: int
    epoch: int
    """The epoch in progress, from 1."""
    images: int
    time: float
    """When the state was copied, in Unix seconds."""
    reason: SaveReason
    losses: dict[str, float | None]
    """The newest line of metrics before it."""
    recent: tuple[Reading, ...] = ()
    """The newest lines of metrics before it, oldest first."""
    objective: float | None = None
    """The mean over ``recent`` of what the generators minimise, each component weighted as it was; None where unknown.
    Lower is better only among checkpoints of equal weights, and says nothing of how pictures look."""
    lr: dict[str, float] = {}
    """Each optimizer's effective learning rate in the step that follows."""
    factor: float | None = None
    """What the schedule multiplies the base rates with in that step."""
    controls: dict[str, float]
    staged: tuple[StagedChange, ...] = ()
    """Changes accepted for a later step."""
    networks: NetworkSettings = {}
    """What the networks are built by, as the configuration had it; empty in a checkpoint of before this was kept."""
    anew: tuple[str, ...] = ()
    """Of imported weights: what is not theirs and begins anew with them, such as "the optimizers"."""
    data: str = ""
    """SHA-256 of the training images' names in their order; another one means another order of images from here on."""
    files: dict[str, StoredFile]

    @property
    def size(self) -> int:
        """Bytes on disk, the manifest left out."""
        return sum(file.size for file in self.files.values())


_manifests = msgspec.json.Decoder(Manifest)


# -------------------------------------------------------------------------------------------------------------- names


def folder_name(step: int) -> str:
    """The name of the checkpoint of a step."""
    return f"step-{step:08d}"


def draft_of(folder: Path) -> Path:
    """Where this process writes a checkpoint before it is whole and gets its name."""
    return folder.with_name(f".{folder.name}.{os.getpid()}.part")


def doomed_of(folder: Path) -> Path:
    """Where a checkpoint is moved to be deleted: from then on it is none, however far the deletion comes."""
    return folder.with_name(f".{folder.name}.old")


def replaced_of(folder: Path) -> Path:
    """Where a checkpoint waits, whole, until a newer one of the same step has taken its name."""
    return folder.with_name(f".{folder.name}.replaced")


def aside_of(folder: Path) -> Path:
    """Where a checkpoint that is not to be taken up any more is kept: the first such name that is free."""
    names = (folder.with_name(f"abandoned-{number}-{folder.name}") for number in itertools.count(1))
    return next(path for path in names if not path.exists())


def kind_of(name: str) -> tuple[FolderKind, int] | None:
    """What a name among the checkpoints stands for, and the step in it; None where it stands for nothing."""
    for kind, pattern in _KINDS.items():
        if match := pattern.fullmatch(name):
            return kind, int(match["step"])
    return None


def list_folders(run: RunDirectory, *kinds: FolderKind) -> list[tuple[Path, int]]:
    """The folders of some kinds and the steps in their names, by step; none where they cannot be listed."""
    try:
        entries = list(run.checkpoints.iterdir())
    except OSError:
        return []
    named = ((path, kind_of(path.name)) for path in entries)
    found = [(path, known[1]) for path, known in named if known and known[0] in kinds]
    return sorted(found, key=lambda pair: (pair[1], pair[0].name))


# ---------------------------------------------------------------------------------------------------------- manifests


def list_checkpoints(run: RunDirectory) -> list[tuple[Path, Manifest]]:
    """A run's whole checkpoints, oldest first. A folder whose manifest cannot be read is not one."""
    found = []
    for folder, step in list_folders(run, "checkpoint"):
        try:
            found.append((folder, _read_as_named(folder, step)))
        except (OSError, DecodeError):
            continue
    return sorted(found, key=lambda pair: pair[1].step)


def read_manifest(folder: Path) -> Manifest:
    """A checkpoint's manifest, whose files are known to lie in the folder itself.

    Raises:
        OSError: it cannot be read.
        DecodeError: it is damaged, of a newer version, or names files elsewhere: a checkpoint may come from anybody,
            and what it names is linked, copied and read.
    """
    manifest = decode_json(_manifests, (folder / MANIFEST).read_bytes())
    if manifest.schema > CHECKPOINT_SCHEMA:
        raise DecodeError(
            f"it is of version {manifest.schema} of the format, and this gan-tui reads {CHECKPOINT_SCHEMA}"
        )
    if not all(_is_plain(name) for name in manifest.files):
        raise DecodeError("it names a file outside its folder")
    if MANIFEST in manifest.files:
        raise DecodeError("it names itself among its files")
    return manifest


def _is_plain(name: str) -> bool:
    """Whether a name is one of a file right in a folder, and can be one at all."""
    return name not in ("", ".", "..") and not {"/", "\0"} & set(name)


def _read_as_named(folder: Path, step: int) -> Manifest:
    """The manifest of a folder that is named after a step. Raises as read_manifest, also where it says another step."""
    manifest = read_manifest(folder)
    if manifest.step != step:
        raise DecodeError(f"it says step {manifest.step:,}, and its folder another")
    return manifest


def unreadable_checkpoints(run: RunDirectory) -> list[tuple[Path, str]]:
    """Folders that are named as checkpoints and whose manifest cannot be read, with the reason; oldest first."""
    found = []
    for folder, step in list_folders(run, "checkpoint"):
        try:
            _read_as_named(folder, step)
        except (OSError, DecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            found.append((folder, f"has no readable {MANIFEST} ({reason})"))
    return found


# ---------------------------------------------------------------------------------------------------- stars and notes


def is_starred(folder: Path) -> bool:
    """Whether a user has marked the checkpoint to be kept; of a folder that may not be entered, not so."""
    try:
        return (folder / STAR).exists()
    except OSError:
        return False


def set_star(folder: Path, starred: bool) -> None:
    """Mark a checkpoint to be kept, or not any more. Raises OSError when the folder is gone or cannot be written."""
    if starred:
        (folder / STAR).touch()
    else:
        (folder / STAR).unlink(missing_ok=True)


def note_on(folder: Path) -> str:
    """What a user has written down about a checkpoint; empty where that is nothing, or cannot be read."""
    try:
        with (folder / NOTE).open("rb") as file:
            return file.read(MAX_NOTE_BYTES).decode(errors="replace").strip()
    except OSError:
        return ""


def set_note(folder: Path, note: str) -> None:
    """Write something down about a checkpoint; nothing takes the note away. Raises OSError as set_star."""
    if note.strip():
        write_atomically(folder / NOTE, f"{note.strip()}\n".encode())
    else:
        (folder / NOTE).unlink(missing_ok=True)


# -------------------------------------------------------------------------------------------------------------- damage


def missing_or_cut(folder: Path, manifest: Manifest) -> str:
    """As damage_of, but by names and sizes alone: at once, and blind to changed bits."""
    return next(filter(None, (_wrong_size(folder, name, stored) for name, stored in manifest.files.items())), "")


def damage_of(folder: Path, manifest: Manifest) -> str:
    """What is wrong with a checkpoint's files, as a clause; empty when each is as it was written."""
    return missing_or_cut(folder, manifest) or next(filter(None, check_files(folder, manifest)), "")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(folder: Path, manifest: Manifest, digest: Callable[[Path], str] = digest) -> Iterator[str]:
    """What is wrong with each of a checkpoint's files in turn, as damage_of says it; reads them whole."""
    for name, stored in manifest.files.items():
        yield _wrong_size(folder, name, stored) or _wrong_content(folder, name, stored, digest)


def _wrong_size(folder: Path, name: str, stored: StoredFile) -> str:
    path = folder / name
    try:
        if not path.is_file():
            return f"lacks its file {name}"
        size = path.stat().st_size
    except OSError as error:
        return f"has an unreadable file {name} ({error.strerror})"
    how = "a truncated" if size < stored.size else "a lengthened"
    return "" if size == stored.size else f"has {how} file {name} ({size:,} of {stored.size:,} bytes)"


def _wrong_content(folder: Path, name: str, stored: StoredFile, digest: Callable[[Path], str]) -> str:
    try:
        found = digest(folder / name)
    except OSError as error:
        return f"has an unreadable file {name} ({error.strerror})"
    return "" if found == stored.sha256 else f"has a damaged file {name} (its SHA-256 differs from the manifest's)"
