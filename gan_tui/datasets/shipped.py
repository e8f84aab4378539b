"""Which sets of images the shipped presets are of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from engine.config.data import DataConfig, DigitsData, PairedData, UnpairedData
from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.config.presets import shipped_presets


@cache
def shipped_configs() -> Mapping[str, TrainConfig]:
    """The shipped presets by their names, resolved."""
    return {name: resolve(read_toml(path), path.name) for name, path in shipped_presets().items()}


def sets_of(data: DataConfig) -> tuple[str, ...]:
    """The sets that a preset is of, by their folders' names: of digits source and target, else one or none."""
    match data:
        case DigitsData():
            return (data.A, data.B)
        case UnpairedData() | PairedData():
            return (Path(data.root).name,)
        case _:
            return ()


def presets_on(name: str) -> tuple[str, ...]:
    """The shipped presets that are of a set."""
    return tuple(preset for preset, config in shipped_configs().items() if name in sets_of(config.data))
