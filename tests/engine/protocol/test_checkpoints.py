"""Checkpoints as files: found, chosen, and their damage named."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from engine.errors import RequestError
from engine.protocol.checkpoints import (
    Manifest,
    StoredFile,
    choose_checkpoint,
    damage_of,
    folder_name,
    list_checkpoints,
    read_manifest,
)
from engine.protocol.rundir import RunDirectory


def put(run: RunDirectory, step: int, **files: bytes) -> tuple[Path, Manifest]:
    """A checkpoint of small files."""
    folder = run.checkpoints / folder_name(step)
    folder.mkdir(parents=True)
    stored = {}
    for name, content in (files or {"G_A": b"weights"}).items():
        (folder / name).write_bytes(content)
        stored[name] = StoredFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    manifest = Manifest(
        run="0", step=step, epoch=1, images=step, time=0.0, reason="schedule", losses={"G_A": None}, controls={},
        files=stored,
    )  # fmt: skip
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return folder, manifest


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path / "horse")


def test_whole_ones_are_listed_oldest_first(run: RunDirectory) -> None:
    assert list_checkpoints(run) == []
    placed = [put(run, step) for step in (900, 100_000_000, 20)]
    assert list_checkpoints(run) == [placed[2], placed[0], placed[1]]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"step": "\xff"}', b"[" * 100_000])
def test_a_folder_without_a_readable_manifest_is_not_one(run: RunDirectory, content: bytes | None) -> None:
    put(run, 10)
    folder, _ = put(run, 20)
    (folder / "manifest.json").unlink()
    if content is not None:
        (folder / "manifest.json").write_bytes(content)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [10]


def test_drafts_and_what_was_set_aside_are_not_listed(run: RunDirectory) -> None:
    folder, _ = put(run, 10)
    for name in (".step-00000020.77.part", ".step-00000005.old", "abandoned-1-step-00000010", "step-x", "step-1"):
        folder.with_name(name).mkdir()
        (folder.with_name(name) / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    assert [path for path, _ in list_checkpoints(run)] == [folder]


@pytest.mark.parametrize(
    ("given", "step"),
    [("latest", 12_000), ("12000", 12_000), ("12,000", 12_000), ("step-00012000", 12_000), ("900", 900), ("0", 0)],
)
def test_a_request_names_one(run: RunDirectory, given: str, step: int) -> None:
    placed = {number: put(run, number) for number in (0, 900, 12_000)}
    assert choose_checkpoint(run, given) == placed[step]


@pytest.mark.parametrize("given", ["901", "newest", "", "-1", "1e3"])
def test_a_request_that_names_none_is_told_what_there_is(run: RunDirectory, given: str) -> None:
    put(run, 900)
    put(run, 1800)
    with pytest.raises(RequestError) as caught:
        choose_checkpoint(run, given)
    assert caught.value.fix == "There are 900, 1800, and latest."


def test_a_run_without_any_says_so(run: RunDirectory) -> None:
    with pytest.raises(RequestError, match="run horse: has no checkpoint"):
        choose_checkpoint(run, "latest")


def test_damage_is_named_with_its_file(run: RunDirectory) -> None:
    folder, manifest = put(run, 10, G_A=b"0123456789", D_A=b"abc")
    assert manifest == read_manifest(folder)
    assert manifest.size == 13
    assert damage_of(folder, manifest) == ""
    (folder / "G_A").write_bytes(b"012345")
    assert damage_of(folder, manifest) == "has a truncated file G_A (6 of 10 bytes)"
    (folder / "G_A").write_bytes(b"0123456788")
    assert damage_of(folder, manifest).startswith("has a damaged file G_A (its SHA-256 differs")
    (folder / "G_A").unlink()
    assert damage_of(folder, manifest) == "lacks its file G_A"
