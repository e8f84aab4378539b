"""Forward passes of a run's networks, in its precision."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from engine.config.methods import TrainConfig
from engine.methods.method import in_chunks
from engine.methods.precision import autocast_of


class Passes:
    """Runs networks; what they return is in the run's own dtype, whatever autocast computed it in.

    Args:
        config: the run's preset.
        device: where the networks are.
        dtype: of weights, images and losses.

    Raises:
        RequestError: the device does not have the precision that is asked for.
    """

    def __init__(self, config: TrainConfig, device: torch.device, dtype: torch.dtype) -> None:
        self.autocast = autocast_of(config.run.precision, device)
        """The context in which to run them."""
        self.dtype = dtype
        self._batch = config.run.batch
        self._one_pass = config.generator.norm != "batch"
        self._compiled = config.run.compile == "on"

    def __call__(self, network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        """What a network makes of images."""
        return network(images).to(self.dtype)

    def both(self, generator: Callable[[Tensor], Tensor], first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """What a generator makes of as many images of two kinds: in one pass, unless batch normalisation mixes them."""
        if not self._one_pass:
            return self(generator, first), self(generator, second)
        of_first, of_second = torch.chunk(self(generator, torch.cat([first, second])), 2)
        return of_first, of_second

    def many(self, network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        """What a network makes of images to be looked at, as many at a time as a batch of the run has."""
        with self._uncompiled():
            return in_chunks(lambda chunk: self(network, chunk), images, self._batch)

    def _uncompiled(self) -> AbstractContextManager[object]:
        """Pictures are few: compiling networks once more, in evaluation mode, would take longer than all of them."""
        return torch.compiler.set_stance("force_eager") if self._compiled else nullcontext()
