"""Pairs stay pairs: the same file, the same crop, the same flip; and other methods see each half by itself."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.config.data import PairedData
from engine.data.build import Source, build_source
from engine.data.domains import DrawnDomain
from engine.data.draws import Purpose, frame_numbers
from engine.data.epochs import Place
from engine.data.paired import Matched, PairedImages
from engine.data.stream import Batch, BatchStream
from engine.data.transforms import Framing
from engine.errors import WorkError
from tests.engine.data.conftest import write_image, write_pair


def take(source: Source, number: int, *, batch: int = 2, workers: int = 0, index: int = 0) -> list[Batch]:
    with BatchStream(source, batch, 1, index, workers=workers) as stream:
        return list(islice(stream, number))


@pytest.fixture
def side_by_side(tmp_path: Path) -> Path:
    """7 training pairs, numbered 0 on; 2 of val from 50, 3 of test from 60."""
    for split, count, first in (("train", 7, 0), ("val", 2, 50), ("test", 3, 60)):
        for k in range(count):
            write_pair(tmp_path / split / f"{k}.png", first + k)
    return tmp_path


@pytest.fixture
def matched(tmp_path: Path) -> Path:
    """The same as two folders, whose files have other extensions."""
    for split, count, first in (("train", 7, 0), ("test", 3, 60)):
        for k in range(count):
            write_image(tmp_path / "A" / split / f"{k}.png", first + k)
            write_image(tmp_path / "B" / split / f"{k}.bmp", 100 + first + k)
    return tmp_path


@pytest.fixture(params=["side_by_side", "matched"])
def root(request: pytest.FixtureRequest) -> Path:
    """Either layout."""
    return Path(request.getfixturevalue(request.param))


def test_the_halves_of_a_pair_are_cropped_and_mirrored_alike(root: Path) -> None:
    source = build_source(PairedData(root=str(root), resize=0, crop=9), 3, aligned=True)
    views = set()
    for images in (batch.images for batch in take(source, 40)):
        assert torch.equal(images.real_A[:, 0] + 100, images.real_B[:, 0])
        assert torch.equal(images.real_A[:, 1:], images.real_B[:, 1:])
        views.update((*view[1, 0, :2].tolist(), int(view[2, 0, 0])) for view in images.real_A)
    assert len(views) > 40  # crops and flips differ from item to item


def test_the_frame_of_a_pair_is_that_of_one_image() -> None:
    images = [Image.fromarray(np.random.default_rng(k).integers(0, 256, (20, 30, 3), np.uint8)) for k in range(2)]
    framing = Framing(resize=16, crop=11, flip=True)
    for position in range(20):
        numbers = frame_numbers(0, Purpose.FRAME_A, 0, position)
        views = framing.alike_at_random((images[0], images[1]), numbers)
        for view, image in zip(views, images, strict=True):
            assert np.array_equal(view, framing.at_random(image, numbers))


def test_an_epoch_shows_every_pair_once_in_an_order_of_its_own(root: Path) -> None:
    source = build_source(PairedData(root=str(root), resize=20, crop=20, flip=False), 3, aligned=True)
    shown = [int(view[0, 0, 0]) for batch in take(source, 8) for view in batch.images.real_A]
    first, second = shown[:7], shown[7:]
    assert sorted(first) == sorted(second) == list(range(7))
    assert first != second
    assert first != list(range(7))


def test_an_epoch_of_pairs_can_be_of_whole_batches(root: Path) -> None:
    config = PairedData(root=str(root), resize=20, crop=20)
    whole = build_source(config, 3, aligned=True, whole_batches=True)
    assert [len(batch) for batch in take(whole, 4)] == [2, 2, 2, 2]
    assert [len(batch) for batch in take(build_source(config, 3, aligned=True), 4)] == [2, 2, 2, 1]


@pytest.mark.parametrize("aligned", [False, True])
def test_direction_swaps_the_halves(root: Path, aligned: bool) -> None:
    def batches(direction: str) -> list[Batch]:
        config = PairedData(root=str(root), resize=20, crop=20, flip=False, direction=direction)  # type: ignore[arg-type]
        return take(build_source(config, 3, aligned=aligned), 4)

    for batch in batches("AtoB"):
        assert (batch.images.real_A[:, 0] < 100).all()
        assert (batch.images.real_B[:, 0] >= 100).all()
    for batch in batches("BtoA"):
        assert (batch.images.real_A[:, 0] >= 100).all()
        assert (batch.images.real_B[:, 0] < 100).all()


def test_apart_each_domain_has_one_half_of_every_file_and_draws_of_its_own(root: Path) -> None:
    source = build_source(PairedData(root=str(root), resize=0, crop=9), 3)
    numbers = []
    frames_alike = 0
    for images in (batch.images for batch in take(source, 40, batch=1)):
        numbers.append((int(images.real_A[0, 0, 0, 0]), int(images.real_B[0, 0, 0, 0]) - 100))
        frames_alike += torch.equal(images.real_A[:, 1:], images.real_B[:, 1:])
    assert {a for a, _ in numbers} == {b for _, b in numbers} == set(range(7))
    assert sum(a == b for a, b in numbers) < 20
    assert frames_alike < 5


@pytest.mark.parametrize("aligned", [False, True])
def test_workers_change_nothing_and_a_stream_can_be_taken_up(root: Path, aligned: bool) -> None:
    source = build_source(PairedData(root=str(root), resize=20, crop=12), 3, aligned=aligned)
    alone = take(source, 9)
    for others in (take(source, 9, workers=2), alone[:5] + take(source, 4, index=5)):
        assert [batch.place for batch in others] == [batch.place for batch in alone]
        for one, other in zip(alone, others, strict=True):
            assert torch.equal(one.images.real_A, other.images.real_A)
            assert torch.equal(one.images.real_B, other.images.real_B)
            assert one.images.label_A is None


# ------------------------------------------------------------------------------------------------ damaged pairs


@pytest.mark.parametrize("aligned", [False, True])
def test_a_file_without_two_equal_halves_is_passed_over(side_by_side: Path, aligned: bool) -> None:
    config = PairedData(root=str(side_by_side), resize=20, crop=20, flip=False)
    source = build_source(config, 3, aligned=aligned)
    odd = side_by_side / "train" / "3.png"
    Image.new("RGB", (47, 20)).save(odd)
    batches = take(source, 30)
    problems = [problem for batch in batches for problem in batch.problems]
    assert [(problem.path, problem.reason) for problem in problems] == [
        (str(odd.resolve()), "is 47 px wide: it has no two equal halves")
    ]
    assert all((batch.images.real_A[:, 0] != 3).all() for batch in batches)


def test_the_partner_of_a_damaged_image_is_passed_over_with_it(matched: Path) -> None:
    source = build_source(PairedData(root=str(matched), resize=20, crop=20, flip=False), 3, aligned=True)
    damaged = matched / "B" / "train" / "3.bmp"
    damaged.write_text("no picture")
    batches = take(source, 12)
    problems = [problem for batch in batches for problem in batch.problems]
    assert [problem.path for problem in problems] == [str(damaged.resolve())]
    for images in (batch.images for batch in batches):
        assert (images.real_A[:, 0] != 3).all()
        assert torch.equal(images.real_A[:, 0] + 100, images.real_B[:, 0])


def test_a_pair_of_two_sizes_is_resized_or_where_sizes_are_kept_passed_over(matched: Path) -> None:
    write_image(matched / "B" / "train" / "3.bmp", 103, (26, 20))
    resized = build_source(PairedData(root=str(matched), resize=20, crop=20), 3, aligned=True)
    assert not any(batch.problems for batch in take(resized, 4))
    kept = build_source(PairedData(root=str(matched), resize=0, crop=20), 3, aligned=True)
    problems = [problem for batch in take(kept, 12) for problem in batch.problems]
    assert [problem.path for problem in problems] == [str(matched.resolve() / "A" / "train" / "3.png")]
    assert "24x20 px and its partner 26x20 px" in problems[0].reason


def test_no_good_pair_ends_the_work(side_by_side: Path) -> None:
    source = build_source(PairedData(root=str(side_by_side), resize=20, crop=20), 3, aligned=True)
    for path in (side_by_side / "train").iterdir():
        path.write_text("gone")
    with pytest.raises(WorkError, match=r"train: none of its 7 images"):
        take(source, 1)


class CountedReads(DrawnDomain):
    """A domain that tells how often it is read."""

    reads = 0

    def read(self, index: int) -> Image.Image:
        """One drawing, RGB."""
        type(self).reads += 1
        return super().read(index)


def test_a_pair_is_read_once_an_item() -> None:
    domain = CountedReads("drawings", tuple(np.full((4, 4, 3), k, np.uint8) for k in range(3)))
    images = PairedImages(pairs=Matched(domain, domain), framing=Framing(resize=0, crop=4, flip=True), seed=0)
    images.load(Place(1, 0), 3)
    assert CountedReads.reads == 6


# --------------------------------------------------------------------------------------- what contact sheets show


def test_sheets_show_the_same_pairs_of_test(root: Path) -> None:
    for aligned in (False, True):
        config = PairedData(root=str(root), resize=20, crop=20)
        shown = build_source(config, 0, aligned=aligned).validation(8)
        assert shown.real_A[:, 0, 0, 0].tolist() == [60, 61, 62]
        assert shown.real_B[:, 0, 0, 0].tolist() == [160, 161, 162]


def test_sheets_fall_back_to_val_and_then_to_train(side_by_side: Path) -> None:
    for split, first in (("test", 50), ("val", 0)):
        for path in (side_by_side / split).iterdir():
            path.unlink()
        shown = build_source(PairedData(root=str(side_by_side), resize=20, crop=20), 0, aligned=True).validation(2)
        assert shown.real_A[:, 0, 0, 0].tolist() == [first, first + 1]


def test_sheets_pass_over_a_damaged_pair_without_parting_another(side_by_side: Path) -> None:
    (side_by_side / "test" / "1.png").write_text("no picture")
    shown = build_source(PairedData(root=str(side_by_side), resize=20, crop=20), 0, aligned=True).validation(2)
    assert shown.real_A[:, 0, 0, 0].tolist() == [60, 62]
    assert shown.real_B[:, 0, 0, 0].tolist() == [160, 162]
    assert len(shown.problems) == 1


def test_the_fingerprint_tells_files_and_direction(side_by_side: Path) -> None:
    def fingerprint(aligned: bool = True, direction: str = "AtoB") -> str:
        config = PairedData(root=str(side_by_side), resize=20, crop=20, direction=direction)  # type: ignore[arg-type]
        return build_source(config, 0, aligned=aligned).fingerprint

    before = fingerprint()
    assert before == fingerprint()
    assert before != fingerprint(direction="BtoA")
    write_pair(side_by_side / "train" / "another.png", 9)
    assert before != fingerprint()
