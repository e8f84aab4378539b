"""Where two configurations differ, and a run's from the preset file of its name, as that is today."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.config.presets import find_preset
from engine.config.user_paths import at_home
from engine.errors import RequestError
from engine.protocol.imported import IMPORTED

Value: TypeAlias = str | int | float | bool | tuple[int, ...] | None
"""Of a key; several numbers where it is a list, such as the digits left out."""


class Alteration(msgspec.Struct, frozen=True, kw_only=True):
    """One key of two configurations, or one entry of two lists of versions; None where it is absent."""

    key: str
    before: Value
    after: Value


class PresetDrift(msgspec.Struct, frozen=True, kw_only=True):
    """A run's configuration beside the preset of its name."""

    preset: str
    """The preset's name, as the run remembers it."""
    path: str = ""
    """The file that has this name today; empty where there is none."""
    problem: str = ""
    """Why the two cannot be compared, as a sentence; empty where they were."""
    differences: tuple[Alteration, ...] = ()
    """From the file to the run, key by key: a changed file, or settings given when the run was made."""


def preset_drift(preset: str, config: TrainConfig, origin: str = "") -> PresetDrift:
    """Compare a run's configuration with its preset file; a preset that is gone is no error.

    Args:
        preset: the preset's name.
        config: the run's configuration.
        origin: the file that it was read from, where that is known; else, or where that is gone, it is looked for.
    """
    if preset == IMPORTED and not origin:
        return PresetDrift(preset=preset, problem="none: the run was imported, or branches from one that was")
    try:
        path = Path(origin) if origin and Path(origin).is_file() else _find(preset)
    except RequestError:
        return PresetDrift(preset=preset, problem=f"no preset is called {preset} any more, shipped or in this folder")
    try:
        today = resolve(read_toml(path), str(path))
    except RequestError as error:
        return PresetDrift(preset=preset, path=str(path), problem=error.one_line())
    return PresetDrift(preset=preset, path=str(path), differences=differences(today, config))


def differences(before: TrainConfig, after: TrainConfig) -> tuple[Alteration, ...]:
    """The keys whose values differ, defaults included, in the order of the sections."""
    old, new = _flat(before), _flat(after)
    keys = list(dict.fromkeys((*new, *old)))
    return tuple(
        Alteration(key=key, before=old.get(key), after=new.get(key)) for key in keys if old.get(key) != new.get(key)
    )


def _find(preset: str) -> Path:
    """The shipped preset of a name, or the file of that name in the working directory."""
    try:
        return find_preset(preset)
    except RequestError:
        return find_preset(f"{preset}.toml")


def _flat(config: TrainConfig) -> dict[str, Value]:
    """``section.key`` to value; a folder of data by its absolute path, from wherever it was named."""
    flat = dict(_entries(msgspec.to_builtins(config)))
    if root := flat.get("data.root"):
        flat["data.root"] = str(at_home(str(root)).resolve())
    return flat


def _entries(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Value]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _entries(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", tuple(value) if isinstance(value, list) else value
