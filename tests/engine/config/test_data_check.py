"""What is wrong with a data folder is said before a run starts: subject, fact and fix."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine.config.data import SyntheticData, UnpairedData
from engine.config.data_check import check_data
from engine.config.image_files import UnreadableImageError, image_size, list_images
from engine.errors import RequestError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A sound data folder: two images of 30 x 20 px in each of trainA and trainB."""
    root = tmp_path / "horses"
    for folder in ("trainA", "trainB"):
        (root / folder).mkdir(parents=True)
        for name in ("one.png", "two.jpg"):
            Image.new("RGB", (30, 20)).save(root / folder / name)
    return root


def refusal(root: Path | str, resize: int = 20, crop: int = 16) -> RequestError:
    with pytest.raises(RequestError) as caught:
        check_data(UnpairedData(root=str(root), resize=resize, crop=crop))
    assert caught.value.exit_code == 2
    assert caught.value.fix
    return caught.value


def test_sound_data_passes(root: Path) -> None:
    check_data(UnpairedData(root=str(root), resize=40, crop=32))
    check_data(UnpairedData(root=str(root), resize=0, crop=20))
    check_data(SyntheticData())


def test_no_root_is_refused() -> None:
    assert refusal("").subject == "data.root"


def test_a_root_that_is_absent_or_a_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "absent").fact
    (tmp_path / "file").write_text("")
    assert "is not a folder" in refusal(tmp_path / "file").fact


def test_a_missing_domain_is_refused_and_what_is_there_named(root: Path) -> None:
    (root / "trainA").rename(root / "horses")
    error = refusal(root)
    assert error.subject == str(root)
    assert error.fact == "has no trainA"
    assert "horses, trainB" in error.fix


def test_a_folder_one_level_too_high_is_pointed_out(root: Path) -> None:
    error = refusal(root.parent)
    assert error.fact == "has no trainA and no trainB"
    assert f"Did you mean {root}?" in error.fix


def test_an_empty_domain_is_refused(root: Path) -> None:
    for path in (root / "trainB").iterdir():
        path.rename(path.with_suffix(".txt"))
    error = refusal(root)
    assert error.subject == str(root / "trainB")
    assert error.fact == "holds no image"
    assert ".jpg" in error.fix


def test_a_file_that_is_no_image_is_refused(root: Path) -> None:
    (root / "trainA" / "a note.png").write_text("remember the milk")
    error = refusal(root)
    assert error.subject == str(root / "trainA" / "a note.png")
    assert "is not an image" in error.fact


def test_an_image_smaller_than_the_crop_is_refused_where_sizes_are_kept(root: Path) -> None:
    error = refusal(root, resize=0, crop=21)
    assert "30x20" in error.fact
    assert "20 or less" in error.fix


def test_listing_is_sorted_recursive_and_by_extension(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg", "notes.txt", ".hidden.png", "sub/c.webp", ".git/d.png", "sub/deep/e.tiff"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = [path.relative_to(tmp_path).as_posix() for path in list_images(tmp_path)]
    assert found == ["a.jpeg", "b.PNG", "sub/c.webp", "sub/deep/e.tiff"]


def test_links_are_followed_once_and_broken_ones_reported_when_read(tmp_path: Path) -> None:
    store = tmp_path / "store"
    folder = tmp_path / "trainA"
    store.mkdir()
    folder.mkdir()
    Image.new("RGB", (5, 4)).save(store / "one.png")
    (folder / "link.png").symlink_to(store / "one.png")
    (folder / "broken.png").symlink_to(store / "absent.png")
    (folder / "more").symlink_to(store, target_is_directory=True)
    for loop in ("loop", "another loop"):  # without care, every path through the two is walked
        (store / loop).symlink_to(folder, target_is_directory=True)
    found = [path.relative_to(folder).as_posix() for path in list_images(folder)]
    assert found == ["broken.png", "link.png", "more/one.png"]
    assert image_size(folder / "link.png") == (5, 4)
    with pytest.raises(UnreadableImageError, match="No such file"):
        image_size(folder / "broken.png")


def test_a_picture_on_its_side_has_the_size_it_is_shown_at(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "x.jpg", exif=exif)
    assert image_size(tmp_path / "x.jpg") == (20, 30)


def test_checking_loads_neither_torch_nor_numpy(root: Path) -> None:
    program = (
        "import sys; from engine.config.data_check import check_data; assert 'PIL' not in sys.modules;"
        "from engine.config.schema import UnpairedData; check_data(UnpairedData(root=sys.argv[1]));"
        "assert 'PIL.Image' in sys.modules; print([m for m in ('torch', 'numpy') if m in sys.modules])"
    )
    here = Path(__file__).parents[3]
    command = [sys.executable, "-c", program, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=here, check=False)
    assert done.stderr == ""
    assert done.stdout == "[]\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_cannot_be_listed_is_refused(root: Path) -> None:
    (root / "trainA" / "closed").mkdir(mode=0)
    assert "cannot be listed" in refusal(root).fact
