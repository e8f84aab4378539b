"""What can be changed in a preset so that its run takes less memory, and what that would be. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from engine.config.data import DigitsData, SyntheticDigits
from engine.config.geometry import check_geometry, nearest_side
from engine.config.methods import TrainConfig
from engine.config.ranks import largest_share
from engine.config.techniques import check_techniques
from engine.errors import RequestError


class Lighter(NamedTuple):
    """A change, and the preset with it."""

    setting: str
    """As --set takes it, such as "run.accumulate=2"."""
    config: TrainConfig


def lighter(config: TrainConfig) -> list[Lighter]:
    """The changes that the method allows, those first that leave the result as it is.

    Whether each saves anything depends on sizes, which engine.memory can tell: of a U-Net's only image checkpointing
    makes all again, and bfloat16's copies of many weights may take more than it saves in small maps.
    """
    return [change for change in _changes(config) if _is_possible(change.config)]


def _changes(config: TrainConfig) -> Iterator[Lighter]:
    run, share = config.run, largest_share(config.run)
    if not run.checkpointing:
        yield _of_run(config, "checkpointing", "true", True)
    if (parts := min(2 * run.accumulate, share)) > run.accumulate:
        yield _of_run(config, "accumulate", str(parts), parts)
    if run.precision != "bf16":
        yield _of_run(config, "precision", "bf16", "bf16")
    if share > 1:
        batch = max(run.batch // 2, run.gpus)
        yield _of_run(config, "batch", str(batch), batch)
    side = nearest_side(config.generator, config.data.crop // 2)
    if side < config.data.crop:
        key = "size" if isinstance(config.data, DigitsData | SyntheticDigits) else "crop"
        data = msgspec.structs.replace(config.data, **{key: side})
        yield Lighter(f"data.{key}={side}", msgspec.structs.replace(config, data=data))


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
