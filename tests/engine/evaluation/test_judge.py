"""The judge: what it learns, what it follows from, and when one that is kept is used again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from engine.config.data import DigitsData, SyntheticDigits
from engine.data.digit_sets import labelled
from engine.data.pixels import to_unit_range
from engine.errors import WorkError
from engine.evaluation.judge import LabelledPixels, fitted, judge_of
from engine.evaluation.request import JudgeSettings
from engine.protocol.jobs import Progress, Remark

CPU = torch.device("cpu")
QUICK = JudgeSettings(width=4, steps=3, batch=8)


def digits(images: int = 20, size: int = 32, seed: int = 0) -> LabelledPixels:
    return LabelledPixels.of(labelled(SyntheticDigits(images=images, size=size), seed, "B", "train"))


def silently(word: str) -> None:
    pass


def kept(judges: Path) -> list[dict[str, Tensor]]:
    return [load_file(path) for path in sorted(judges.iterdir())]


def test_it_learns_to_name_digits_it_has_not_seen() -> None:
    settings = JudgeSettings(width=16, steps=200, batch=32)
    judge, reused = judge_of(digits(400), settings, CPU, silently)
    others = digits(200, seed=1)
    right = judge.name(to_unit_range(others.pixels)) == others.labels
    assert not reused
    assert right.double().mean() > 0.8


def test_its_progress_is_told() -> None:
    told: list[Progress | Remark] = []
    judge_of(digits(), QUICK, CPU, told.append)
    [said] = told
    assert isinstance(said, Progress)
    assert (said.done, said.total) == (3, 3)
    assert said.what.startswith("training the judge, loss ")


def test_naming_does_not_depend_on_the_other_images() -> None:
    judge, _ = judge_of(digits(), QUICK, CPU, silently)
    images = to_unit_range(digits(seed=1).pixels)
    one_by_one = torch.cat([judge.name(image[None]) for image in images])
    assert torch.equal(judge.name(images), one_by_one)


def test_the_same_images_and_settings_give_the_same_judge(judges: Path) -> None:
    states = []
    for _ in range(2):
        torch.rand(1)  # the global random state has no part in it
        judge_of(digits(), QUICK, CPU, silently, retrain=True)
        states.append(kept(judges))
    [first], [second] = states
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_judge_that_is_kept_is_used_again() -> None:
    images = to_unit_range(digits(seed=1).pixels)
    first, _ = judge_of(digits(), QUICK, CPU, silently)
    told: list[str] = []
    second, reused = judge_of(digits(), QUICK, CPU, told.append)
    assert reused
    assert not told
    assert torch.equal(first.name(images), second.name(images))


def test_it_is_trained_anew_if_asked_for() -> None:
    judge_of(digits(), QUICK, CPU, silently)
    _, reused = judge_of(digits(), QUICK, CPU, silently, retrain=True)
    assert not reused


@pytest.mark.parametrize("setting", [{"width": 2}, {"steps": 2}, {"batch": 4}, {"rate": 2e-3}, {"seed": 1}], ids=str)
def test_other_settings_are_another_judge(setting: dict[str, Any], judges: Path) -> None:
    judge_of(digits(), QUICK, CPU, silently)
    settings = JudgeSettings(**{"width": 4, "steps": 3, "batch": 8, **setting})
    _, reused = judge_of(digits(), settings, CPU, silently)
    assert not reused
    first, second = kept(judges)
    assert any(first[key].shape != second[key].shape or not torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("changed", ["pixels", "labels"])
def test_other_digits_are_another_judge(changed: str) -> None:
    """Be it in one pixel or one label: names alone would not tell two sets apart."""
    judge_of(digits(), QUICK, CPU, silently)
    same = digits()
    tensor: Tensor = getattr(same, changed)
    tensor.view(-1)[7] += 1
    _, reused = judge_of(same, QUICK, CPU, silently)
    assert not reused


@pytest.mark.parametrize("damage", [b"", b"not weights", None], ids=str)
def test_a_damaged_judge_is_trained_anew(damage: bytes | None, judges: Path) -> None:
    judge_of(digits(), QUICK, CPU, silently)
    [path] = judges.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[:-8] if damage is None else damage)
    _, reused = judge_of(digits(), QUICK, CPU, silently)
    assert not reused
    assert path.read_bytes() == whole


def test_where_none_can_be_kept_the_evaluation_goes_on(judges: Path) -> None:
    judges.parent.parent.write_text("a file where the cache folder should be")
    _, reused = judge_of(digits(), QUICK, CPU, silently)
    assert not reused


def test_no_half_written_judge_is_left_behind(judges: Path) -> None:
    judge_of(digits(), QUICK, CPU, silently)
    assert [path.suffix for path in judges.iterdir()] == [".safetensors"]


def test_an_image_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "digits" / "set" / "train"
    for digit in (0, 1):
        (folder / str(digit)).mkdir(parents=True)
        Image.new("RGB", (32, 32)).save(folder / str(digit) / "image.png")
    whole = (folder / "1" / "image.png").read_bytes()
    (folder / "1" / "image.png").write_bytes(whole[:-20])
    config = DigitsData(root=str(tmp_path / "digits"), A="set", B="set")
    with pytest.raises(WorkError, match=r"1/image\.png: cannot be used"):
        LabelledPixels.of(labelled(config, 0, "B", "train"))


def test_images_of_another_size_are_made_to_fit() -> None:
    small, large = to_unit_range(digits(size=32).pixels), to_unit_range(digits(size=64).pixels)
    assert fitted(small) is small
    assert fitted(large).shape == small.shape
    assert (fitted(large) - small).abs().mean() < 0.1
    judge, _ = judge_of(digits(size=64), QUICK, CPU, silently)
    assert judge.name(large).shape == (20,)
