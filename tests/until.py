"""Waiting for what other processes and threads do: a condition is polled, and there is a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds; far beyond what any wait takes, as machines that run tests are shared."""


def until(condition: Callable[[], T], what: str, seconds: float = PATIENCE) -> T:
    """What the condition returns once that is true; fails when the deadline passes first."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(0.01)
    return value
