"""Which series a plot shows together: groups of them, and what a typed filter leaves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from engine.sentinels.names import LOOKS
from gan_tui.state.series import SeriesKey


class SeriesGroup(NamedTuple):
    """Series that are looked at together, on one y axis."""

    name: str
    keys: tuple[SeriesKey, ...]
    log: bool = True
    """Whether their y axis is logarithmic until the user has it otherwise."""


def groups_of(keys: Sequence[SeriesKey], objective: Collection[str]) -> tuple[SeriesGroup, ...]:
    """Every group that has a series: all losses first, then parts of them, then what is no loss.

    The parts are what the generators minimise, losses whose names begin alike, as cycle_A and cycle_B do, and what the
    generators do not minimise. Of two groups of the same series there is the first.

    Args:
        keys: of a run, in the order in which they are drawn.
        objective: the losses that the generators minimise, as far as that is known.
    """
    losses = tuple(key for key in keys if key.group == "loss")
    families: dict[str, list[SeriesKey]] = {}
    for key in losses:
        families.setdefault(key.name.partition("_")[0], []).append(key)
    found = [
        SeriesGroup("losses", losses),
        SeriesGroup("generators", tuple(key for key in losses if key.name in objective)),
        *(SeriesGroup(name, tuple(members)) for name, members in families.items() if len(members) > 1),
        SeriesGroup("others", tuple(key for key in losses if objective and key.name not in objective)),
        SeriesGroup("learning rates", tuple(key for key in keys if key.group == "lr")),
        SeriesGroup("weights", tuple(key for key in keys if key.group == "weight")),
        SeriesGroup("evaluation", tuple(key for key in keys if key.group == "figure")),
        *_of_health(keys),
        *(SeriesGroup(_PACE[key.name], (key,), log=False) for key in keys if key.name in _PACE and key.group == "pace"),
    ]
    first = {group.keys: group for group in reversed(found) if group.keys}
    return tuple(group for group in found if first.get(group.keys) is group)


def _of_health(keys: Sequence[SeriesKey]) -> list[SeriesGroup]:
    """What the sentinels go by: the discriminators' beliefs, and how translations look."""
    health = tuple(key for key in keys if key.group == "health")
    looks = tuple(key for key in health if key.name.startswith(LOOKS))
    beliefs = tuple(key for key in health if key not in looks)
    return [SeriesGroup("health", beliefs, log=False), SeriesGroup("looks", looks, log=False)]


_PACE = {"throughput": "steps a second", "data_wait": "data wait"}


def matching(keys: Sequence[SeriesKey], typed: str) -> tuple[SeriesKey, ...]:
    """The series of whose names a typed word is a part, whatever its case; every one where nothing is typed."""
    words = typed.casefold().split()
    return tuple(key for key in keys if not words or any(word in key.name.casefold() for word in words))


def colour_of(key: SeriesKey, groups: Sequence[SeriesGroup]) -> int:
    """The number of a series' colour: its place in the first group that has it, so that it is the same in every one.

    Args:
        key: the series.
        groups: all of its run.
    """
    return next((group.keys.index(key) for group in groups if key in group.keys), 0)
