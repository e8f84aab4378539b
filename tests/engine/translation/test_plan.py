"""What will be written where, and what is refused before anything is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RequestError
from engine.protocol.translation import Format
from engine.translation.inputs import Source
from engine.translation.plan import Plan, output_name, plan


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    (folder / "in").mkdir(parents=True)
    for name in ("a.png", "b.jpg", "in/a.png", "in/b.png"):
        (folder / name).touch()
    return folder


def planned(images: Path, out: str, *names: str, **how: Any) -> Plan:
    sources = [Source(images / name, Path(name)) for name in names]
    return plan(sources, out, **{"wanted": None, "sheet": False, "existing": "refuse", **how})


def outputs(found: Plan) -> list[str]:
    return [str(path) for item in found.items for path in item.files]


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("a.PNG", None, "a.PNG"),
        ("in/a.jpeg", None, "in/a.jpeg"),
        ("a.jpeg", "jpg", "a.jpeg"),
        ("a.b.jpeg", "png", "a.b.png"),
        ("a.gif", None, "a.png"),
        ("a.tif", None, "a.tif"),
        ("photo", None, "photo.png"),
        ("img.001", "webp", "img.001.webp"),
    ],
)
def test_names(name: str, wanted: Format | None, expected: str) -> None:
    assert str(output_name(Path(name), wanted)) == expected


def test_the_tree_is_kept(images: Path) -> None:
    assert outputs(planned(images, "o", "a.png", "in/b.png", sheet=True)) == [
        *("o/a.png", "o/a-sheet.png"),
        *("o/in/b.png", "o/in/b-sheet.png"),
    ]


def test_sheets_of_two_images_that_differ_in_their_endings(images: Path) -> None:
    (images / "a.webp").touch()
    assert outputs(planned(images, "o", "a.png", "a.webp", "b.jpg", sheet=True)) == [
        *("o/a.png", "o/a.png-sheet.png", "o/a.webp", "o/a.webp-sheet.png", "o/b.jpg", "o/b-sheet.png"),
    ]


def test_a_single_image_may_have_a_file(images: Path, tmp_path: Path) -> None:
    assert outputs(planned(images, "o.webp", "a.png")) == ["o.webp"]
    assert outputs(planned(images, "o.webp/", "a.png")) == ["o.webp/a.png"]
    assert outputs(planned(images, "o.foo/", "a.png")) == ["o.foo/a.png"]
    assert outputs(planned(images, "v1.2", "a.png")) == ["v1.2/a.png"]
    assert outputs(planned(images, "o.foo", "a.png", "b.jpg")) == ["o.foo/a.png", "o.foo/b.jpg"]
    (tmp_path / "folder.png").mkdir()
    assert outputs(planned(images, f"{tmp_path}/folder.png", "a.png")) == [f"{tmp_path}/folder.png/a.png"]


@pytest.mark.parametrize(
    ("out", "names", "how", "told"),
    [
        ("o.png", ("a.png", "b.jpg"), {}, "o.png: is the name of one file, and 2 images"),
        ("o.png", ("a.png",), {"wanted": "jpg"}, "o.png: is no name of a JPG"),
        ("o.gif", ("a.png",), {}, "would be a GIF, which is not written"),
        ("o.foo", ("a.png",), {}, "would be a FOO, which is not written"),
        ("o", ("in/a.png", "in/b.png", "in/a.png"), {"wanted": "jpg"}, ""),
    ],
)
def test_a_file_that_cannot_be(images: Path, out: str, names: tuple[str, ...], how: dict[str, Any], told: str) -> None:
    if not told:
        assert len(planned(images, out, *names, **how).items) == 3
        return
    with pytest.raises(RequestError, match=told):
        planned(images, out, *names, **how)


def test_two_images_for_one_file_are_refused(images: Path) -> None:
    sources = [Source(images / "a.png", Path("a.png")), Source(images / "in/a.png", Path("a.png"))]
    with pytest.raises(RequestError, match=r"o/a.png: would be written for .*/images/a.png and for .*/images/in/a.png"):
        plan(sources, "o", wanted=None, sheet=False, existing="overwrite")
    (images / "in/a-sheet.png").touch()
    with pytest.raises(RequestError, match=r"o/in/a-sheet.png: would be written for"):
        planned(images, "o", "in/a.png", "in/a-sheet.png", sheet=True)


@pytest.mark.parametrize("existing", ["refuse", "overwrite", "skip"])
def test_an_input_is_never_overwritten(images: Path, tmp_path: Path, existing: str) -> None:
    with pytest.raises(RequestError, match=r"a.png: is an input"):
        planned(images, str(images), "a.png", "b.jpg", existing=existing)
    (tmp_path / "o").mkdir()
    os.link(images / "b.jpg", tmp_path / "o" / "a.png")
    with pytest.raises(RequestError, match=r"o/a.png: is an input"):
        planned(images, str(tmp_path / "o"), "a.png", "b.jpg", existing=existing)


def test_what_is_there_is_refused_skipped_or_overwritten(images: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    out.mkdir()
    (out / "a.png").touch()
    (out / "b.jpg").symlink_to("nowhere")
    with pytest.raises(RequestError, match=r"o/a.png: exists already \(and 1 more\)"):
        planned(images, str(out), "a.png", "b.jpg", "in/b.png")
    skipping = planned(images, str(out), "a.png", "in/b.png", existing="skip")
    assert outputs(skipping) == [f"{out}/in/b.png"]
    assert skipping.skipped == (images / "a.png",)
    assert len(planned(images, str(out), "a.png", "b.jpg", existing="overwrite").items) == 2


def test_a_translation_without_its_sheet_is_not_skipped(images: Path, tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    assert planned(images, str(tmp_path), "a.png", sheet=True, existing="skip").skipped == ()
    (tmp_path / "a-sheet.png").touch()
    assert planned(images, str(tmp_path), "a.png", sheet=True, existing="skip").items == ()


def test_a_folder_in_the_way(images: Path, tmp_path: Path) -> None:
    (tmp_path / "o/a.png").mkdir(parents=True)
    with pytest.raises(RequestError, match="is a folder where a file is to be written"):
        planned(images, str(tmp_path / "o"), "a.png", existing="overwrite")
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match="file: is a file and no folder"):
        planned(images, str(tmp_path / "file"), "a.png")
