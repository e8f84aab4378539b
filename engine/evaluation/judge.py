"""The judge: a classifier trained on the target's labelled images alone, kept between evaluations.

It is kept in the user's cache folder and not in the run, which holds nothing but its record: every run with the same
target, size and settings is judged by the same one.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Adam
from torch.optim.lr_scheduler import LambdaLR

from engine.config.cache_folder import cache_folder
from engine.config.geometry import DTN_SIDE
from engine.data.digits import DigitSet, in_batches
from engine.data.draws import Purpose, generator
from engine.data.held_out import require_all
from engine.data.pixels import to_unit_range
from engine.evaluation.request import JudgeSettings
from engine.methods.method import evaluating
from engine.networks.digit_judge import DigitJudge
from engine.protocol.jobs import Progress, Tell

log = logging.getLogger(__name__)

_VERSION = 3
"""To be raised when a judge of the same settings would come out otherwise."""
_CHUNK = 500
"""Images that are read, or judged, at once."""
_TOLD_EVERY = 20
"""Steps between two words on progress, for which the loss is waited for."""


@dataclass(frozen=True, kw_only=True)
class LabelledPixels:
    """A whole set of digits in memory."""

    pixels: Tensor
    """uint8, (N, 3, side, side), on the CPU."""
    labels: Tensor
    """int64, (N,)."""

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def of(cls, digits: DigitSet, between: Callable[[], None] = lambda: None) -> LabelledPixels:
        """Read every image.

        Args:
            digits: where they are read from.
            between: called before each batch; it may raise what ends the reading.

        Raises:
            WorkError: one cannot be read; training puts another in its place, which would be counted twice here.
        """
        chunks = []
        for chunk in in_batches(digits, _CHUNK):
            between()
            require_all(chunk)
            chunks.append(chunk)
        pixels = torch.cat([torch.from_numpy(chunk.pixels) for chunk in chunks])
        return cls(pixels=pixels, labels=torch.cat([torch.from_numpy(chunk.labels) for chunk in chunks]))

    @property
    def digest(self) -> str:
        """SHA-256 of every pixel and label."""
        found = hashlib.sha256(str(tuple(self.pixels.shape)).encode())
        for values in (self.pixels, self.labels):
            found.update(values.contiguous().numpy().data)
        return found.hexdigest()

    def chunks(self, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
        """All of it in order: images in [-1, 1] on the device, and their labels on the CPU."""
        chunks = zip(torch.split(self.pixels, _CHUNK), torch.split(self.labels, _CHUNK), strict=True)
        for pixels, labels in chunks:
            yield to_unit_range(pixels, device), labels


class Judge:
    """Names the digit in an image.

    Args:
        network: the classifier, trained; it is left in evaluation mode.
    """

    def __init__(self, network: DigitJudge) -> None:
        self._network = network.eval()

    def name(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N,) int64 on the CPU: the digit that each most looks like."""
        with evaluating([self._network]):
            named: Tensor = self._network(fitted(images)).argmax(1)
        return named.cpu()


def judge_of(
    digits: LabelledPixels,
    settings: JudgeSettings,
    device: torch.device,
    tell: Tell,
    between: Callable[[], None] = lambda: None,
    *,
    retrain: bool = False,
) -> tuple[Judge, bool]:
    """The judge of a set of digits, and whether it was trained before.

    Args:
        digits: the target's training images.
        settings: how it is trained.
        device: where it is trained and judges.
        tell: is told how far its training has come.
        between: called before each step; what it raises ends the training, and nothing is kept.
        retrain: train it even if it is kept.
    """
    path = _kept_at(digits, settings)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(settings.seed)  # of the first weights, and of what dropout leaves out
        network = DigitJudge(settings.width)
        reused = not retrain and _take_up(network, path)
        network.to(device)
        if not reused:
            train_judge(network, digits, settings, device, tell, between)
            _keep(network, path)
    return Judge(network), reused


def train_judge(
    network: DigitJudge,
    digits: LabelledPixels,
    settings: JudgeSettings,
    device: torch.device,
    tell: Tell,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Train a judge by cross-entropy with Adam; dropout draws from PyTorch's random state."""
    optimizer = Adam(network.parameters(), lr=settings.rate, fused=True)
    fall = LambdaLR(optimizer, lambda step: 1 - step / settings.steps)
    draws = generator(settings.seed, Purpose.ORDER, 0, 0)
    network.train()
    for step in range(1, settings.steps + 1):
        between()
        chosen = torch.from_numpy(draws.choice(len(digits), min(settings.batch, len(digits)), replace=False))
        images = to_unit_range(digits.pixels[chosen], device)
        loss = F.cross_entropy(network(fitted(images)), digits.labels[chosen].to(device))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        fall.step()
        if step % _TOLD_EVERY == 0 or step == settings.steps:
            what = f"training the judge, loss {loss.item():.3f}"
            tell(Progress(what=what, done=step, total=settings.steps))


def fitted(images: Tensor) -> Tensor:
    """Images at the size that the classifier takes."""
    if images.shape[-2:] == (DTN_SIDE, DTN_SIDE):
        return images
    return F.interpolate(images, (DTN_SIDE, DTN_SIDE), mode="bilinear", align_corners=False, antialias=True)


# ------------------------------------------------------------------------------------------------------- keeping it


def _kept_at(digits: LabelledPixels, settings: JudgeSettings) -> Path:
    """Where the judge of a set is kept: its name says everything that the judge follows from."""
    folder = cache_folder(os.environ) / "gan-tui" / "judges"
    key = hashlib.sha256(digits.digest.encode() + msgspec.json.encode(settings) + bytes([_VERSION]))
    return folder / f"{key.hexdigest()[:32]}.safetensors"


def _take_up(network: DigitJudge, path: Path) -> bool:
    """Give a classifier the weights of one that was kept, if there is one; a damaged file counts as none."""
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        if path.exists():
            log.warning("the judge that is kept cannot be used and is trained anew (%s)", type(error).__name__)
        return False
    return True


def _keep(network: DigitJudge, path: Path) -> None:
    """Keep a judge for the next evaluation; where that fails, this one goes on without."""
    draft = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        os.close(handle)
        draft = Path(name)
        save_file(network.state_dict(), draft)
        draft.rename(path)
    except (OSError, SafetensorError) as error:
        log.warning("the judge cannot be kept for the next time (%s)", error)
        if draft is not None:
            with suppress(OSError):
                draft.unlink()
