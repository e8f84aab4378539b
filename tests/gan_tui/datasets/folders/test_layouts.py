"""What kind of data a folder is, by how it is laid out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine.errors import RequestError
from gan_tui.datasets.folders.layouts import FolderLayout, Kind, recognise
from tests.engine.data.conftest import write_digit_folders, write_idx_set
from tests.gan_tui.datasets.image_folders import put_picture, put_pictures, unpaired
from tests.shared_data import shared_data


def parts_of(layout: FolderLayout) -> list[tuple[str, str, str]]:
    return [(part.name, part.split, part.domain) for part in layout.parts]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("horse2zebra", "unpaired"),
        ("facades", "side-by-side"),
        ("mnist", "digit-set"),
        ("mnist_m", "digit-set"),
        ("usps", "digit-set"),
        ("", "digits"),
    ],
)
def test_real_sets(name: str, kind: Kind) -> None:
    layout = recognise(shared_data(name))
    assert (layout.kind, layout.troubles) == (kind, ())


def test_the_sets_of_digits_among_others() -> None:
    layout = recognise(shared_data())
    assert [part.domain for part in layout.parts if part.split == "train"] == ["mnist", "mnist_m", "usps"]
    assert {(folder.name, kind) for folder, kind in layout.beside} == {
        ("facades", "side-by-side"),
        ("horse2zebra", "unpaired"),
    }


def test_unpaired(tmp_path: Path) -> None:
    layout = recognise(unpaired(tmp_path))
    assert layout.kind == "unpaired"
    assert parts_of(layout) == [
        ("trainA", "train", "A"),
        ("trainB", "train", "B"),
        ("testA", "test", "A"),
        ("testB", "test", "B"),
    ]
    assert [len(part.paths) for part in layout.parts] == [3, 3, 2, 2]


def test_half_of_a_layout_is_still_that(tmp_path: Path) -> None:
    put_pictures(tmp_path / "trainB", 1)
    assert recognise(tmp_path).kind == "unpaired"
    shutil.rmtree(tmp_path / "trainB")
    put_pictures(tmp_path / "A" / "train", 1)
    assert recognise(tmp_path).kind == "matched"


def test_pairs(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for domain in "AB":
            put_pictures(tmp_path / "matched" / domain / split, 1)
        put_pictures(tmp_path / "beside" / split, 1, size=(64, 32))
    matched = recognise(tmp_path / "matched")
    assert matched.kind == "matched"
    assert parts_of(matched)[:2] == [("A/train", "train", "A"), ("B/train", "train", "B")]
    beside = recognise(tmp_path / "beside")
    assert (beside.kind, parts_of(beside)) == ("side-by-side", [("train", "train", "AB"), ("test", "test", "AB")])


@pytest.mark.parametrize(("size", "kind"), [((48, 32), "images"), ((57, 32), "images"), ((62, 32), "side-by-side")])
def test_photographs_are_not_taken_for_pairs(tmp_path: Path, size: tuple[int, int], kind: Kind) -> None:
    put_pictures(tmp_path / "train", 2, size)
    put_pictures(tmp_path / "test", 1, size)
    layout = recognise(tmp_path)
    assert (layout.kind, [part.name for part in layout.parts]) == (kind, ["train", "test"])


def test_classes_in_train_are_two_folders(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("cats", "dogs"):
            put_pictures(tmp_path / split / name, 1)
    layout = recognise(tmp_path)
    assert (layout.kind, layout.root) == ("two-folders", tmp_path / "train")
    assert [part.name for part in layout.parts] == ["cats", "dogs"]


def test_digits(tmp_path: Path) -> None:
    write_idx_set(tmp_path / "zipped" / "MNIST" / "raw", 20, zipped=True)
    assert recognise(tmp_path / "zipped").kind == "digit-set"
    assert recognise(tmp_path).root == tmp_path / "zipped"
    write_digit_folders(tmp_path / "folders" / "train", 2)
    layout = recognise(tmp_path)
    assert (layout.kind, layout.root) == ("digits", tmp_path)
    assert parts_of(layout) == [("folders/train", "train", "folders"), ("zipped/train", "train", "zipped")]


def test_an_incomplete_set_of_digits_is_one_with_what_is_wrong(tmp_path: Path) -> None:
    write_digit_folders(tmp_path / "train", 1)
    put_pictures(tmp_path / "train" / "ten", 1)
    layout = recognise(tmp_path)
    assert layout.kind == "digit-set"
    assert [trouble.subject for trouble in layout.troubles] == [str(tmp_path / "train" / "ten")]


def test_other_folders(tmp_path: Path) -> None:
    put_pictures(tmp_path / "cats", 1)
    assert recognise(tmp_path).kind == "images"
    put_pictures(tmp_path / "dogs", 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / ".thumbnails").mkdir()
    put_picture(tmp_path / ".thumbnails" / "x.png")
    layout = recognise(tmp_path)
    assert (layout.kind, [part.name for part in layout.parts]) == ("two-folders", ["cats", "dogs"])
    put_pictures(tmp_path / "horses", 1)
    assert recognise(tmp_path).kind == "several"
    put_picture(tmp_path / "one.png")
    layout = recognise(tmp_path)
    assert (layout.kind, len(layout.parts[0].paths)) == ("images", 4)


def test_nothing(tmp_path: Path) -> None:
    assert recognise(tmp_path).kind == "nothing"
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty" / "train").mkdir(parents=True)
    assert recognise(tmp_path).kind == "nothing"


def test_a_folder_that_holds_one_set_is_that_set(tmp_path: Path) -> None:
    unpaired(tmp_path / "mine")
    put_pictures(tmp_path / "photos", 1)
    layout = recognise(tmp_path)
    assert (layout.kind, layout.root) == ("unpaired", tmp_path / "mine")
    unpaired(tmp_path / "yours")
    layout = recognise(tmp_path)
    assert layout.kind == "several"
    assert layout.beside == ((tmp_path / "mine", "unpaired"), (tmp_path / "yours", "unpaired"))


def test_loops_of_links_end(tmp_path: Path) -> None:
    put_pictures(tmp_path / "cats", 1)
    (tmp_path / "cats" / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    layout = recognise(tmp_path)
    assert layout.kind == "images"
    assert len(layout.parts[0].paths) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list any folder")
def test_folders_that_cannot_be_listed(tmp_path: Path) -> None:
    unpaired(tmp_path / "set")
    (tmp_path / "set" / "trainA" / "closed").mkdir(mode=0)
    [trouble] = recognise(tmp_path / "set").troubles
    assert "cannot be listed" in trouble.fact
    (tmp_path / "closed").mkdir(mode=0)
    assert recognise(tmp_path).root == tmp_path / "set"
    with pytest.raises(RequestError, match="cannot be listed"):
        recognise(tmp_path / "closed")
