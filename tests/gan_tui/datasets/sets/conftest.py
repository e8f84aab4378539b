"""A server, a listener, and a patience that does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest

from gan_tui.datasets.sets.download import Patience
from tests.gan_tui.datasets.sets.server import SetServer, serving


@dataclass
class Heard:
    """What a fetch told."""

    begun: list[tuple[str, int | None, int]] = field(default_factory=list)
    moved: int = 0
    said: list[str] = field(default_factory=list)

    def begin(self, what: str, total: int | None, done: int = 0, *, unit: Literal["bytes", "images"] = "bytes") -> None:
        self.begun.append((what, total, done))

    def advance(self, amount: int) -> None:
        self.moved += amount

    def say(self, text: str) -> None:
        self.said.append(text)


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
