"""Saving the whole state of a run and taking it up again: safetensors, and the rest readable without pickled code.

A checkpoint is written under another name, made durable and then renamed, so that a folder ``step-…`` is always whole.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors.torch import load_file
from torch.optim import Optimizer

from engine.config.figure_names import OBJECTIVE
from engine.errors import WorkError
from engine.methods.method import Method
from engine.protocol.adoption import make_checkpoints_folder
from engine.protocol.checkpoints import (
    MANIFEST,
    THUMBNAIL,
    TRAINING_STATE,
    Manifest,
    StoredFile,
    aside_of,
    damage_of,
    digest,
    doomed_of,
    draft_of,
    folder_name,
    is_starred,
    list_checkpoints,
    list_folders,
    read_manifest,
    replaced_of,
)
from engine.protocol.codec import DecodeError
from engine.protocol.measured import evaluations_of
from engine.protocol.rundir import RunDirectory, sync_path
from engine.retention import Retention
from engine.snapshot import Snapshot, require_finite, restore_random_states
from engine.tensor_files import write_state, write_weights

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unsaved:
    """A checkpoint that could not be written."""

    step: int
    error: Exception

    @property
    def reason(self) -> str:
        """Why, in few words."""
        return (isinstance(self.error, OSError) and self.error.strerror) or str(self.error)


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A checkpoint that reached the disk."""

    manifest: Manifest
    path: str
    """Relative to the run directory."""
    seconds: float
    size: int
    """Bytes on disk."""
    removed: tuple[int, ...]
    """Steps of the older checkpoints that were deleted."""


