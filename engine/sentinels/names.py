"""The names of what `Metrics.health` holds: a discriminator's beliefs, and how the translations into a domain look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

ON_REAL = "_on_real"
"""After a discriminator's name: the mean of its belief, 0 to 1, that real images are real."""
ON_FAKE = "_on_fake"
"""That generated ones are."""
DIVERSITY = "diversity_"
"""Before the name of a picture, such as fake_B: how far translations are from each other, as a share of how far real
images are."""
CHANGE = "change_"
"""How far a translation is from its input: mean difference, as a share of black to white."""
CORRELATION = "correlation_"
"""How the brightness of a translation goes with that of its input, or of the image that it should be where known."""

LOOKS = (DIVERSITY, CHANGE, CORRELATION)
"""What is measured of a contact sheet, and so is in few lines of metrics."""


class Beliefs(NamedTuple):
    """A discriminator's, 0 to 1 each."""

    real: float
    fake: float


def beliefs_in(health: Mapping[str, float | None]) -> dict[str, Beliefs]:
    """Of each discriminator of which both are known."""
    found = {}
    for name, real in health.items():
        who = name.removesuffix(ON_REAL)
        fake = health.get(who + ON_FAKE)
        if who != name and real is not None and fake is not None:
            found[who] = Beliefs(real, fake)
    return found


def looks_in(health: Mapping[str, float | None], prefix: str) -> Iterator[tuple[str, float]]:
    """The pictures of which something is known, and what."""
    for name, value in health.items():
        if name.startswith(prefix) and value is not None:
            yield name.removeprefix(prefix), value
