"""Checkpoints as files: found, and their damage named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.protocol.checkpoints import (
    aside_of,
    check_files,
    damage_of,
    doomed_of,
    draft_of,
    folder_name,
    is_starred,
    kind_of,
    list_checkpoints,
    list_folders,
    missing_or_cut,
    read_manifest,
    replaced_of,
    unreadable_checkpoints,
)
from engine.protocol.codec import DecodeError
from engine.protocol.rundir import RunDirectory
from tests.engine.protocol.stored_checkpoints import flip_a_bit, put


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


# -------------------------------------------------------------------------------------------------------------- names


def test_what_a_folder_is_can_be_told_by_its_name(run: RunDirectory) -> None:
    folder = run.checkpoints / folder_name(12)
    assert kind_of(folder.name) == ("checkpoint", 12)
    assert kind_of(aside_of(folder).name) == ("aside", 12)
    assert kind_of(draft_of(folder).name) == ("draft", 12)
    assert kind_of(doomed_of(folder).name) == ("doomed", 12)
    assert kind_of(replaced_of(folder).name) == ("replaced", 12)
    assert kind_of(folder_name(123_456_789)) == ("checkpoint", 123_456_789)


@pytest.mark.parametrize(
    "name",
    [
        "step-12", "step-00000012 ", "step-00000012\n", "step-٠٠٠٠٠٠١٢", "abandoned-step-00000012", ".step-00000012",
        ".step-00000012.part", ".step-00000012.77.part~", "step-00000012.old", "step-00000012.replaced", "", "\udcff",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_name_that_stands_for_nothing(name: str) -> None:
    assert kind_of(name) is None


def test_what_is_set_aside_takes_no_name_that_is_taken(run: RunDirectory) -> None:
    folder, _ = put(run, 12)
    aside_of(folder).mkdir()
    assert aside_of(folder).name == "abandoned-2-step-00000012"


def test_folders_are_listed_by_kind_and_step(run: RunDirectory) -> None:
    assert list_folders(run, "checkpoint") == []
    paths = [put(run, step)[0] for step in (900, 100_000_000, 20)]
    hidden = [replaced_of(paths[0]), doomed_of(paths[2])]
    for path in hidden:
        path.mkdir()
    assert list_folders(run, "checkpoint") == [(paths[2], 20), (paths[0], 900), (paths[1], 100_000_000)]
    assert list_folders(run, "doomed", "replaced") == [(hidden[1], 20), (hidden[0], 900)]
    assert list_folders(run, "draft", "aside") == []


# ---------------------------------------------------------------------------------------------------------- manifests


@pytest.mark.parametrize(
    "name",
    [
        "../../../payload", "..", ".", "", "/etc/hostname", "../step-00000010/G_A", "in/G_A", "G_A/", "./G_A", "a\0b",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_manifest_that_names_a_file_outside_its_folder_is_none(run: RunDirectory, name: str) -> None:
    put(run, 10)
    folder, _ = put(run, 20)
    name_among_files(folder, name)
    with pytest.raises(DecodeError, match="names a file outside its folder"):
        read_manifest(folder)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [10]
    assert unreadable_checkpoints(run) == [
        (folder, "has no readable manifest.json (it names a file outside its folder)")
    ]


def test_a_manifest_that_names_itself_is_none(run: RunDirectory) -> None:
    folder, _ = put(run, 10)
    name_among_files(folder, "manifest.json")
    with pytest.raises(DecodeError, match="it names itself among its files"):
        read_manifest(folder)


@pytest.mark.parametrize("name", ["..G_A", "...", "G_A..", ".hidden", "a b", "\u202e", "a\\b"], ids=ascii)
def test_an_unusual_name_is_one(run: RunDirectory, name: str) -> None:
    folder, _ = put(run, 10)
    name_among_files(folder, name)
    assert name in read_manifest(folder).files


def name_among_files(folder: Path, name: str) -> None:
    """Let a checkpoint's manifest name one more file."""
    manifest = read_manifest(folder)
    files = {**manifest.files, name: manifest.files["G_A"]}
    (folder / "manifest.json").write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, files=files)))


# ----------------------------------------------------------------------------------------------------------- choosing


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
    (folder / "G_A").write_bytes(b"0123456789abc")
    assert damage_of(folder, manifest) == "has a lengthened file G_A (13 of 10 bytes)"


def test_changed_bits_show_only_when_files_are_read(run: RunDirectory) -> None:
    folder, manifest = put(run, 10, D_A=b"abc", G_A=b"0123456789")
    flip_a_bit(folder / "G_A")
    assert missing_or_cut(folder, manifest) == ""
    assert [bool(clause) for clause in check_files(folder, manifest)] == [False, True]
    assert damage_of(folder, manifest).startswith("has a damaged file G_A")
    (folder / "D_A").write_bytes(b"ab")
    assert missing_or_cut(folder, manifest) == damage_of(folder, manifest) == "has a truncated file D_A (2 of 3 bytes)"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and cannot be read")
def test_a_file_that_cannot_be_read_is_damage_and_no_crash(run: RunDirectory) -> None:
    folder, manifest = put(run, 10, G_A=b"")
    (folder / "G_A").unlink()
    (folder / "G_A").symlink_to("/proc/self/mem")  # its first byte is an I/O error, as on a failing disk
    assert damage_of(folder, manifest) == "has an unreadable file G_A (Input/output error)"


def test_what_cannot_be_looked_at_has_no_star(tmp_path: Path) -> None:
    """As a folder that may not be entered, which there is none of for root: a name that is too long is refused too."""
    assert not is_starred(tmp_path / ("x" * 300))
