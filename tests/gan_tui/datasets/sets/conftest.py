"""A server, a listener, and a patience that does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from engine.protocol.jobs import Progress, Remark
from gan_tui.datasets.sets.download import Patience
from tests.gan_tui.datasets.sets.server import SetServer, serving


@dataclass
class Heard:
    """What a fetch told."""

    progress: list[Progress] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __call__(self, said: Progress | Remark) -> None:
        if isinstance(said, Remark):
            self.said.append(said.text)
        else:
            self.progress.append(said)

    @property
    def parts(self) -> list[tuple[str, int, int]]:
        """Each part of the work, by the order in which it was first told of: its name, its total, how far it came."""
        last = {told.what: told for told in self.progress}
        return [(told.what, told.total, told.done) for told in last.values()]


@pytest.fixture
def server() -> Iterator[SetServer]:
    with serving() as shop:
        yield shop


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def waits() -> list[float]:
    """Seconds that were waited for."""
    return []


@pytest.fixture
def patience(waits: list[float]) -> Patience:
    """As usual, but that nothing is waited for."""
    return Patience(sleep=waits.append)
