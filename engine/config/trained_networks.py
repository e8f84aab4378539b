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
_FIRST_WEIGHTS = ("init", "init_gain")
"""Keys of a network that matter only before the first step."""


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """A setting for which weights do not fit, or not the networks that they were trained in."""

    key: str
    """Such as "generator.width"."""
    trained: Setting
    configured: Setting


def network_settings(config: TrainConfig) -> NetworkSettings:
    """The method, and all settings of its networks that are not about their first weights."""
    tables = msgspec.to_builtins(config)
    sections = {name: tables[name] for name in ("generator", "discriminator")}
    return {
        "method": {key: value for key, value in tables["method"].items() if key in _OF_METHODS},
        **{name: {key: table[key] for key in table if key not in _FIRST_WEIGHTS} for name, table in sections.items()},
    }


def misfits(trained: NetworkSettings, configured: NetworkSettings) -> Iterator[Misfit]:
    """Where weights were trained otherwise than is configured; what only one of the two knows does not count."""
    for section, then in trained.items():
        now = configured.get(section, {})
        for key in then:
            if key in now and then[key] != now[key]:
                yield Misfit(key=f"{section}.{key}", trained=then[key], configured=now[key])
