"""What can be changed in a preset so that its run takes less memory, and what that would be. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from engine.config.data import DigitsData, SyntheticDigits
from engine.config.geometry import check_geometry, nearest_side
from engine.config.methods import Pix2PixConfig, TrainConfig
from engine.config.networks import UnetGenerator
from engine.config.techniques import check_techniques
from engine.errors import RequestError


class Lighter(NamedTuple):
    """A change, and the preset with it."""

    setting: str
    """As --set takes it, such as "run.accumulate=2"."""
    config: TrainConfig


def lighter(config: TrainConfig) -> list[Lighter]:
    """The changes that the method allows, those first that leave the result as it is."""
    return [change for change in _changes(config) if _is_possible(change.config)]


def _changes(config: TrainConfig) -> Iterator[Lighter]:
    run = config.run
    if not run.checkpointing and not _is_one_segment_of_one_image(config):
        yield _of_run(config, "checkpointing", "true", True)
    if (parts := min(2 * run.accumulate, run.batch)) > run.accumulate:
        yield _of_run(config, "accumulate", str(parts), parts)
    if run.precision != "bf16":
        yield _of_run(config, "precision", "bf16", "bf16")
    if run.batch > 1:
        yield _of_run(config, "batch", str(run.batch // 2), run.batch // 2)
    side = nearest_side(config.generator, config.data.crop // 2)
    if side < config.data.crop:
        key = "size" if isinstance(config.data, DigitsData | SyntheticDigits) else "crop"
        data = msgspec.structs.replace(config.data, **{key: side})
        yield Lighter(f"data.{key}={side}", msgspec.structs.replace(config, data=data))


def _is_one_segment_of_one_image(config: TrainConfig) -> bool:
    """Whether a U-Net has one pass of one image, which checkpointing makes again as a whole: 1 % less memory."""
    is_unet = isinstance(config, Pix2PixConfig) and isinstance(config.generator, UnetGenerator)
    return is_unet and config.run.batch <= config.run.gpus


def _of_run(config: TrainConfig, key: str, text: str, value: object) -> Lighter:
    run = msgspec.structs.replace(config.run, **{key: value})
    return Lighter(f"run.{key}={text}", msgspec.structs.replace(config, run=run))


def _is_possible(config: TrainConfig) -> bool:
    try:
        check_geometry(config)
        check_techniques(config)
    except RequestError:
        return False
    return True
