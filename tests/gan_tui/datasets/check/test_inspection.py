"""What is said of a folder of images: each thing that may be wrong with one, and nothing where nothing is."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.config.data_check import check_data
from engine.config.load import resolve
from engine.config.methods import TrainConfig
from engine.errors import RequestError
from gan_tui.datasets.check.inspection import inspect_folder
from gan_tui.datasets.check.schema import Inspection
from tests.engine.data.conftest import write_digit_folders, write_idx_set
from tests.gan_tui.datasets.image_folders import (
    about,
    bomb,
    files_of,
    inspected,
    picture,
    put_picture,
    put_pictures,
    unpaired,
)
from tests.shared_data import shared_data


def held_against(folder: Path, kind: str, **data: object) -> Inspection:
    """What is said of a folder for a preset."""
    return inspect_folder(folder, lambda said: None, "mine", preset(kind, **data))


def preset(kind: str, **data: object) -> TrainConfig:
    return resolve({"method": {"kind": kind}, "data": data}, "mine")


# ----------------------------------------------------------------------------------------------------- real sets


def test_horse2zebra_has_copies_and_one_horse_that_is_trained_and_tested_on() -> None:
    found = inspected(shared_data("horse2zebra"))
    assert (found.kind, found.preset, found.problems) == ("unpaired", "horse2zebra", 0)
    assert [(part.name, part.images) for part in found.parts] == [
        ("trainA", 1067), ("trainB", 1334), ("testA", 120), ("testB", 140),
    ]  # fmt: skip
    assert found.parts[1].modes == {"RGB": 1327, "L": 7}
    assert files_of(found, "leakage") == {"testA/n02381460_1160.jpg": "is the same as trainA/n02381460_3811.jpg"}
    one, other = (
        shared_data("horse2zebra") / name for name in ("testA/n02381460_1160.jpg", "trainA/n02381460_3811.jpg")
    )
    assert np.array_equal(np.asarray(Image.open(one)), np.asarray(Image.open(other)))
    assert len(files_of(found, "duplicate")) == 24
    assert len(files_of(found, "grey")) == 7
    assert about(found, "overlap") == []


def test_facades_are_sound_pairs() -> None:
    found = inspected(shared_data("facades"))
    assert (found.kind, found.preset, found.findings) == ("side-by-side", "facades", ())
    assert found.suggestions[0].command == f"gan-tui train facades --data {shared_data('facades')}"


def test_digits_are_counted() -> None:
    found = inspected(shared_data())
    assert (found.kind, found.preset, found.problems, found.warnings) == ("digits", "dtn-mnistm2mnist", 0, 0)
    usps = next(part for part in found.parts if part.name == "usps/train")
    assert (usps.images, usps.classes["0"], usps.classes["8"]) == (7291, 1194, 542)
    assert usps.sizes is not None
    assert (usps.sizes.common, usps.modes) == ((16, 16), {"L": 7291})


# --------------------------------------------------------------------------------------------------------- files


def test_a_sound_folder(tmp_path: Path) -> None:
    found = inspected(unpaired(tmp_path, size=(256, 256)))
    assert (found.problems, found.images, found.preset) == (0, 10, "horse2zebra")
    assert {finding.topic for finding in found.findings} == {"few"}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    train = unpaired(tmp_path) / "trainA"
    whole = put_picture(train / "whole.jpg", (64, 64)).read_bytes()
    (train / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (train / "note.png").write_text("remember the milk")
    (train / "empty.png").touch()
    (train / "gone.png").symlink_to(tmp_path / "absent.png")
    (train / "loop.png").symlink_to(train / "loop.png")
    os.mkfifo(train / "pipe.png")
    bomb(train / "bomb.png")
    found = inspected(tmp_path)
    reasons = files_of(found, "unreadable")
    assert sorted(reasons) == [f"trainA/{name}" for name in sorted(
        ("cut.jpg", "note.png", "empty.png", "gone.png", "loop.png", "pipe.png", "bomb.png")
    )]  # fmt: skip
    assert "truncated" in reasons["trainA/cut.jpg"]
    assert "is not an image in a format" in reasons["trainA/note.png"]
    assert "No such file" in reasons["trainA/gone.png"]
    assert reasons["trainA/pipe.png"] == "is not a regular file"
    assert "bomb" in reasons["trainA/bomb.png"]
    assert (found.problems, found.parts[0].images, found.parts[0].unreadable) == (1, 11, 7)


def test_a_million_pixels_are_no_bomb(tmp_path: Path) -> None:
    put_picture(unpaired(tmp_path) / "trainA" / "large.png", (1000, 1000))
    found = inspected(tmp_path)
    assert found.problems == 0
    assert found.parts[0].sizes is not None
    assert (found.parts[0].sizes.largest, found.parts[0].sizes.common_images) == ((1000, 1000), 3)


def test_values_that_training_could_not_show_are_unreadable(tmp_path: Path) -> None:
    """It decodes as training does, not as far as Pillow alone would."""
    floats = Image.fromarray(np.full((8, 8), 300.0, np.float32))
    floats.save(unpaired(tmp_path) / "trainB" / "float.tiff")
    assert "outside 0 to 1" in files_of(inspected(tmp_path), "unreadable")["trainB/float.tiff"]


def test_what_is_seen_otherwise_than_it_looks(tmp_path: Path) -> None:
    train = unpaired(tmp_path, (64, 48)) / "trainA"
    exif = Image.Exif()
    exif[0x0112] = 6
    put_picture(train / "turned.jpg", (64, 48), exif=exif)
    put_picture(train / "cmyk.jpg", (64, 48), mode="CMYK")
    put_picture(train / "alpha.png", (64, 48), mode="RGBA").touch()
    put_picture(train / "grey.png", (64, 48), mode="L")
    Image.fromarray(np.arange(64 * 48, dtype=np.uint16).reshape(48, 64)).save(train / "deep.png")
    put_picture(train / "jpeg.jpg", (64, 48)).rename(train / "no.png")
    (train / "photo.HEIC").touch()
    (train / "list.txt").touch()
    found = inspected(tmp_path)
    assert found.problems == 0
    assert list(files_of(found, "turned")) == ["trainA/turned.jpg"]
    assert list(files_of(found, "cmyk")) == ["trainA/cmyk.jpg"]
    assert list(files_of(found, "grey")) == ["trainA/grey.png"]
    assert list(files_of(found, "16-bit")) == ["trainA/deep.png"]
    assert files_of(found, "extension") == {"trainA/no.png": "is JPEG"}
    [ignored] = about(found, "ignored")
    assert "2 files are not taken for images" in ignored.fact
    assert ".heic (1)" in ignored.fact
    assert {"RGB", "CMYK", "RGBA", "L", "I;16"} == set(found.parts[0].modes)
    assert found.parts[0].sizes is not None
    assert found.parts[0].sizes.distinct == 2  # the one that is turned has its sides changed


def test_transparency_is_told(tmp_path: Path) -> None:
    put_picture(unpaired(tmp_path) / "trainA" / "alpha.png", mode="RGBA")
    assert list(files_of(inspected(tmp_path), "transparent")) == ["trainA/alpha.png"]


def test_a_set_of_grey_alone_is_as_it_is_meant(tmp_path: Path) -> None:
    for path in unpaired(tmp_path).rglob("*.png"):
        picture(mode="L").save(path)
    assert about(inspected(tmp_path), "grey") == []


# ------------------------------------------------------------------------------------------------- same pictures


def test_copies_in_one_folder_by_what_is_seen(tmp_path: Path) -> None:
    train = unpaired(tmp_path) / "trainA"
    with Image.open(train / "000.png") as image:
        image.save(train / "same.bmp")
        image.convert("RGBA").save(train / "with alpha.png")
        image.rotate(90).save(train / "rotated.png")
    found = inspected(tmp_path)
    fact = "is the same as trainA/000.png"
    assert files_of(found, "duplicate") == {"trainA/same.bmp": fact, "trainA/with alpha.png": fact}
    assert (about(found, "leakage"), about(found, "overlap")) == ([], [])


def test_the_same_bytes_in_another_shape_are_another_picture(tmp_path: Path) -> None:
    unpaired(tmp_path)
    for name, size in (("wide", (64, 16)), ("high", (16, 64))):
        Image.new("RGB", size, "red").save(tmp_path / "trainA" / f"{name}.png")
    assert about(inspected(tmp_path), "duplicate") == []


def test_a_test_picture_that_is_trained_on(tmp_path: Path) -> None:
    unpaired(tmp_path)
    shutil.copy(tmp_path / "trainA" / "001.png", tmp_path / "testA" / "copy.png")
    found = inspected(tmp_path)
    assert files_of(found, "leakage") == {"testA/copy.png": "is the same as trainA/001.png"}
    assert (found.problems, about(found, "duplicate")) == (0, [])


def test_a_picture_of_both_domains(tmp_path: Path) -> None:
    unpaired(tmp_path)
    shutil.copy(tmp_path / "trainA" / "001.png", tmp_path / "trainB" / "copy.png")
    found = inspected(tmp_path)
    assert files_of(found, "overlap") == {"trainB/copy.png": "is the same as trainA/001.png"}
    assert about(found, "leakage") == []


def test_digits_in_idx_files_are_compared_too(tmp_path: Path) -> None:
    write_idx_set(tmp_path / "mine", 20)
    write_idx_set(tmp_path / "mine", 1, split="t10k")
    write_digit_folders(tmp_path / "yours" / "train", 2)
    found = inspected(tmp_path)
    copy = "mine/t10k-images-idx3-ubyte[0]"
    assert files_of(found, "leakage") == {copy: "is the same as mine/train-images-idx3-ubyte[0]"}


# --------------------------------------------------------------------------------------------------------- pairs


@pytest.fixture
def matched(tmp_path: Path) -> Path:
    """Three pairs to train on, in two folders."""
    for domain in "AB":
        put_pictures(tmp_path / domain / "train", 3)
    return tmp_path


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """Three pairs to train on, side by side."""
    put_pictures(tmp_path / "train", 3, size=(64, 32))
    return tmp_path


def test_missing_partners_are_all_told(matched: Path) -> None:
    (matched / "A" / "train" / "000.png").unlink()
    put_pictures(matched / "A" / "train" / "more", 2)
    put_picture(matched / "B" / "train" / "001.jpg")
    found = inspected(matched)
    assert files_of(found, "partner") == {
        "A/train/more/000.png": "has no partner of its name in B/train",
        "A/train/more/001.png": "has no partner of its name in B/train",
        "B/train/000.png": "has no partner of its name in A/train",
        "B/train/001.png": "has the same name as B/train/001.jpg",
    }
    assert found.problems == 1


def test_pairs_of_other_shapes(matched: Path) -> None:
    put_picture(matched / "B" / "train" / "000.png", (48, 32))
    put_picture(matched / "B" / "train" / "001.png", (64, 64))
    found = inspected(matched)
    assert files_of(found, "unequal-pair") == {"A/train/000.png": "is 32x32 px, its partner 48x32 px"}
    assert found.problems == 0
    kept = held_against(matched, "pix2pix", resize=0, crop=32)
    assert list(files_of(kept, "unequal-pair")) == ["A/train/000.png", "A/train/001.png"]
    assert kept.problems == 1


def test_halves_that_are_none(beside: Path) -> None:
    put_picture(beside / "train" / "odd.png", (63, 32))
    twice = Image.new("RGB", (64, 32))
    with Image.open(put_picture(beside / "one.png")) as half:
        twice.paste(half, (0, 0))
        twice.paste(half, (32, 0))
    twice.save(beside / "train" / "twice.png")
    (beside / "one.png").unlink()
    found = inspected(beside)
    assert files_of(found, "halves") == {"train/odd.png": "is 63 px wide"}
    assert list(files_of(found, "equal-halves")) == ["train/twice.png"]
    assert found.problems == 1


# --------------------------------------------------------------------------------------------- sizes and numbers


def test_images_smaller_than_the_crop(tmp_path: Path) -> None:
    unpaired(tmp_path, (300, 300))
    put_picture(tmp_path / "trainA" / "small.png", (300, 200))
    found = inspected(tmp_path)
    assert files_of(found, "enlarged") == {"trainA/small.png": "300x200 px"}
    assert found.problems == 0
    kept = held_against(tmp_path, "cyclegan", resize=0, crop=256)
    assert files_of(kept, "too-small") == {"trainA/small.png": "300x200 px"}
    assert (kept.problems, kept.preset) == (1, "mine")
    assert about(held_against(tmp_path, "cyclegan", resize=0, crop=200), "too-small") == []


def test_halves_are_held_against_the_crop(beside: Path) -> None:
    assert about(held_against(beside, "pix2pix", crop=32, resize=32), "enlarged") == []
    assert len(files_of(held_against(beside, "pix2pix", crop=64, resize=64), "enlarged")) == 3


def test_images_that_are_squeezed(tmp_path: Path) -> None:
    unpaired(tmp_path, (64, 48))
    [squeezed] = about(held_against(tmp_path, "cyclegan", crop=32, resize=36), "squeezed")
    assert "10 of 10 images are not square" in squeezed.fact
    assert about(held_against(tmp_path, "cyclegan", crop=32, resize=0), "squeezed") == []


def test_few_images_and_no_test_images(tmp_path: Path) -> None:
    put_pictures(tmp_path / "trainA", 100, (8, 8))
    put_pictures(tmp_path / "trainB", 99, (8, 8))
    found = inspected(tmp_path)
    assert [finding.fact for finding in about(found, "few")] == ["few images to learn a domain from: 99 in trainB"]
    [without] = about(found, "no-test")
    assert "trainA and trainB" in without.fact


def test_rare_digits(tmp_path: Path) -> None:
    write_digit_folders(tmp_path / "one" / "train", 4, digits=[0, 1, 2, 3, 4, 5, 6, 7, 8])
    put_pictures(tmp_path / "one" / "train" / "9", 1, (8, 8))
    write_idx_set(tmp_path / "two", 30)
    found = inspected(tmp_path)
    assert [finding.fact for finding in about(found, "balance")] == ["one/train has few of the digit 9 (1)"]


# --------------------------------------------------------------------------------------------- layouts and presets


@pytest.mark.parametrize("content", [b"no header", gzip.compress(b"\0\0\x08\x03")], ids=["no IDX", "cut"])
def test_damaged_digits(tmp_path: Path, content: bytes) -> None:
    for name in ("one", "two"):
        write_idx_set(tmp_path / name, 20)
    (tmp_path / "one" / "train-images-idx3-ubyte").write_bytes(content)
    found = inspected(tmp_path)
    [finding] = about(found, "listing")
    assert finding.fact.startswith(str(tmp_path / "one" / "train-images-idx3-ubyte"))
    assert [part.name for part in found.parts] == ["two/train"]


def test_a_label_that_is_no_digit(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_idx_set(tmp_path / name, 20)
    labels = tmp_path / "one" / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\x0b")
    [finding] = about(inspected(tmp_path), "listing")
    assert "has label 11 at 19" in finding.fact


def test_two_folders_are_told_how_to_go_on(tmp_path: Path) -> None:
    for name in ("cats", "my dogs"):
        put_pictures(tmp_path / name, 2)
    found = inspected(tmp_path)
    assert [finding.topic for finding in found.findings if finding.severity == "problem"] == ["layout"]
    assert found.suggestions[0].command == (
        f"gan-tui init 'datasets/cats2my dogs' --A {tmp_path}/cats --B '{tmp_path}/my dogs'"
    )


def test_several_sets_are_named(tmp_path: Path) -> None:
    for name in ("mine", "yours"):
        unpaired(tmp_path / name)
    found = inspected(tmp_path)
    assert [step.command for step in found.suggestions] == [
        f"gan-tui data check {tmp_path / name}" for name in ("mine", "yours")
    ]


def test_another_folder_of_digits_gets_a_general_preset(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_idx_set(tmp_path / name, 20)
    [train, _] = inspected(tmp_path).suggestions
    assert train.command == f"gan-tui train dtn-usps2mnist --data {tmp_path} --set data.A=one --set data.B=two"


def test_a_preset_says_how_a_folder_is_read(tmp_path: Path) -> None:
    put_pictures(tmp_path / "train", 2, (60, 40))
    assert inspected(tmp_path).kind == "images"
    assert held_against(tmp_path, "pix2pix").kind == "side-by-side"
    found = held_against(tmp_path, "cyclegan")
    [refused] = about(found, "refused")
    assert "has no trainA and no trainB" in refused.fact
    assert found.problems == 1


def test_a_preset_that_draws_its_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="draws its own images"):
        inspect_folder(tmp_path, lambda said: None, "quickstart", resolve({"data": {"kind": "synthetic"}}, "x"))


@pytest.mark.parametrize("damage", ["trainA", "trainB", "trainA/000.png"])
def test_whatever_train_refuses_is_a_problem(tmp_path: Path, damage: str) -> None:
    target = unpaired(tmp_path) / damage
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.write_text("no image")
    with pytest.raises(RequestError):
        check_data(preset("cyclegan", root=str(tmp_path)).data)
    assert inspected(tmp_path).problems == 1
    assert held_against(tmp_path, "cyclegan").problems >= 1


def test_an_empty_domain_is_a_problem(tmp_path: Path) -> None:
    for path in (unpaired(tmp_path) / "trainB").iterdir():
        path.unlink()
    [refused] = about(inspected(tmp_path), "refused")
    assert "holds no image" in refused.fact


def test_an_empty_folder(tmp_path: Path) -> None:
    found = inspected(tmp_path)
    assert (found.kind, found.images, found.problems, found.suggestions) == ("nothing", 0, 1, ())


@pytest.mark.parametrize("name", ["absent", "file", "x" * 300, "loop"])
def test_what_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(RequestError) as caught:
        inspected(tmp_path / name)
    assert caught.value.fix == "Name a folder of images."


def test_names_that_are_no_text(tmp_path: Path) -> None:
    train = unpaired(tmp_path) / "trainA"
    odd = os.fsdecode(b"caf\xe9.png")
    (train / odd).write_text("no image")
    (train / "\x1b[2J\n.png").write_text("no image")
    assert sorted(files_of(inspected(tmp_path), "unreadable")) == ["trainA/\x1b[2J\n.png", "trainA/caf\\xe9.png"]
