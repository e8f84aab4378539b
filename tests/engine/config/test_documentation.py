"""What is explained below the fields of the preset's sections, whoever asks for it at the same time."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.config.documentation import field_docs
from engine.config.sentinels import DSaturatedSentinel


class Knot:
    """Garbage that only the collector finds. What it does then is Python, where threads take turns: it ties another."""

    tied = True

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        if Knot.tied:
            Knot()


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """They change turns, and garbage is looked for, as often as can be."""
    turns, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(5, 1, 1)
    Knot()
    yield
    Knot.tied = False
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(turns)


def test_threads_may_ask_at_the_same_time(eager_threads: None) -> None:
    """CPython's parser fails where two of them build a tree at once."""

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(field_docs.__wrapped__, [DSaturatedSentinel] * 100))
    assert all(docs == found[0] for docs in found)
    assert "it is sure of them" in found[0]["real"]
