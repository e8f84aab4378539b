"""What is wrong with a data folder is said before a run starts: subject, fact and fix."""

from __future__ import annotations

import gzip
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from engine.config.data import DataConfig, DigitsData, PairedData, SyntheticData, SyntheticDigits, UnpairedData
from engine.config.data_check import check_data
from engine.config.digit_files import DigitFolders, find_digits
from engine.config.image_files import UnreadableImageError, image_size, list_images
from engine.config.load import resolve
from engine.config.methods import CONFIGS
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


def refused(config: DataConfig) -> RequestError:
    with pytest.raises(RequestError) as caught:
        check_data(config)
    assert caught.value.exit_code == 2
    assert caught.value.fix
    return caught.value


def refusal(root: Path | str, resize: int = 20, crop: int = 16) -> RequestError:
    return refused(UnpairedData(root=str(root), resize=resize, crop=crop))


def test_sound_data_passes(root: Path) -> None:
    check_data(UnpairedData(root=str(root), resize=40, crop=32))
    check_data(UnpairedData(root=str(root), resize=0, crop=20))
    check_data(SyntheticData())
    check_data(SyntheticDigits())


@pytest.mark.parametrize(
    ("config", "contents"),
    [
        (UnpairedData(), "trainA and trainB"),
        (PairedData(), "train, or A and B"),
        (DigitsData(A="usps", B="mnist"), "usps and mnist"),
    ],
)
def test_no_root_is_refused(config: DataConfig, contents: str) -> None:
    error = refused(config)
    assert error.subject == "data.root"
    assert f"a folder that holds {contents}" in error.fix


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


@pytest.mark.parametrize("kind", ["unpaired", "paired", "digits"])
def test_checking_loads_neither_torch_nor_numpy(root: Path, pairs: Path, sets: Path, kind: str) -> None:
    program = (
        "import sys; from engine.config.data_check import check_data; assert 'PIL' not in sys.modules;"
        "from engine.config.data import DigitsData, PairedData, UnpairedData;"
        "unpaired, paired, digits = sys.argv[2:];"
        "configs = {'unpaired': UnpairedData(root=unpaired), 'paired': PairedData(root=paired),"
        " 'digits': DigitsData(root=digits, A='zipped', B='folders')};"
        "check_data(configs[sys.argv[1]]);"
        "assert 'PIL.Image' in sys.modules; print([m for m in ('torch', 'numpy') if m in sys.modules])"
    )
    here = Path(__file__).parents[3]
    command = [sys.executable, "-c", program, kind, str(root), str(pairs), str(sets)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=here, check=False)
    assert done.stderr == ""
    assert done.stdout == "[]\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_cannot_be_listed_is_refused(root: Path) -> None:
    (root / "trainA" / "closed").mkdir(mode=0)
    assert "cannot be listed" in refusal(root).fact


