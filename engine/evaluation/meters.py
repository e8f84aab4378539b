"""What is measured of translations, batch by batch; nothing holds all images.

Pixels are compared as floats on [0, 1], all three colours of RGB alike, not rounded to bytes; a figure is the mean over
images of what it is of each, summed in float64.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from engine.config.figure_names import Figure
from engine.config.figures import family_of
from engine.data.held_out import DomainName
from engine.evaluation.distances import frechet_distance, kernel_distance
from engine.evaluation.inception import Inception
from engine.evaluation.judge import Judge
from engine.protocol.evaluation import DigitScore


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Some images of a domain and what was made of them, each (N, 3, H, W) in [-1, 1] on the device.

    What no figure needs is None.
    """

    domain: DomainName
    real: Tensor
    fake: Tensor | None = None
    """Their translations."""
    back: Tensor | None = None
    """Those, translated back."""
    kept: Tensor | None = None
    """What the way into their own domain makes of them."""
    partner: Tensor | None = None
    """The image of the other domain that belongs to each."""
    labels: Tensor | None = None
    """(N,), int64, on the CPU."""


class Meter(Protocol):
    """Measures some figures."""

    def add(self, seen: Seen) -> None:
        """Take in a batch."""

    def figures(self) -> dict[str, float]:
        """What all batches come to; not always finite."""


class PixelMeter:
    """Figures that are means over images: l1, psnr and ssim against the partner, cycle and identity errors.

    psnr and ssim are torchmetrics', with a data range of 1: psnr by the mean squared error over the three colours of an
    image; ssim with a Gaussian window of 11 px (sigma 1.5) over reflected edges, the mean over the colours' maps.
    """

    def __init__(self, wanted: Collection[Figure]) -> None:
        self._wanted = wanted
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._images: defaultdict[str, int] = defaultdict(int)

    def add(self, seen: Seen) -> None:
        """Take in a batch."""
        real = _unit(seen.real)
        if seen.fake is not None and seen.partner is not None:
            fake, partner = _unit(seen.fake), _unit(seen.partner)
            self._count("l1", lambda: _absolute(fake, partner))
            self._count("psnr", lambda: _psnr(fake, partner))
            self._count("ssim", lambda: _ssim(fake, partner))
        if seen.back is not None:
            back = _unit(seen.back)
            self._count(f"cycle_{seen.domain}", lambda: _absolute(back, real))
        if seen.kept is not None:
            kept = _unit(seen.kept)
            self._count(f"identity_{seen.domain}", lambda: _absolute(kept, real))

    def figures(self) -> dict[str, float]:
        """The means."""
        return {name: total / self._images[name] for name, total in self._sums.items()}

    def _count(self, name: str, measure: Measure) -> None:
        if name in self._wanted:
            of_each = measure().cpu().double()
            self._sums[name] += float(of_each.sum())
            self._images[name] += len(of_each)


class Measure(Protocol):
    """Computes a value for each image of a batch, (N,)."""

    def __call__(self) -> Tensor: ...


class FeatureMeter:
    """FID and KID; of each image it keeps the features alone, 8 kB."""

    def __init__(self, wanted: Collection[Figure], inception: Inception) -> None:
        self._wanted = [figure for figure in wanted if family_of(figure) in ("fid", "kid")]
        self._domains = {figure[-1] for figure in self._wanted}
        self._inception = inception
        self._real: defaultdict[str, list[Tensor]] = defaultdict(list)
        self._fake: defaultdict[str, list[Tensor]] = defaultdict(list)

    def add(self, seen: Seen) -> None:
        """Take in a batch."""
        other = "B" if seen.domain == "A" else "A"
        if seen.domain in self._domains:
            self._real[seen.domain].append(self._inception.features(seen.real))
        if seen.fake is not None and other in self._domains:
            self._fake[other].append(self._inception.features(seen.fake))

    def figures(self) -> dict[str, float]:
        """The distances of the translations to a domain from its real images."""
        measures = {"fid": frechet_distance, "kid": kernel_distance}
        sets = {domain: (torch.cat(self._fake[domain]), torch.cat(self._real[domain])) for domain in self._domains}
        return {figure: measures[family_of(figure)](*sets[figure[-1]]) for figure in self._wanted}


class JudgeMeter:
    """The share of translated digits that a judge names rightly."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._labels: list[Tensor] = []
        self._translated: list[Tensor] = []
        self._untranslated: list[Tensor] = []

    def add(self, seen: Seen) -> None:
        """Take in a batch; of images of B nothing is asked."""
        if seen.domain == "A" and seen.fake is not None and seen.labels is not None:
            self._labels.append(seen.labels)
            self._translated.append(self._judge.name(seen.fake))
            self._untranslated.append(self._judge.name(seen.real))

    def figures(self) -> dict[str, float]:
        """The accuracy."""
        return {"accuracy": _share(torch.cat(self._translated) == torch.cat(self._labels))}

    @property
    def untranslated_accuracy(self) -> float:
        """The same of the images themselves."""
        return _share(torch.cat(self._untranslated) == torch.cat(self._labels))

    @property
    def digits(self) -> tuple[DigitScore, ...]:
        """How often each digit was named rightly."""
        return scores(torch.cat(self._labels), torch.cat(self._translated), torch.cat(self._untranslated))


def scores(labels: Tensor, translated: Tensor, untranslated: Tensor) -> tuple[DigitScore, ...]:
    """How often each digit was named rightly.

    Args:
        labels: (N,), the digits that the images show.
        translated: (N,), what their translations were taken for.
        untranslated: (N,), what they themselves were taken for.
    """
    found = []
    for digit in torch.unique(labels).tolist():
        of_digit = labels == digit
        found.append(
            DigitScore(
                digit=digit,
                images=int(of_digit.sum()),
                translated=int((translated[of_digit] == digit).sum()),
                untranslated=int((untranslated[of_digit] == digit).sum()),
            )
        )
    return tuple(found)


def _unit(images: Tensor) -> Tensor:
    """From [-1, 1] to [0, 1], in float32."""
    return images.float().add(1).div(2).clamp(0, 1)


def _absolute(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).abs().mean((1, 2, 3))


def _psnr(fake: Tensor, partner: Tensor) -> Tensor:
    return peak_signal_noise_ratio(fake, partner, data_range=1.0, reduction="none", dim=(1, 2, 3))


def _ssim(fake: Tensor, partner: Tensor) -> Tensor:
    found = structural_similarity_index_measure(fake, partner, data_range=1.0, reduction="none")
    assert isinstance(found, Tensor)
    return found.reshape(-1)


def _share(right: Tensor) -> float:
    return right.double().mean().item()
