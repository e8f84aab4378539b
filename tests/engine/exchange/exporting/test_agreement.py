"""What differs from PyTorch is refused: somewhere, in one batch or size alone, by NaN or in shape."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from engine.config.geometry import Sides
from engine.errors import WorkError
from engine.exchange.exporting.agreement import TOLERANCE, require_agreement, trial_images
from engine.exchange.exporting.exported_network import Translator


def translator(sides: Sides, crop: int = 32) -> Translator:
    return Translator(network=nn.Tanh(), direction="AtoB", sides=sides, crop=crop)


OPEN, FIXED = Sides(4, 8, 2048), Sides(32, 32, 32)


@pytest.mark.parametrize("sides", [OPEN, FIXED])
def test_what_does_the_same_agrees(sides: Sides) -> None:
    found = require_agreement(translator(sides), torch.tanh, "it")
    assert found.difference == 0
    assert len(found.trials) == len(set(found.trials)) > 1


def test_batches_of_one_and_more_at_several_sizes() -> None:
    shapes = [tuple(images.shape) for images in trial_images(translator(OPEN))]
    assert {batch for batch, *_ in shapes} >= {1, 2}
    assert len({sides for _, _, *sides in map(list, shapes) for sides in [tuple(sides)]}) == len(shapes)
    assert all(side % 4 == 0 and side >= 8 for _, _, *sides in shapes for side in sides)
    assert all(images.abs().max() <= 1 for images in trial_images(translator(OPEN)))


def test_images_of_a_batch_differ() -> None:
    *_, images = trial_images(translator(FIXED))
    assert not torch.equal(images[0], images[1])


WRONG: dict[str, Callable[[Tensor], Tensor]] = {
    "a little everywhere": lambda images: torch.tanh(images) + 2 * TOLERANCE,
    "one value": lambda images: torch.tanh(images).index_put((torch.tensor([0]),) * 4, torch.tensor(0.5)),
    "batches": lambda images: torch.tanh(images[:1]).expand_as(images),
    "a size": lambda images: torch.tanh(images) if images.shape[-1] == images.shape[-2] else torch.zeros_like(images),
    "NaN": lambda images: torch.full_like(images, float("nan")),
    "shape": lambda images: torch.tanh(images)[..., 1:],
}


@pytest.mark.parametrize("how", WRONG)
def test_what_does_not_is_refused(how: str) -> None:
    with pytest.raises(WorkError, match="differs from PyTorch by"):
        require_agreement(translator(OPEN), WRONG[how], "it")