# --------------------------------------------------------------------------------------------------------- pairs


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Two pairs of 30 x 20 px side by side in train, and one in val."""
    for name in ("train/one.png", "train/two.jpg", "val/three.png"):
        path = tmp_path / "facades" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 20)).save(path)
    return tmp_path / "facades"


@pytest.fixture
def matched(tmp_path: Path) -> Path:
    """Three pairs of files with the same names but for their extensions, one of them in a folder."""
    for half, extension in (("A", "png"), ("B", "jpg")):
        for name in ("one", "two.of.two", "more/one"):
            path = tmp_path / "maps" / half / "train" / f"{name}.{extension}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (30, 20)).save(path)
    return tmp_path / "maps"


def refused_pairs(root: Path, resize: int = 20, crop: int = 16) -> RequestError:
    return refused(PairedData(root=str(root), resize=resize, crop=crop))


def test_sound_pairs_pass(pairs: Path, matched: Path) -> None:
    for root in (pairs, matched):
        check_data(PairedData(root=str(root), resize=40, crop=32))
        check_data(PairedData(root=str(root), resize=0, crop=20))


def test_a_folder_without_pairs_is_refused_and_what_is_there_named(pairs: Path) -> None:
    (pairs / "train").rename(pairs / "training")
    error = refused_pairs(pairs)
    assert error.fact == "has no train and no A/train and no B/train"
    assert "It holds training, val" in error.fix
    assert f"Did you mean {pairs}?" not in error.fix


def test_one_folder_of_two_is_missing(matched: Path) -> None:
    (matched / "B" / "train").rename(matched / "B" / "training")
    assert refused_pairs(matched).fact == "has no B/train"


def test_pairs_one_level_lower_are_pointed_out(pairs: Path) -> None:
    assert f"Did you mean {pairs}?" in refused_pairs(pairs.parent).fix


def test_another_layout_is_recognised(root: Path, pairs: Path) -> None:
    assert 'set data.kind = "unpaired", which cyclegan, discogan, aegan take; pix2pix needs' in refused_pairs(root).fix
    assert 'set data.kind = "paired"' in refusal(pairs).fix


def test_a_split_without_images_is_refused(pairs: Path, matched: Path) -> None:
    for path in (pairs / "train").iterdir():
        path.unlink()
    assert refused_pairs(pairs).fact == "holds no image"
    for path in (matched / "B" / "train").rglob("*.jpg"):
        path.unlink()
    error = refused_pairs(matched)
    assert error.subject == str(matched / "B" / "train")
    assert error.fact == "holds no image"


def test_a_file_without_a_partner_is_refused_by_name(matched: Path) -> None:
    Image.new("RGB", (30, 20)).save(matched / "B" / "train" / "three.png")
    error = refused_pairs(matched)
    assert error.subject == str(matched / "B" / "train" / "three.png")
    assert error.fact == "has no partner of its name in A/train"
    for name in ("five.png", "four.png"):
        Image.new("RGB", (30, 20)).save(matched / "A" / "train" / name)
    error = refused_pairs(matched)
    assert error.subject == str(matched / "A" / "train" / "five.png")
    assert error.fact == "has no partner of its name in B/train, nor have 1 more of the 5 images beside it"


def test_two_files_of_one_name_are_refused(matched: Path) -> None:
    Image.new("RGB", (30, 20)).save(matched / "A" / "train" / "one.bmp")
    error = refused_pairs(matched)
    assert error.subject == str(matched / "A" / "train" / "one.png")
    assert str(matched / "A" / "train" / "one.bmp") in error.fact


def test_shown_pairs_are_matched_too(matched: Path) -> None:
    for name in ("A/test/one.png", "B/test/two.png"):
        path = matched / name
        path.parent.mkdir()
        Image.new("RGB", (30, 20)).save(path)
    assert refused_pairs(matched).subject == str(matched / "A" / "test" / "one.png")
    (matched / "B" / "test" / "two.png").unlink()  # of this split only one domain is there: it is not shown
    check_data(PairedData(root=str(matched), resize=20, crop=16))


def test_halves_are_equal_and_hold_the_crop(pairs: Path, matched: Path) -> None:
    error = refused_pairs(pairs, resize=0, crop=21)
    assert "has halves of 30x20 px, too small for data.crop = 21" in error.fact
    assert "is 30x20 px, too small for data.crop = 21" in refused_pairs(matched, resize=0, crop=21).fact
    Image.new("RGB", (16, 16)).save(matched / "B" / "train" / "one.jpg")
    assert refused_pairs(matched, resize=0, crop=20).subject == str(matched / "B" / "train" / "one.jpg")
    Image.new("RGB", (61, 20)).save(pairs / "train" / "two.jpg")
    error = refused_pairs(pairs)
    assert error.subject == str(pairs / "train" / "two.jpg")
    assert error.fact == "is 61 px wide: it has no two equal halves"
    assert "belong in trainA and trainB" in error.fix


def test_images_that_are_no_pairs_are_for_methods_that_take_them(matched: Path) -> None:
    Image.new("RGB", (30, 20)).save(matched / "B" / "train" / "three.png")
    fix = refused_pairs(matched).fix
    for kind in CONFIGS:
        takes = kind in fix.partition("which ")[2].partition(" take")[0]
        try:
            resolve({"method": {"kind": kind}, "data": {"kind": "unpaired"}}, "x")
        except RequestError:
            assert not takes, kind
        else:
            assert takes, kind
    assert "pix2pix needs pairs" in fix


# -------------------------------------------------------------------------------------------------------- digits


def idx(*shape: int, values: int | None = None) -> bytes:
    """An IDX file that says it has this shape, and has so many values."""
    size = math.prod(shape) if values is None else values
    return bytes([0, 0, 8, len(shape)]) + b"".join(side.to_bytes(4, "big") for side in shape) + bytes(size)


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Three digits in zipped IDX files, and two in folders."""
    root = tmp_path / "digits"
    (root / "zipped").mkdir(parents=True)
    for name, content in (("images-idx3", idx(3, 4, 4)), ("labels-idx1", idx(3))):
        (root / "zipped" / f"train-{name}-ubyte.gz").write_bytes(gzip.compress(content))
    for digit in ("0", "7"):
        (root / "folders" / "train" / digit).mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(root / "folders" / "train" / digit / "one.png")
    return root


