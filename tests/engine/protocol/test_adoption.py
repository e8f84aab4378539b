"""A branch's own copy of a checkpoint: whole, its own, and never half of one and half of another."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from engine.protocol.adoption import adopt_checkpoint
from engine.protocol.checkpoints import (
    MANIFEST,
    Manifest,
    StoredFile,
    damage_of,
    digest,
    is_starred,
    list_checkpoints,
    read_manifest,
    set_star,
)
from engine.protocol.rundir import RunDirectory
from tests.disks import fill, small_disk


def write(folder: Path, content: bytes, seq: int = 7) -> Path:
    """A checkpoint of two files, written or replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("G_A.safetensors", "training.pt")
    for name in names:
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(content)
    files = {name: StoredFile(sha256=digest(folder / name), size=len(content)) for name in names}
    manifest = Manifest(
        run="0", seq=seq, step=7, epoch=1, images=7, time=0.0, reason="stop", losses={}, controls={}, files=files
    )
    (folder / MANIFEST).unlink(missing_ok=True)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "parent" / "checkpoints" / "step-00000007", b"weights" * 100)


def branch_in(folder: Path) -> RunDirectory:
    folder.mkdir()
    return RunDirectory(folder)


def test_it_is_whole_and_its_own_whatever_becomes_of_the_parent(folder: Path, tmp_path: Path) -> None:
    set_star(folder, True)
    branch = branch_in(tmp_path / "branch")
    copy = adopt_checkpoint(branch, folder, read_manifest(folder))
    assert copy == branch.checkpoints / "step-00000007"
    assert (copy / "training.pt").samefile(folder / "training.pt"), "linked, as one file system has both"
    assert not is_starred(copy), "the parent's user starred the parent's"
    shutil.rmtree(folder)
    assert damage_of(copy, read_manifest(copy)) == ""


def test_a_copy_that_cannot_be_read_any_more_is_set_aside(folder: Path, tmp_path: Path) -> None:
    branch = branch_in(tmp_path / "branch")
    manifest = read_manifest(folder)
    copy = adopt_checkpoint(branch, folder, manifest)
    (copy / MANIFEST).unlink()
    assert read_manifest(adopt_checkpoint(branch, folder, manifest)) == manifest
    assert sorted(path.name for path in branch.checkpoints.iterdir()) == [f"abandoned-1-{folder.name}", folder.name]


def test_where_files_cannot_be_linked_they_are_copied(folder: Path, tmp_path: Path) -> None:
    manifest = read_manifest(folder)
    with small_disk(tmp_path / "elsewhere", kilobytes=400) as disk:
        copy = adopt_checkpoint(branch_in(disk / "branch"), folder, manifest)
        assert damage_of(copy, read_manifest(copy)) == ""
        fill(disk)
        other = branch_in(disk / "other")
        with pytest.raises(OSError, match="No space left"):
            adopt_checkpoint(other, folder, manifest)
        assert list(other.checkpoints.iterdir()) == []


def test_one_that_was_deleted_or_replaced_meanwhile_is_not_adopted(folder: Path, tmp_path: Path) -> None:
    """As by an engine that trains on: what was chosen is not what lies there now."""
    chosen = read_manifest(folder)
    branch = branch_in(tmp_path / "branch")
    write(folder, b"later weights", seq=9)
    with pytest.raises(OSError, match="replaced or changed"):
        adopt_checkpoint(branch, folder, chosen)
    (folder / MANIFEST).write_bytes(b"{")
    with pytest.raises(OSError, match="replaced or changed"):
        adopt_checkpoint(branch, folder, chosen)
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError):
        adopt_checkpoint(branch, folder, chosen)
    assert (list_checkpoints(branch), list(branch.checkpoints.iterdir())) == ([], [])
