"""Time: of work that may run on a device, and of several kinds of work in turn."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import torch

from engine.config.threads import wait_briefly

Figure = TypeVar("Figure")


class Duration(NamedTuple):
    """How long work took, in seconds."""

    wall: float
    processor: float
    """Of this process's threads together: what others do on the machine is not in it."""


def wait_as_the_engine_does() -> None:
    """Begin the program again in the engine's environment, unless it is there: OpenMP has read this one's."""
    environ = dict(os.environ)
    wait_briefly(environ)
    if environ != dict(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.argv], environ)


def synchronize(device: torch.device) -> None:
    """Wait until a device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def duration(work: Callable[[], object], device: torch.device) -> Duration:
    """How long it takes, from an idle device until it is idle again."""
    synchronize(device)
    wall, processor = time.perf_counter(), time.process_time()
    work()
    synchronize(device)
    return Duration(time.perf_counter() - wall, time.process_time() - processor)


def interleaved(kinds: Mapping[str, Callable[[], Figure]], rounds: int) -> dict[str, list[Figure]]:
    """What each kind of work returns in every round.

    They take turns, in the opposite order every second round, so that a machine that grows slower or faster meanwhile
    does so for all of them.
    """
    figures: dict[str, list[Figure]] = {name: [] for name in kinds}
    for number in range(rounds):
        names = list(kinds)
        for name in names if number % 2 == 0 else reversed(names):
            figures[name].append(kinds[name]())
    return figures
