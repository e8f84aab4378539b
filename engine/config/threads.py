"""The CPU threads that a run computes with.

How many they are: sums that are spread over another number of them may round differently. And how they wait for one
another: a thread that goes to sleep is slow to wake, and one that spins keeps a core from whatever the other waits for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

ENVIRONMENT = "OMP_NUM_THREADS"
"""The variable by which a user sets their number; an empty one says nothing."""
WAIT_POLICY = "OMP_WAIT_POLICY"
SPIN_COUNT = "GOMP_SPINCOUNT"
BRIEFLY = "1000"
"""Turns of the waiting loop, some microseconds. Next to neighbours that take the cores, the usual 300,000 made a step
ten to a hundred times slower; with none at all, small networks' steps took 1.7 times as long (docs/results.md)."""


def threads_to_take(before: int, environ: Mapping[str, str]) -> int:
    """As many as the run had before, where there are the cores and no one says otherwise; else 0: PyTorch chooses.

    Args:
        before: the number that the run had last; 0 for a run that begins.
        environ: the environment of the engine.
    """
    return before if before <= usable_cores() and not environ.get(ENVIRONMENT) else 0


def wait_briefly(environ: MutableMapping[str, str]) -> None:
    """Have OpenMP's threads spin for a moment and then sleep, unless the user says how they are to wait.

    Args:
        environ: an environment in which PyTorch has yet to be imported: OpenMP reads it once.
    """
    if WAIT_POLICY not in environ and SPIN_COUNT not in environ:
        environ[WAIT_POLICY] = "PASSIVE"
        environ[SPIN_COUNT] = BRIEFLY  # GNU's alone reads it, which is PyTorch's on Linux


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # macOS has none
