"""Images kept apart from training: whole, in their order, with partners and labels, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.config.load import resolve
from engine.config.methods import TrainConfig
from engine.data.held_out import find_held_out, in_batches
from engine.errors import GanTuiError, RequestError
from tests.runs import TINY_OF, make_images, tiny_config


def pairs(root: Path, split: str, number: int = 3, *, side: int = 20) -> Path:
    """Files with two halves of noise."""
    noise = np.random.default_rng(1)
    for folder in ("train", split):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in range(number):
            pixels = noise.integers(0, 256, (side, 2 * side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{name}.png")
    return root


def paired_config(root: Path, direction: str = "AtoB") -> TrainConfig:
    data = {"kind": "paired", "root": str(root), "resize": 40, "crop": 32, "direction": direction}
    return resolve({**TINY_OF["pix2pix"], "data": data}, "test")


def test_an_image_is_seen_whole_at_the_size_of_the_crop(tmp_path: Path) -> None:
    root = make_images(tmp_path, side=50)
    held = find_held_out(tiny_config(root=root))
    expected = [
        np.asarray(Image.open(root / "testB" / f"{name}.png").resize((32, 32), Image.Resampling.BICUBIC))
        for name in range(3)
    ]
    views = held.B.take(range(3))
    assert held.split == "test"
    assert np.array_equal(views.pixels.transpose(0, 2, 3, 1), np.stack(expected))
    assert views.partners is None


@pytest.mark.parametrize("direction", ["AtoB", "BtoA"])
def test_partners_are_the_other_halves(tmp_path: Path, direction: str) -> None:
    root = pairs(tmp_path, "test", side=32)
    held = find_held_out(paired_config(root, direction))
    views = held.A.take(range(1, 3))
    whole = np.asarray(Image.open(root / "test" / "1.png")).transpose(2, 0, 1)
    left, right = whole[:, :, :32], whole[:, :, 32:]
    first, second = (left, right) if direction == "AtoB" else (right, left)
    assert views.partners is not None
    assert np.array_equal(views.pixels[0], first)
    assert np.array_equal(views.partners[0], second)
    assert np.array_equal(held.B.take(range(1, 2)).pixels[0], second)


def test_batches_are_all_of_it_in_order(tmp_path: Path) -> None:
    held = find_held_out(tiny_config(root=make_images(tmp_path, each=5)))
    batches = list(in_batches(held.A, 5, 2))
    assert [first for first, _ in batches] == [0, 2, 4]
    assert np.array_equal(np.concatenate([views.pixels for _, views in batches]), held.A.take(range(5)).pixels)


def test_val_takes_the_place_of_test_and_training_images_only_where_asked_for(tmp_path: Path) -> None:
    root = pairs(tmp_path, "val")
    assert find_held_out(paired_config(root)).split == "val"
    assert find_held_out(paired_config(root), "train").split == "train"
    with pytest.raises(RequestError, match="has no test images"):
        find_held_out(paired_config(root), "test")
    bare = pairs(tmp_path / "bare", "train")
    with pytest.raises(RequestError, match=r"has no test or val images\. Add some; gan-tui eval RUN --split train"):
        find_held_out(paired_config(bare))


@pytest.mark.parametrize("kind", ["cyclegan", "pix2pix"])
def test_drawings_are_others_than_those_of_training(kind: str) -> None:
    config = tiny_config(kind=kind)
    held, trained = find_held_out(config), find_held_out(config, "train")
    assert len(held.A) == 64
    assert len(trained.A) == 5
    views = held.A.take(range(1))
    assert not any(np.array_equal(views.pixels[0], other) for other in trained.A.take(range(5)).pixels)
    assert (views.partners is not None) == (kind == "pix2pix")
    with pytest.raises(RequestError, match=r"data.kind = synthetic: has no val images"):
        find_held_out(config, "val")


def test_digits_come_with_their_labels() -> None:
    held = find_held_out(tiny_config(kind="dtn"))
    views = held.A.take(range(7))
    assert views.labels is not None
    assert len(views.labels) == 7


def test_an_image_that_cannot_be_read_ends_it(tmp_path: Path) -> None:
    root = make_images(tmp_path)
    (root / "testA" / "1.png").write_bytes(b"no image")
    held = find_held_out(tiny_config(root=root))
    with pytest.raises(GanTuiError, match=r"testA/1\.png"):
        held.A.take(range(3))
