"""Whether what was exported makes of images what PyTorch makes of them: tried on several, sizes and batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.errors import WorkError
from engine.exchange.exporting.exported_network import Translator

TOLERANCE = 1e-4
"""The largest difference of a value in [-1, 1]; a level of an 8-bit picture is 8e-3."""
_SEED = 7


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far two programs differ."""

    difference: float
    trials: tuple[str, ...]
    """The batches that they were tried on: 2x3x256x256."""


def require_agreement(translator: Translator, exported: Callable[[Tensor], Tensor], what: str) -> Agreement:
    """Try an export on images of every kind that it takes.

    Args:
        translator: what was exported.
        exported: runs it, (N, 3, H, W) to the same.
        what: names it in an error.

    Raises:
        WorkError: it differs from PyTorch by more than TOLERANCE somewhere.
    """
    worst, trials = 0.0, []
    for images in trial_images(translator):
        name = "x".join(map(str, images.shape))
        difference = _difference(translator.network, exported, images)
        if not difference <= TOLERANCE:  # NaN is no agreement
            fact = f"differs from PyTorch by {difference:.1e} on a batch of {name}, and {TOLERANCE:g} is the most"
            raise WorkError(what, fact, "Nothing was written. Try another --opset, --size or --format.")
        worst = max(worst, difference)
        trials.append(name)
    return Agreement(difference=worst, trials=tuple(trials))


def trial_images(translator: Translator) -> Iterator[Tensor]:
    """Batches of one and of several, of the sizes that are taken: noise, soft shapes and plain grounds."""
    draws = torch.Generator().manual_seed(_SEED)
    sides, crop = translator.sides, translator.crop
    if sides.most == sides.least:
        for batch in (1, 3):
            yield _pictures(batch, sides.least, sides.least, draws)
        return
    small = max(sides.least, crop // 2 // sides.step * sides.step)
    yield _pictures(1, max(crop, sides.least), max(crop, sides.least), draws)
    yield _pictures(3, small, small + sides.step, draws)
    yield _pictures(2, sides.least + sides.step, sides.least, draws)


def _pictures(batch: int, height: int, width: int, draws: torch.Generator) -> Tensor:
    """In [-1, 1]: the first image noise, the second soft shapes, the third soft shapes of little contrast."""
    noise = torch.rand(batch, 3, height, width, generator=draws) * 2 - 1
    coarse = torch.rand(batch, 3, 4, 4, generator=draws) * 2 - 1
    soft = nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
    faint = soft * 0.2 - 0.5
    return torch.stack([(noise, soft, faint)[number % 3][number] for number in range(batch)])


@torch.no_grad()
def _difference(network: nn.Module, exported: Callable[[Tensor], Tensor], images: Tensor) -> float:
    expected, found = network(images), exported(images)
    if found.shape != expected.shape:
        return float("nan")
    return float((found - expected).abs().max())