def refused_digits(root: Path, **settings: str) -> RequestError:
    return refused(DigitsData(**{"root": str(root), "A": "zipped", "B": "folders", **settings}))  # type: ignore[arg-type]


def test_sound_digits_pass(sets: Path) -> None:
    check_data(DigitsData(root=str(sets), A="zipped", B="folders"))
    check_data(DigitsData(root=str(sets), A="folders", B="folders"))


def test_both_sets_are_named_and_there(sets: Path) -> None:
    assert refused_digits(sets, A="").subject == "data.A"
    assert refused_digits(sets, B="").subject == "data.B"
    error = refused_digits(sets, B="mnist", A="usps")
    assert error.fact == "has no usps and no mnist"
    assert "It holds folders, zipped" in error.fix
    assert f"Did you mean {sets}?" in refused_digits(sets.parent).fix


def test_a_set_without_digits_is_told_what_it_needs(sets: Path) -> None:
    (sets / "empty").mkdir()
    error = refused_digits(sets, A="empty")
    assert error.subject == str(sets / "empty")
    assert error.fact == "has no train digits"
    assert "train-images-idx3-ubyte" in error.fix


def test_a_file_of_images_needs_one_of_labels(sets: Path) -> None:
    (sets / "zipped" / "train-labels-idx1-ubyte.gz").unlink()
    error = refused_digits(sets)
    assert error.subject == str(sets / "zipped" / "train-images-idx3-ubyte.gz")
    assert error.fact == "has no file of labels beside it"


def test_several_sets_in_one_folder_are_refused(sets: Path) -> None:
    for name in ("images-idx3", "labels-idx1"):
        path = sets / "zipped" / f"train-{name}-ubyte.gz"
        path.with_name(f"usps-{path.name}").write_bytes(path.read_bytes())
    error = refused_digits(sets)
    assert "has several sets of train digits" in error.fact
    assert "usps-train-labels-idx1-ubyte.gz" in error.fact


@pytest.mark.parametrize(
    ("name", "content", "fact"),
    [
        ("images-idx3", b"no header", "is not an IDX file"),
        ("images-idx3", idx(3, 4), "has 2 dimensions, where 3 are expected"),
        ("labels-idx1", idx(2), "has 2 labels for the 3 images"),
    ],
)
def test_headers_are_right(sets: Path, name: str, content: bytes, fact: str) -> None:
    path = sets / "zipped" / f"train-{name}-ubyte.gz"
    path.write_bytes(gzip.compress(content))
    error = refused_digits(sets)
    assert error.subject == str(path)
    assert fact in error.fact
    assert refused_digits(sets, A="folders", B="zipped").fact == error.fact


