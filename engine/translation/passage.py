"""Images on their way through a translating network, whole or in pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from engine.config.methods import TrainConfig
from engine.data.pixels import to_bytes, to_unit_range
from engine.errors import WorkError
from engine.methods.method import evaluating, translating_as_trained
from engine.out_of_memory import is_out_of_memory
from engine.translation.framing import Pixels
from engine.translation.image_memory import ImageMemory
from engine.translation.request import Tiling, mixes_a_batch
from engine.translation.tiles import spans


class Say(Protocol):
    """Tells something once, however many images it is true of."""

    def __call__(self, text: str, topic: str = "") -> None:
        """Tell it, unless it was told, or something else of that topic."""


class Passed(NamedTuple):
    """What became of an image."""

    pixels: Pixels
    tile: int
    """The side of the pieces that it went in; 0 for one piece."""


class Passage:
    """Takes images through a network.

    Each translation is the same whatever other images there are: where the run translates with dropout and statistics
    of the batch (method.test_time_noise), images go one by one, and what is drawn for each begins at run.seed.

    Args:
        translator: (N, 3, H, W) in [-1, 1] to the same (Method.translator).
        config: the run's.
        device: where the network is.
        tiling: in which pieces.
        room: the memory that there is, by which pieces are chosen where the tiling leaves that open.
        say: is told what the user should know.
    """

    def __init__(
        self,
        translator: nn.Module,
        config: TrainConfig,
        device: torch.device,
        tiling: Tiling,
        room: ImageMemory,
        say: Say,
    ) -> None:
        self._translator = translator
        self._config = config
        self._device = device
        self._tiling = tiling
        self._say = say
        self._room = room if tiling.side is None else None

    def take(self, images: Sequence[Pixels]) -> list[Passed]:
        """Translate images of one shape.

        Raises:
            WorkError: memory does not suffice for an image even in the smallest pieces, or in those asked for.
        """
        height, width, _ = images[0].shape
        if len(images) == 1:
            return [self._take_one(images[0])]
        if not self._is_cut(height, width) and self._holds(len(images) * height * width):
            try:
                return [Passed(pixels, 0) for pixels in self._whole(images)]
            except (RuntimeError, MemoryError) as error:
                self._require_out_of_memory(error)
                self._say(f"Memory does not suffice for {len(images)} images of {width}x{height} px at once.", "batch")
        return [self._take_one(image) for image in images]

    def _take_one(self, image: Pixels) -> Passed:
        height, width, _ = image.shape
        for side in self._sides(height, width):
            try:
                if not side:
                    return Passed(self._whole([image])[0], 0)
                if self._tiling.side is None:
                    self._tell_of_pieces(height, width, side)
                return Passed(self._in_pieces(image, side), side)
            except (RuntimeError, MemoryError) as error:
                self._require_out_of_memory(error)
        fix = "Give a smaller --tile." if self._tiling.side is not None else "Give a smaller --size."
        raise WorkError(f"an image of {width}x{height} px", f"does not fit into the memory of {self._device}", fix)

    def _tell_of_pieces(self, height: int, width: int, side: int) -> None:
        text = f"An image of {width}x{height} px is translated in pieces of {side} px that share "
        text += f"{self._tiling.shared(side)}, as memory does not suffice for all of it"
        self._say(f"{text} (--tile {side} has it so whatever is free).", f"pieces of {side}")

    def _sides(self, height: int, width: int) -> Iterator[int]:
        """The sides of pieces to try, until memory suffices; 0 for all of the image."""
        if self._room is None:
            yield (self._tiling.side or 0) if self._is_cut(height, width) else 0
            return
        smaller = self._room.smaller(height, width, self._tiling.overlap)
        if not smaller or self._room.holds(height * width):
            yield 0
        held = [side for side in smaller if self._room.holds(min(side, height) * min(side, width))]
        yield from held or smaller[-1:]

    def _is_cut(self, height: int, width: int) -> bool:
        """Whether the user asks for pieces of an image of that size."""
        side = self._tiling.side
        return bool(side) and max(height, width) > (side or 0)

    def _holds(self, pixels: int) -> bool:
        return self._room is None or self._room.holds(pixels)

    def _require_out_of_memory(self, error: BaseException) -> None:
        """Raises the error when it says anything else; else what it has taken is given back."""
        if not is_out_of_memory(error):
            raise error
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _whole(self, images: Sequence[Pixels]) -> list[Pixels]:
        with self._looking():
            made = to_bytes(self._translator(self._on_device(np.stack(images))))
        return list(made.permute(0, 2, 3, 1).cpu().numpy())

    def _in_pieces(self, image: Pixels, side: int) -> Pixels:
        height, width, _ = image.shape
        overlap = self._tiling.shared(side)
        made = torch.zeros(3, height, width)
        with self._looking():
            for row in spans(height, side, overlap):
                for column in spans(width, side, overlap):
                    piece = self._translator(self._on_device(image[None, row.slice, column.slice]))[0]
                    shares = torch.from_numpy(np.outer(row.shares, column.shares)).to(self._device)
                    made[:, row.slice, column.slice] += (piece * shares).cpu()
        return to_bytes(made).permute(1, 2, 0).numpy()

    def _looking(self) -> AbstractContextManager[None]:
        """The mode that the run's sheets are translated in; what is drawn in it begins at the seed."""
        if not mixes_a_batch(self._config):
            return evaluating([self._translator])
        return self._with_noise()

    @contextmanager
    def _with_noise(self) -> Iterator[None]:
        with translating_as_trained([self._translator]):
            torch.manual_seed(self._config.run.seed)
            yield

    def _on_device(self, pixels: Pixels) -> Tensor:
        """(N, H, W, 3) bytes as (N, 3, H, W) in [-1, 1]."""
        return to_unit_range(torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))), self._device)
