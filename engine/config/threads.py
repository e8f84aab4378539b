"""How many CPU threads a run computes with: sums that are spread over another number of them may round differently."""

from __future__ import annotations

import os
from collections.abc import Mapping

ENVIRONMENT = "OMP_NUM_THREADS"
"""The variable by which a user sets their number; an empty one says nothing."""


def threads_to_take(before: int, environ: Mapping[str, str]) -> int:
    """As many as the run had before, where there are the cores and no one says otherwise; else 0: PyTorch chooses.

    Args:
        before: the number that the run had last; 0 for a run that begins.
        environ: the environment of the engine.
    """
    return before if before <= usable_cores() and not environ.get(ENVIRONMENT) else 0


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # macOS has none
