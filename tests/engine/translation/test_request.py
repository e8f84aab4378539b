"""What is asked for is read, and what cannot be is refused before PyTorch is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.config.data import Direction
from engine.config.image_files import MAX_PIXELS
from engine.errors import RequestError
from engine.protocol.translation import TranslateJob
from engine.translation.request import TranslationRequest, request_of
from engine.translation.sizes import Scaling, scaling_of
from tests.engine.translation.conftest import MakeRun
from tests.runs import tiny_config


def asked(run: Path, photos: Path, out: Path, **how: Any) -> TranslationRequest:
    return request_of(TranslateJob(run=str(run), inputs=(os.fsencode(photos),), out=os.fsencode(out), **how))


@pytest.mark.parametrize(
    ("asked_for", "expected", "of_100x50"),
    [
        ("own", Scaling(), (100, 50)),
        ("trained", Scaling(exact=(32, 32)), (32, 32)),
        ("256", Scaling(shorter=256), (512, 256)),
        ("25", Scaling(shorter=25), (50, 25)),
        ("640x480", Scaling(exact=(640, 480)), (640, 480)),
    ],
)
def test_sizes(asked_for: str, expected: Scaling, of_100x50: tuple[int, int]) -> None:
    found = scaling_of(asked_for, tiny_config())
    assert found == expected
    assert found.of(100, 50) == of_100x50


def test_the_longer_side_of_a_strip_has_its_limit() -> None:
    assert Scaling(shorter=10).of(1, 30) == (10, 300)
    with pytest.raises(ValueError, match=f"{MAX_PIXELS:,} allowed"):
        Scaling(shorter=10_000).of(1, 30)


@pytest.mark.parametrize("asked_for", ["", "big", "0", "10x0", "-3", "1e3", "640x480x3", "100000x100000", "²"])
def test_what_is_no_size(asked_for: str) -> None:
    with pytest.raises(RequestError, match="--size"):
        scaling_of(asked_for, tiny_config())


@pytest.mark.parametrize("asked_for", ["10000", "1000000", "1000000x1000000"])
def test_a_size_that_no_image_may_have(asked_for: str) -> None:
    with pytest.raises(RequestError, match=f"--size {asked_for}: is more than the {MAX_PIXELS:,} pixels"):
        scaling_of(asked_for, tiny_config())


def test_networks_that_take_one_size_alone() -> None:
    config = tiny_config(kind="dtn")
    assert scaling_of("own", config) == scaling_of("trained", config) == Scaling(exact=(32, 32))
    assert scaling_of("32", config) == scaling_of("32x32", config) == Scaling(exact=(32, 32))
    bottleneck = tiny_config("generator.bottleneck=8", kind="discogan")
    assert scaling_of("own", bottleneck) == Scaling(exact=(32, 32))
    for other in ("64", "64x32"):
        with pytest.raises(RequestError, match="takes 32 px and no other side"):
            scaling_of(other, config)


@pytest.mark.parametrize(
    ("kind", "how", "told"),
    [
        ("pix2pix", {"direction": "BtoA"}, "pix2pix translates one way, from the run's A to its B. Leave it out"),
        ("dtn", {"direction": "BtoA"}, "dtn translates one way"),
        ("cyclegan", {"restore": True}, "--restore: has nothing to scale back"),
        ("cyclegan", {"tile": "30"}, "--tile 30: is no side that the generator takes. Give 32"),
        ("cyclegan", {"tile": "small"}, "--tile small: is none of auto, off and a side"),
        ("cyclegan", {"tile": "64", "overlap": 33}, "--overlap 33: is more than half of a tile of 64 px. Give 32"),
        ("cyclegan", {"tile": "off", "overlap": 8}, "--overlap: does nothing with --tile off"),
        ("dtn", {"tile": "32"}, "--tile: does not go with networks that take 32 px alone"),
        ("dtn", {"overlap": 4}, "--overlap: does not go with networks that take 32 px alone"),
        ("cyclegan", {"checkpoint": "77"}, "checkpoint 77 of run cyclegan0: does not exist"),
    ],
)
def test_what_cannot_be_is_refused(
    trained: MakeRun, photos: Path, tmp_path: Path, kind: str, how: dict[str, Any], told: str
) -> None:
    with pytest.raises(RequestError) as refused:
        asked(trained(kind).root, photos, tmp_path / "out", **how)
    assert told.replace("cyclegan0", trained(kind).name) in str(refused.value)


def test_images_that_would_change_one_another_are_not_taken_together(
    trained: MakeRun, photos: Path, tmp_path: Path
) -> None:
    noisy = trained("pix2pix", "method.test_time_noise=true", "generator.norm=batch")
    assert asked(noisy.root, photos, tmp_path / "out").batch == 1
    with pytest.raises(RequestError, match="--batch 2: would mix images"):
        asked(noisy.root, photos, tmp_path / "out", batch=2)


@pytest.mark.parametrize(
    ("kind", "data", "direction", "half"),
    [
        ("cyclegan", "AtoB", "AtoB", "left"),
        ("cyclegan", "AtoB", "BtoA", "right"),
        ("cyclegan", "BtoA", "AtoB", "right"),
        ("cyclegan", "BtoA", "BtoA", "left"),
        ("pix2pix", "BtoA", "AtoB", "right"),
    ],
)
def test_the_half_of_a_pair_that_is_translated(
    trained: MakeRun, photos: Path, tmp_path: Path, kind: str, data: str, direction: Direction, half: str
) -> None:
    """A of the data is on the left; a run that was trained BtoA calls what is on the right its A."""
    run = trained(kind, f"data.direction={data}")
    assert asked(run.root, photos, tmp_path / "out", direction=direction, pairs=True).half == half
    assert asked(run.root, photos, tmp_path / "out", direction=direction).half is None


def test_a_way_that_was_not_trained_names_the_data(trained: MakeRun, photos: Path, tmp_path: Path) -> None:
    run = trained("pix2pix", "data.direction=BtoA")
    with pytest.raises(RequestError, match=r'made of the data\'s B and A. .*data.direction = "AtoB"'):
        asked(run.root, photos, tmp_path / "out", direction="BtoA")


def test_a_refusal_needs_no_pytorch() -> None:
    program = "import engine.translation.request, sys; print([m for m in ('torch', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
