"""The size that an image is translated at. Free of torch."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.config.geometry import check_translatable, only_side
from engine.config.image_files import MAX_PIXELS
from engine.config.methods import TrainConfig
from engine.errors import RequestError

OWN, TRAINED = "own", "trained"


@dataclass(frozen=True)
class Scaling:
    """What an image is scaled to before it is translated; one without either keeps its size."""

    shorter: int = 0
    """Its shorter side in pixels; its aspect stays."""
    exact: tuple[int, int] | None = None
    """Width and height in pixels, whatever its aspect."""

    @property
    def keeps(self) -> bool:
        """Whether every image keeps its size."""
        return not self.shorter and self.exact is None

    def of(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of an image once it is scaled.

        Raises:
            ValueError: it would be larger than any image may be.
        """
        if self.exact is not None:
            return self.exact
        if not self.shorter:
            return width, height
        least = min(width, height)
        scaled = [max(1, round(side * self.shorter / least)) for side in (width, height)]
        if scaled[0] * scaled[1] > MAX_PIXELS:
            raise ValueError(f"would be scaled to {scaled[0]}x{scaled[1]} px, more than the {MAX_PIXELS:,} allowed")
        return scaled[0], scaled[1]


def scaling_of(asked: str, config: TrainConfig) -> Scaling:
    """What --size means for a run.

    Args:
        asked: own, trained, N or WxH.
        config: the run's; where its networks take one size alone, every image is scaled to that.

    Raises:
        RequestError: it is no size, or none that the networks take.
    """
    exact = re.fullmatch(r"(\d{1,9})x(\d{1,9})", asked)
    if asked == OWN:
        scaling = Scaling()
    elif asked == TRAINED:
        scaling = Scaling(exact=(config.data.crop, config.data.crop))
    elif exact:
        scaling = Scaling(exact=(int(exact[1]), int(exact[2])))
    elif re.fullmatch(r"\d{1,9}", asked):
        scaling = Scaling(shorter=int(asked))
    else:
        raise _no_size(asked, "is none of own, trained, N and WxH")
    if asked not in (OWN, TRAINED) and 0 in (scaling.exact or (scaling.shorter,)):
        raise _no_size(asked, "is no size in pixels")
    width, height = scaling.exact or (scaling.shorter,) * 2
    if width * height > MAX_PIXELS:
        raise _no_size(asked, f"is more than the {MAX_PIXELS:,} pixels that an image may have")
    return _to_the_only_side(scaling, config)


def _to_the_only_side(scaling: Scaling, config: TrainConfig) -> Scaling:
    side = only_side(config.generator)
    if not side:
        return scaling
    width, height = scaling.exact or (scaling.shorter or side,) * 2
    check_translatable(config.generator, height=height, width=width)
    return Scaling(exact=(side, side))


def _no_size(asked: str, fact: str) -> RequestError:
    return RequestError(f"--size {asked}", fact, "Give trained, 256 for the shorter side, or 640x480.")
