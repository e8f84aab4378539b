"""How far the loop runs ahead of its device: far enough that the device always has work, and no further.

A CUDA device is given work long before it does it. Where a step is given as one recording, the loop would be dozens of
steps ahead, with as many batches in page-locked memory, and a nudge or a pause would act that many steps late.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch

STEPS_AHEAD = 8
"""A device has that many steps to do while the loop waits, or sees to something else."""


class Mark(Protocol):
    """A place in a device's order of work."""

    def synchronize(self) -> None:
        """Wait until the device has come to it."""


class Lead:
    """Lets the loop be so many steps ahead of the device.

    Args:
        mark: marks the end of what the device has been given so far.
        most: steps.
    """

    def __init__(self, mark: Callable[[], Mark], most: int = STEPS_AHEAD) -> None:
        self._mark = mark
        self._most = most
        self._marks: deque[Mark] = deque()

    def step_given(self) -> None:
        """Take note of a step that the device has been given; wait for the one that lies too many before it."""
        self._marks.append(self._mark())
        if len(self._marks) > self._most:
            self._marks.popleft().synchronize()


def lead_over(device: torch.device) -> Lead:
    """The loop's lead over a device; other than CUDA devices do a step before the loop goes on, or let it wait."""
    return Lead(partial(_event, device) if device.type == "cuda" else _Done)


def _event(device: torch.device) -> Mark:
    event = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(device))
    return event


class _Done:
    """What a device that is never behind has come to already."""

    def synchronize(self) -> None:
        pass
