"""Which files are meant by files, folders and patterns, and what each is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import RequestError
from engine.translation.inputs import find_sources


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("b.jpg", "a.png", "notes.txt", ".hidden.png", "in/c.png", "in/deep/d.webp", "[1].png"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def names(*inputs: str | Path, out: Path = Path("/elsewhere")) -> list[str]:
    return [str(source.name) for source in find_sources([os.fsencode(given) for given in inputs], out)]


def test_a_folder_is_all_its_images_by_their_paths_within(photos: Path) -> None:
    assert names(photos) == ["[1].png", "a.png", "b.jpg", "in/c.png", "in/deep/d.webp"]


def test_a_file_is_taken_whatever_its_name(photos: Path) -> None:
    assert names(photos / "in/c.png", photos / "notes.txt") == ["c.png", "notes.txt"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.png", ["[1].png", "a.png"]),
        ("*", ["[1].png", "a.png", "b.jpg", "in/c.png", "in/deep/d.webp"]),
        ("**/*.webp", ["in/deep/d.webp"]),
        ("i[n]/*.png", ["in/c.png"]),
        ("in/d?ep", ["deep/d.webp"]),
    ],
)
def test_a_pattern_keeps_the_tree_below_its_plain_beginning(photos: Path, pattern: str, expected: list[str]) -> None:
    assert names(photos / pattern) == expected


def test_what_is_there_by_that_name_is_no_pattern(photos: Path) -> None:
    assert names(photos / "[1].png") == ["[1].png"]


def test_what_is_meant_twice_is_taken_once(photos: Path) -> None:
    assert names(photos / "a.png", photos / "*.png", photos / "a.png") == ["a.png", "[1].png"]


def test_translations_below_a_folder_are_no_inputs(photos: Path) -> None:
    assert names(photos, out=photos / "in") == ["[1].png", "a.png", "b.jpg"]
    assert "in/c.png" in names(photos, out=photos)


def test_translations_below_the_beginning_of_a_pattern_are_no_inputs(photos: Path) -> None:
    """Else a second run would translate what the first one wrote."""
    assert names(photos / "**/*.png", out=photos / "in") == ["[1].png", "a.png"]
    assert names(photos / "in/*.png", out=photos / "in") == ["c.png"]


def test_a_pattern_that_leads_out_of_where_it_began_is_refused(photos: Path) -> None:
    """Its translations would lie outside of the folder for them."""
    with pytest.raises(RequestError, match=r"goes back \(\.\.\) behind its first wildcard"):
        names(photos / "in/*/../../*.png")
    assert names(photos / "in/../*.png") == ["[1].png", "a.png"]


def test_a_name_that_is_no_text(photos: Path) -> None:
    strange = os.fsencode(photos) + b"/\xff\n.png"
    Path(os.fsdecode(strange)).touch()
    [source] = find_sources([strange], Path("/elsewhere"))
    assert os.fsencode(source.name) == b"\xff\n.png"
    assert source in find_sources([os.fsencode(photos)], Path("/elsewhere"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("gone.png", "gone.png: is not there"),
        ("*.bmp", "matches no image"),
        ("no*where/*.png", "matches no image"),
        ("empty", "empty: holds no image"),
        ("x" * 300, "cannot be looked at"),
    ],
)
def test_what_is_not_there_is_told(photos: Path, given: str, told: str) -> None:
    (photos / "empty").mkdir()
    with pytest.raises(RequestError, match=told):
        names(photos / given)


def test_a_tilde_is_a_home_or_a_character(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(photos))
    (photos / "~$draft.png").touch()
    monkeypatch.chdir(photos)
    assert names("~/a.png", "~/in/*.png", "~$draft.png") == ["a.png", "c.png", "~$draft.png"]


def test_an_empty_name_is_no_folder() -> None:
    with pytest.raises(RequestError, match="INPUT: is empty"):
        names("")