def write_checkpoint(run: RunDirectory, snapshot: Snapshot) -> Path:
    """Write a snapshot to the run's folder of checkpoints; returns the finished checkpoint.

    One of that step that is there already is replaced, as when a control was changed and the state saved again.

    Raises:
        NotFiniteError: a network or an optimizer holds NaN or infinity; nothing is written.
        OSError: the disk does not take it; nothing of it is left.
    """
    require_finite(snapshot)
    make_checkpoints_folder(run)
    final = run.checkpoints / folder_name(snapshot.manifest.step)
    draft = draft_of(final)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        for name, tensors in snapshot.networks.items():
            write_weights(tensors, draft / f"{name}.safetensors")
        write_state(snapshot.training, draft / TRAINING_STATE)
        if snapshot.thumbnail is not None:
            (draft / THUMBNAIL).write_bytes(snapshot.thumbnail)
        written = sorted(draft.iterdir())
        files = {path.name: StoredFile(sha256=digest(path), size=path.stat().st_size) for path in written}
        manifest = msgspec.structs.replace(snapshot.manifest, files=files)
        (draft / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        for path in draft.iterdir():
            sync_path(path)
        sync_path(draft)
        _put_in_place(draft, final)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return final


def _put_in_place(draft: Path, final: Path) -> None:
    """Give a finished draft its name; at any instant a whole checkpoint of the step has it or waits to get it back."""
    replaced = replaced_of(final)
    if final.exists():
        final.rename(replaced)
    try:
        draft.rename(final)
    except OSError:
        if replaced.exists():
            replaced.rename(final)
        raise
    sync_path(final.parent)
    if replaced.exists():
        _dismiss(replaced, final)


def _dismiss(replaced: Path, final: Path) -> None:
    """Delete a checkpoint that a newer one of the same run and step has replaced; keep it aside in any other case."""
    try:
        superseded = read_manifest(replaced).run == read_manifest(final).run and not is_starred(replaced)
    except (OSError, DecodeError):
        superseded = False
    if superseded:
        doomed = doomed_of(final)
        shutil.rmtree(doomed, ignore_errors=True)
        replaced.rename(doomed)  # what is half deleted is not to be taken for what waits
        shutil.rmtree(doomed, ignore_errors=True)
    else:
        replaced.rename(aside_of(final))


def remove_surplus(run: RunDirectory, retention: Retention, newest: Path) -> tuple[int, ...]:
    """Delete the checkpoints that no rule keeps; returns their steps.

    Args:
        run: whose.
        retention: the rules.
        newest: the checkpoint that was written last, which is never deleted.
    """
    removed = []
    evaluations = [] if retention.best_by == OBJECTIVE else evaluations_of(run)
    for folder, manifest in retention.surplus(list_checkpoints(run), newest, evaluations):
        doomed = doomed_of(folder)
        shutil.rmtree(doomed, ignore_errors=True)
        try:
            folder.rename(doomed)  # from here on it is no checkpoint, however far the deletion comes
        except OSError as error:
            log.warning("%s could not be deleted (%s)", folder.name, error)
            continue
        removed.append(manifest.step)
        with suppress(OSError):  # it stays under its other name, until an engine sweeps
            sync_path(run.checkpoints)  # else a power cut may bring the name back, and not all of what was in it
            shutil.rmtree(doomed)
    return tuple(removed)


def set_aside_after(run: RunDirectory, step: int) -> None:
    """Move a run's checkpoints of later steps out of the way: the course that made them is not continued."""
    for folder, manifest in list_checkpoints(run):
        if manifest.step > step:
            folder.rename(aside_of(folder))


def sweep(run: RunDirectory) -> None:
    """Complete or undo what a killed engine was doing to files; only for the engine that holds the run's lock."""
    for folder, _ in list_folders(run, "draft", "doomed"):
        shutil.rmtree(folder, ignore_errors=True)
    for replaced, step in list_folders(run, "replaced"):
        final = run.checkpoints / folder_name(step)
        if final.exists():
            _dismiss(replaced, final)
        else:
            replaced.rename(final)
    for draft in (*run.root.glob(".*.part"), *run.samples.glob(".step-*.part")):
        draft.unlink(missing_ok=True)


def load_checkpoint(folder: Path, manifest: Manifest, method: Method) -> dict[str, Any]:
    """Put a checkpoint's state into a method and PyTorch's random generators.

    Returns:
        The rest of its training state, as given to copy_state.

    Raises:
        WorkError: a file is missing, damaged, or does not fit the method's networks.
    """
    with _fitting(folder):
        training = _load_method(folder, manifest, method)
        for name, optimizer in method.optimizers.items():
            _load_optimizer(optimizer, training["optimizers"][name])
        restore_random_states(training["random"])
    return training


def load_networks(folder: Path, manifest: Manifest, method: Method) -> None:
    """Put a checkpoint's networks and its method's own state into a method, to translate with them.

    Raises:
        WorkError: as load_checkpoint.
    """
    with _fitting(folder):
        _load_method(folder, manifest, method)


@contextmanager
def _fitting(folder: Path) -> Iterator[None]:
    """Whatever a file may hold, it is not ours to know how its reader will put it: the checkpoint does not fit."""
    try:
        yield
    except WorkError:
        raise
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WorkError(f"checkpoint {folder.name}", f"does not fit this run ({reason})", _choose(folder)) from error


def _load_method(folder: Path, manifest: Manifest, method: Method) -> dict[str, Any]:
    damage = damage_of(folder, manifest)
    if damage:
        raise WorkError(f"checkpoint {folder.name}", damage, _choose(folder))
    for name, network in method.networks.items():
        file = f"{name}.safetensors"
        if file in manifest.files or name not in method.averages:  # a branch may begin to keep averages
            network.load_state_dict(load_file(folder / file))
    training: dict[str, Any] = torch.load(folder / TRAINING_STATE, map_location="cpu", weights_only=True)
    method.load_state_dict(training["method"])
    return training


def _choose(folder: Path) -> str:
    return f"Choose another: gan-tui checkpoints {folder.parents[1].name}"


def _load_optimizer(optimizer: Optimizer, state: dict[str, Any]) -> None:
    """Take up an optimizer's moments; its settings are the configuration's, which a branch may have changed."""
    settings = [{key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    for group, kept in zip(optimizer.param_groups, settings, strict=True):
        group.update(kept)
