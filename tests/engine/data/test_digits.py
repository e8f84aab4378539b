"""Labels stay with their images, whole sets come from IDX files and folders, and digits are left out where asked."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.config.data import DigitsData, SyntheticDigits
from engine.data.build import Source, build_source
from engine.data.digit_sets import labelled
from engine.data.digits import DigitSet, ReadDigits, in_batches, resize_greys
from engine.data.domains import FolderDomain
from engine.data.stream import Batch, BatchStream
from engine.errors import RequestError, WorkError
from tests.engine.data.conftest import idx_bytes, write_digit_folders, write_idx_set, write_image


def take(source: Source, number: int, *, batch: int = 8, epoch: int = 1, index: int = 0) -> list[Batch]:
    with BatchStream(source, batch, epoch, index, workers=source.workers) as stream:
        return list(islice(stream, number))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """30 and 12 digits in IDX files of "posted", 20 and 10 in folders of "photographed"."""
    write_idx_set(tmp_path / "posted", 30)
    write_idx_set(tmp_path / "posted", 12, split="t10k")
    write_digit_folders(tmp_path / "photographed" / "train", 2)
    write_digit_folders(tmp_path / "photographed" / "test", 1)
    return tmp_path


def section(root: Path, **settings: object) -> DigitsData:
    return DigitsData(**{"root": str(root), "A": "photographed", "B": "posted", "size": 8, **settings})  # type: ignore[arg-type]


def everything(digits: DigitSet) -> tuple[list[int], list[int]]:
    """The first byte of every image, and every label."""
    batches = list(in_batches(digits, 7))
    assert all(len(batch.labels) == 7 for batch in batches[:-1])
    return [int(view[0, 0, 0]) for batch in batches for view in batch.pixels], [
        int(label) for batch in batches for label in batch.labels
    ]


def test_each_image_comes_with_its_label(root: Path) -> None:
    source = build_source(section(root), 3)
    for images in (batch.images for batch in take(source, 12)):
        assert images.label_A is not None
        assert images.label_B is not None
        assert images.label_A.dtype == images.label_B.dtype == torch.int64
        assert images.real_A.shape[1:] == images.real_B.shape[1:] == (3, 8, 8)
        assert torch.equal(images.real_A[:, 0, 0, 0] // 20, images.label_A.to(torch.uint8))
        assert torch.equal(images.real_B[:, 0, 0, 0] % 10, images.label_B.to(torch.uint8))


def test_labels_reach_what_steps_take(root: Path) -> None:
    source = build_source(section(root), 3)
    for step, images in ((take(source, 1)[0].on(torch.device("cpu")), take(source, 1)[0].images),
                         (source.validation(5).on(torch.device("cpu")), source.validation(5))):  # fmt: skip
        assert step.label_A is not None
        assert step.label_B is not None
        assert images.label_A is not None
        assert step.label_A.tolist() == images.label_A.tolist()
        assert len(step.label_B) == len(step)


def test_greys_become_rgb(root: Path) -> None:
    (images,) = (batch.images for batch in take(build_source(section(root), 3), 1))
    assert torch.equal(images.real_B[:, 0], images.real_B[:, 1])
    assert torch.equal(images.real_B[:, 0], images.real_B[:, 2])


@pytest.mark.parametrize(("height", "width", "side"), [(28, 28, 32), (16, 16, 32), (28, 28, 28), (7, 9, 5), (1, 1, 3)])
def test_many_greys_are_resized_as_pillow_resizes_one(height: int, width: int, side: int) -> None:
    greys = np.random.default_rng(0).integers(0, 256, (11, height, width), dtype=np.uint8)
    expected = [np.asarray(Image.fromarray(grey).resize((side, side), Image.Resampling.BICUBIC)) for grey in greys]
    assert np.array_equal(resize_greys(greys, side), np.stack(expected))


def test_images_of_folders_are_resized(root: Path) -> None:
    path = root / "photographed" / "train" / "0" / "0.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 13, 3), dtype=np.uint8)).save(path)
    view = labelled(section(root), 0, "A", "train").take(np.array([0])).pixels[0]
    with Image.open(path) as image:
        expected = np.asarray(image.resize((8, 8), Image.Resampling.BICUBIC))
    assert np.array_equal(view, expected.transpose(2, 0, 1))


def test_an_epoch_shows_every_digit_of_the_larger_set(root: Path) -> None:
    source = build_source(section(root, A="posted", B="photographed"), 3)
    first, second = (take(source, 4, epoch=epoch) for epoch in (1, 2))
    orders = [[int(view[0, 0, 0]) for batch in epoch for view in batch.images.real_A] for epoch in (first, second)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(30))
    assert orders[0] != orders[1]
    partners = [[int(view[0, 0, 0]) for batch in epoch for view in batch.images.real_B] for epoch in (first, second)]
    assert partners[0] != partners[1]
    assert len(set(partners[0])) > 10


def test_a_stream_of_digits_can_be_taken_up_anywhere_and_in_other_batches(root: Path) -> None:
    source = build_source(section(root), 3)
    whole, later = take(source, 9), take(source, 5, index=4)
    for one, other in zip(whole[4:], later, strict=True):
        assert one.place == other.place
        assert torch.equal(one.images.real_A, other.images.real_A)
        assert torch.equal(one.images.real_B, other.images.real_B)
    singles = take(source, 30, batch=1)
    assert torch.equal(torch.cat([b.images.real_B for b in whole[:4]]), torch.cat([b.images.real_B for b in singles]))


def test_an_epoch_of_digits_can_be_of_whole_batches(root: Path) -> None:
    assert [len(batch) for batch in take(build_source(section(root), 3, whole_batches=True), 4)] == [8, 8, 8, 8]
    assert [len(batch) for batch in take(build_source(section(root), 3), 4)] == [8, 8, 8, 6]


# ----------------------------------------------------------------------------------------- what is left out, and where


def test_digits_are_left_out_of_the_training_images_alone(root: Path) -> None:
    config = section(root, without_A=(3, 5), without_B=(0,))
    found = {
        (domain, split): everything(labelled(config, 0, domain, split))[1]  # type: ignore[arg-type]
        for domain in ("A", "B")
        for split in ("train", "test")
    }
    assert sorted(found["A", "train"]) == sorted([0, 1, 2, 4, 6, 7, 8, 9] * 2)
    assert sorted(found["B", "train"]) == sorted(list(range(1, 10)) * 3)
    assert set(found["A", "test"]) == set(found["B", "test"]) == set(range(10))
    labels = [batch.images.label_A for batch in take(build_source(config, 3), 8)]
    assert not {3, 5} & {int(label) for batch in labels if batch is not None for label in batch}


def test_direction_swaps_the_sets_with_what_is_left_out(root: Path) -> None:
    back = section(root, without_A=(3,), without_B=(0,), direction="BtoA")
    forth = section(root, without_A=(3,), without_B=(0,))
    for split in ("train", "test"):
        assert everything(labelled(back, 0, "A", split)) == everything(labelled(forth, 0, "B", split))  # type: ignore[arg-type]
        assert everything(labelled(back, 0, "B", split)) == everything(labelled(forth, 0, "A", split))  # type: ignore[arg-type]


def test_a_set_of_which_nothing_is_left_is_refused(root: Path) -> None:
    write_digit_folders(root / "threes" / "train", 2, digits=[3])
    with pytest.raises(RequestError, match=r"threes: has no training image but of the digits left out: 3"):
        build_source(section(root, A="threes", without_A=(3,)), 0)


def test_sheets_show_every_digit_of_test_or_else_of_train(root: Path) -> None:
    shown = build_source(section(root, without_A=(3,)), 0).validation(10)
    assert shown.label_A is not None
    assert shown.label_B is not None
    assert shown.label_A.tolist() == shown.label_B.tolist() == list(range(10))
    for path in (root / "posted").glob("t10k*"):
        path.unlink()
    shown = build_source(section(root, without_B=(3,)), 0).validation(10)
    assert shown.label_B is not None
    assert shown.label_B.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9, 0]


@pytest.mark.parametrize(
    ("folder", "options"),
    [
        ("posted", {"zipped": True}),
        ("posted/MNIST/raw", {}),
        ("posted/raw", {"zipped": True}),
        ("posted", {"prefix": "usps-", "zipped": True}),
    ],
)
@pytest.mark.parametrize("test", ["t10k", "test"])
def test_idx_files_are_found_by_their_usual_names(
    tmp_path: Path, folder: str, options: dict[str, bool], test: str
) -> None:
    write_idx_set(tmp_path / folder, 11, **options)  # type: ignore[arg-type]
    write_idx_set(tmp_path / folder, 3, split=test, **options)  # type: ignore[arg-type]
    config = section(tmp_path, A="posted", size=6)
    assert everything(labelled(config, 0, "A", "train")) == (list(range(11)), [*range(10), 0])
    assert everything(labelled(config, 0, "A", "test")) == ([0, 1, 2], [0, 1, 2])


def test_an_unpacked_file_is_read_where_the_packed_one_lies_beside_it(tmp_path: Path) -> None:
    write_idx_set(tmp_path / "posted", 11, zipped=True)
    write_idx_set(tmp_path / "posted", 12)
    assert len(labelled(section(tmp_path), 0, "B", "train")) == 12


# ----------------------------------------------------------------------------------------------- damage and memory


def test_a_damaged_image_is_passed_over_with_its_label(root: Path) -> None:
    damaged = root / "photographed" / "train" / "4" / "0.png"
    source = build_source(section(root), 3)
    damaged.write_text("no picture")
    batches = take(source, 16)
    problems = [problem for batch in batches for problem in batch.problems]
    assert [problem.path for problem in problems] == [str(damaged.resolve())]
    for images in (batch.images for batch in batches):
        assert images.label_A is not None
        assert torch.equal(images.real_A[:, 0, 0, 0] // 20, images.label_A.to(torch.uint8))
        assert (images.real_A[:, 0, 0, 0] != 80).all()


def test_a_set_without_one_good_image_ends_the_work(root: Path) -> None:
    source = build_source(section(root), 3)
    for path in (root / "photographed" / "train").glob("*/*.png"):
        path.write_text("gone")
    with pytest.raises(WorkError, match="none of its 20 images"):
        take(source, 1)


@pytest.mark.parametrize("room", [0, 2**20])
def test_an_image_is_read_once_where_there_is_room(tmp_path: Path, room: int) -> None:
    write_image(tmp_path / "0.png", 7)
    digits = ReadDigits(FolderDomain(tmp_path, (tmp_path / "0.png",)), np.array([3]), 8, room=room)
    assert digits.take(np.array([0, 0])).pixels[:, 0, 0, 0].tolist() == [7, 7]
    write_image(tmp_path / "0.png", 9)
    assert digits.take(np.array([0])).pixels[0, 0, 0, 0] == (7 if room else 9)


def test_the_fingerprint_tells_labels(root: Path) -> None:
    before = build_source(section(root), 0).fingerprint
    assert before == build_source(section(root), 0).fingerprint
    labels = (np.arange(30) % 10).astype(np.uint8)
    labels[7] = 3
    (root / "posted" / "train-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    assert before != build_source(section(root), 0).fingerprint
    assert before != build_source(section(root, without_A=(1,)), 0).fingerprint


def test_drawn_digits_are_a_source_as_well() -> None:
    config = SyntheticDigits(images=40, size=12, without_A=(3,))
    source = build_source(config, 5)
    for images in (batch.images for batch in take(source, 5)):
        assert images.label_A is not None
        assert 3 not in images.label_A.tolist()
        assert images.real_A.shape[1:] == (3, 12, 12)
    assert source.workers == 0
