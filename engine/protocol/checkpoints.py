"""Checkpoints as files: their names, their manifest, and which of a run's are whole."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from engine.errors import RequestError
from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.events import SaveReason, StagedChange
from engine.protocol.rundir import RunDirectory

CHECKPOINT_SCHEMA = 1
MANIFEST = "manifest.json"
TRAINING_STATE = "training.pt"
THUMBNAIL = "thumbnail.png"
STAR = "starred"
"""An empty file with which a user marks a checkpoint that is not to be deleted."""

_NAME = re.compile(r"step-(\d{8,})")


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
    data: str = ""
    """SHA-256 of the training images' names in their order; another one means another order of images from here on."""
    files: dict[str, StoredFile]

    @property
    def size(self) -> int:
        """Bytes on disk, the manifest left out."""
        return sum(file.size for file in self.files.values())


_manifests = msgspec.json.Decoder(Manifest)


def folder_name(step: int) -> str:
    """The name of the checkpoint of a step."""
    return f"step-{step:08d}"


def list_checkpoints(run: RunDirectory) -> list[tuple[Path, Manifest]]:
    """A run's whole checkpoints, oldest first. A folder whose manifest cannot be read is not one."""
    found = []
    for folder in run.checkpoints.glob("step-*"):
        if _NAME.fullmatch(folder.name):
            try:
                manifest = read_manifest(folder)
            except (OSError, DecodeError):
                continue
            found.append((folder, manifest))
    return sorted(found, key=lambda pair: pair[1].step)


def read_manifest(folder: Path) -> Manifest:
    """A checkpoint's manifest. Raises OSError or DecodeError when it cannot be read."""
    manifest = decode_json(_manifests, (folder / MANIFEST).read_bytes())
    if manifest.schema > CHECKPOINT_SCHEMA:
        raise DecodeError(
            f"it is of version {manifest.schema} of the format, and this gan-tui reads {CHECKPOINT_SCHEMA}"
        )
    return manifest


def unreadable_checkpoints(run: RunDirectory) -> list[tuple[Path, str]]:
    """Folders that are named as checkpoints and whose manifest cannot be read, with the reason; oldest first."""
    found = []
    for folder in sorted(run.checkpoints.glob("step-*")):
        if _NAME.fullmatch(folder.name):
            try:
                read_manifest(folder)
            except (OSError, DecodeError) as error:
                found.append((folder, f"has no readable {MANIFEST} ({error})"))
    return found


def is_starred(folder: Path) -> bool:
    """Whether a user has marked the checkpoint to be kept."""
    return (folder / STAR).exists()


def set_star(folder: Path, starred: bool) -> None:
    """Mark a checkpoint to be kept, or not any more. Raises OSError when the folder is gone or cannot be written."""
    if starred:
        (folder / STAR).touch()
    else:
        (folder / STAR).unlink(missing_ok=True)


def choose_checkpoint(run: RunDirectory, which: str) -> tuple[Path, Manifest]:
    """The checkpoint that a request names: a step, or "latest".

    Raises:
        RequestError: there is none, or none of that step.
    """
    checkpoints = list_checkpoints(run)
    if not checkpoints:
        raise RequestError(f"run {run.name}", "has no checkpoint", "Train it anew: gan-tui train PRESET")
    if which == "latest":
        return checkpoints[-1]
    steps = {str(manifest.step): (folder, manifest) for folder, manifest in checkpoints}
    wanted = which.replace(",", "").removeprefix("step-").lstrip("0") or "0"
    if wanted not in steps:
        fix = f"There are {', '.join(steps)}, and latest."
        raise RequestError(f"checkpoint {which} of run {run.name}", "does not exist", fix)
    return steps[wanted]


def damage_of(folder: Path, manifest: Manifest) -> str:
    """What is wrong with a checkpoint's files, as a clause; empty when each is as it was written."""
    for name, stored in manifest.files.items():
        path = folder / name
        if not path.is_file():
            return f"lacks its file {name}"
        if path.stat().st_size != stored.size:
            return f"has a truncated file {name} ({path.stat().st_size:,} of {stored.size:,} bytes)"
        if digest(path) != stored.sha256:
            return f"has a damaged file {name} (its SHA-256 differs from the manifest's)"
    return ""


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
