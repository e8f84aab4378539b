"""What networks are built by: the settings that a configuration has to share with the weights that it is to load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from engine.config.methods import TrainConfig

Setting: TypeAlias = bool | int | float | str
NetworkSettings: TypeAlias = dict[str, dict[str, Setting]]
"""Section of the configuration, key, value."""

_OF_METHODS = ("kind", "f_width")
"""Keys of a method that its networks are built by."""
_OF_STAGES = ("f_steps", "f_from")
"""Keys of what a method trains, or takes from another run, before its own objective; they bind once that is done."""
_FIRST_WEIGHTS = ("init", "init_gain")
"""Keys of a network that matter only before the first step."""


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """A setting for which weights do not fit, or not the networks that they were trained in."""

    key: str
    """Such as "generator.width"."""
    trained: Setting
    configured: Setting


def network_settings(config: TrainConfig, *, stage_done: bool = True) -> NetworkSettings:
    """The method, and all settings of its networks that are not about their first weights.

    Args:
        config: the run's.
        stage_done: whether what the method trains before its own objective is trained, and part of the weights for
            good; until then its settings may still be changed.
    """
    tables = msgspec.to_builtins(config)
    of_method = (*_OF_METHODS, *_OF_STAGES) if stage_done else _OF_METHODS
    sections = {name: tables[name] for name in ("generator", "discriminator")}
    return {
        "method": {key: value for key, value in tables["method"].items() if key in of_method},
        **{name: {key: table[key] for key in table if key not in _FIRST_WEIGHTS} for name, table in sections.items()},
    }


def misfits(trained: NetworkSettings, configured: NetworkSettings) -> Iterator[Misfit]:
    """Where weights were trained otherwise than is configured; what only one of the two knows does not count."""
    for section, then in trained.items():
        now = configured.get(section, {})
        for key in then:
            if key in now and then[key] != now[key]:
                yield Misfit(key=f"{section}.{key}", trained=_told(then[key]), configured=_told(now[key]))


def _told(value: Setting) -> Setting:
    """A value that can be read where it stands in a sentence."""
    return "none" if value == "" else value
