"""Where the sentinels' numbers come from, besides the losses: how translations of the fixed images look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.methods.method import SampleRow
from engine.sentinels.names import CHANGE, CORRELATION, DIVERSITY
from engine.transfers import Send, Transfer

COMPARED = 8
"""Images that are compared with one another, at most: pairs are many."""
SIDE = 64
"""To which they are shrunk before, in pixels: what differs in grain alone is alike."""
_NOTHING = 1e-6
"""Under a division by what may be 0, where images are flat or all the same."""


@dataclass(frozen=True)
class Looks:
    """How the translations look, perhaps still on its way to the host."""

    names: tuple[str, ...]
    values: Transfer

    def read(self) -> dict[str, float]:
        """The values by name; waits for them."""
        return dict(zip(self.names, self.values.wait().tolist(), strict=True))


@dataclass(frozen=True)
class Arrived:
    """Values that were read from a checkpoint."""

    values: Tensor
    done: bool = True

    def wait(self) -> Tensor:
        """See Transfer."""
        return self.values


def look_at(sample: Sequence[SampleRow], send: Send) -> Looks | None:
    """Measure a method's sample on the device and send the numbers off; None where it holds no translations.

    Nothing random is drawn and no network is run. Never waits for the device.
    """
    with torch.no_grad():
        looks = dict(_looks(sample))
        return Looks(tuple(looks), send(torch.stack(list(looks.values())))) if looks else None


def recorded(looks: Mapping[str, float]) -> Looks | None:
    """What a checkpoint holds of looks that had not come into a line of metrics."""
    return Looks(tuple(looks), Arrived(torch.tensor(list(looks.values()), dtype=torch.float64))) if looks else None


def _looks(sample: Sequence[SampleRow]) -> Iterator[tuple[str, Tensor]]:
    reals = {name: images for row in sample for name, images in row.items() if name.startswith("real_")}
    for row in sample:
        [source] = [images for name, images in row.items() if name.startswith("real_")][:1]
        for name, fake in row.items():
            if not name.startswith("fake_"):
                continue
            real = f"real_{name.removeprefix('fake_')}"
            if real in reals and len(fake) > 1:
                yield DIVERSITY + name, _distance(fake) / (_distance(reals[real]) + _NOTHING)
            yield CHANGE + name, (fake.float() - source.float()).abs().mean() / 2
            yield CORRELATION + name, _correlation(fake, row.get(real, source))  # pairs know what it should be


def _small(images: Tensor) -> Tensor:
    images = images.float()
    return F.adaptive_avg_pool2d(images, SIDE) if min(images.shape[-2:]) > SIDE else images


def _distance(images: Tensor) -> Tensor:
    """The mean distance between two of them, (N, C, H, W), 0-d."""
    small = _small(images[:COMPARED]).flatten(1)
    first, second = torch.triu_indices(len(small), len(small), offset=1, device=small.device)
    return (small[first] - small[second]).abs().mean()


def _correlation(images: Tensor, others: Tensor) -> Tensor:
    """The mean over the images of how their brightness goes with that of others, -1 to 1, 0-d; a flat one's is 0."""
    ours, theirs = (_small(each).mean(1).flatten(1) for each in (images, others))
    ours, theirs = ours - ours.mean(1, keepdim=True), theirs - theirs.mean(1, keepdim=True)
    products: Tensor = (ours * theirs).sum(1) / (ours.norm(dim=1) * theirs.norm(dim=1) + _NOTHING)
    return products.mean()