def test_a_file_that_was_cut_off_is_refused_before_it_is_read(sets: Path) -> None:
    path = sets / "zipped" / "train-images-idx3-ubyte"
    path.write_bytes(idx(3, 4, 4, values=40))
    assert "fewer values than the 48 that its header says: 40" in refused_digits(sets).fact


@pytest.mark.parametrize("what", ["images-idx3", "labels-idx1"])
@pytest.mark.parametrize("split", ["train", "t10k"])
def test_a_zipped_file_that_was_cut_off_is_refused_before_the_run(sets: Path, what: str, split: str) -> None:
    """Its header says nothing of that: the whole is inflated."""
    for name, content in (("images-idx3", idx(3, 4, 4)), ("labels-idx1", idx(3))):
        (sets / "zipped" / f"{split}-{name}-ubyte.gz").write_bytes(gzip.compress(content))
    path = sets / "zipped" / f"{split}-{what}-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    error = refused_digits(sets)
    assert (error.subject, error.fact.split(":")[0]) == (str(path), "cannot be read")
    shape = (3, 4, 4) if what == "images-idx3" else (3,)
    for values, fact in ((2, "fewer values than"), (49, "more values than")):
        path.write_bytes(gzip.compress(idx(*shape, values=values)))
        assert fact in refused_digits(sets).fact
    path.write_bytes(whole)
    check_data(DigitsData(root=str(sets), A="zipped", B="folders"))


def test_headers_of_test_digits_are_right_where_there_are_any(sets: Path) -> None:
    (sets / "zipped" / "t10k-images-idx3-ubyte").write_bytes(idx(3, 4, 4))
    (sets / "zipped" / "t10k-labels-idx1-ubyte").write_bytes(idx(4))
    assert "has 4 labels for the 3 images" in refused_digits(sets).fact


def test_a_folder_that_is_no_digit_and_a_file_that_is_no_image_are_refused(sets: Path) -> None:
    (sets / "folders" / "train" / "ten").mkdir()
    assert refused_digits(sets).subject == str(sets / "folders" / "train" / "ten")
    (sets / "folders" / "train" / "ten").rmdir()
    (sets / "folders" / "train" / "7" / "a note.png").write_text("remember the milk")
    assert "is not an image" in refused_digits(sets).fact


def test_digits_in_folders_come_in_turns(tmp_path: Path) -> None:
    for name in ("0/a.png", "0/b.png", "3/a.png", "9/a.png", "9/b.png", "9/c.png", ".cache/x.png", "notes.png"):
        path = tmp_path / "train" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    files = find_digits(tmp_path, "train")
    assert isinstance(files, DigitFolders)
    assert files.labels == (0, 3, 9, 0, 9, 9)
    assert [path.name for path in files.paths] == ["a.png", "a.png", "a.png", "b.png", "b.png", "c.png"]
    assert find_digits(tmp_path, "test") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into any folder")
def test_a_folder_beside_the_digits_that_nobody_may_look_into_is_passed_over(sets: Path) -> None:
    (sets / "folders" / "closed").mkdir(mode=0)
    check_data(DigitsData(root=str(sets), A="zipped", B="folders"))


def test_a_part_that_cannot_be_looked_at_is_told_as_such(root: Path) -> None:
    """A name that is too long stands for a folder that may not be entered, which root may."""
    error = refused(DigitsData(root=str(root), A="x" * 300, B="mnist"))
    assert error.subject == f"{root}/{'x' * 300}"
    assert error.fact == "cannot be looked at (File name too long)"
    assert "has no trainA" in refused(UnpairedData(root=str(root.parent))).fact, "Did you mean is still found"
    assert "Did you mean" in refused(UnpairedData(root=str(root.parent))).fix


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter any folder")
def test_a_folder_that_may_not_be_entered_is_told_as_such(root: Path) -> None:
    root.chmod(0o600)
    try:
        assert "cannot be looked at (Permission denied)" in refused(UnpairedData(root=str(root))).fact
    finally:
        root.chmod(0o700)
