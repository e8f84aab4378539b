"""Whether what was exported makes of images what PyTorch makes of them: tried on several, sizes and batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.errors import RequestError, WorkError
from engine.exchange.exporting.exported_network import Translator
from engine.sizes import size_text
from engine.translation.image_memory import ImageMemory

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


def require_memory(translator: Translator, memory: ImageMemory) -> None:
    """Refuse what there is no memory to try.

    Args:
        translator: what is to be exported.
        memory: of where it is tried.

    Raises:
        RequestError: its largest batch takes more than is free.
    """
    batch, height, width = max(trial_sizes(translator), key=math.prod)
    pixels = batch * height * width
    if not memory.holds(pixels):
        fact = f"take {size_text(memory.need(pixels))} on their way through the network, more than is free here"
        raise RequestError(f"{batch} images of {width}x{height} px", fact, "Give a smaller --size.")


def trial_sizes(translator: Translator) -> list[tuple[int, int, int]]:
    """Images, height and width of the batches that an export is tried on: one and several, of the sizes it takes."""
    sides, crop = translator.sides, translator.crop
    if sides.most == sides.least:
        return [(1, sides.least, sides.least), (3, sides.least, sides.least)]
    small, trained = max(sides.least, crop // 2 // sides.step * sides.step), max(crop, sides.least)
    return [(1, trained, trained), (3, small, small + sides.step), (2, sides.least + sides.step, sides.least)]


def trial_images(translator: Translator) -> Iterator[Tensor]:
    """Those batches: noise, soft shapes and plain grounds."""
    draws = torch.Generator().manual_seed(_SEED)
    for batch, height, width in trial_sizes(translator):
        yield _pictures(batch, height, width, draws)


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
