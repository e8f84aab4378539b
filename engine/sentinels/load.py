"""Judges of the machine: data that is waited for, a disk that fills up, GPUs that are slowed down."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.config.sentinels import DiskSentinel, StarvedSentinel, ThrottledSentinel
from engine.protocol.machine import Gpu, Machine
from engine.sentinels.finding import Finding, Outlook, Remedy, agreeing
from engine.sizes import size_text

READING_SECONDS = 2.0
"""Between two readings of the machine: what moves faster than that nobody can read."""
IDLE = 0.2
"""Share of the time down from which a GPU that has nothing to do may be slow."""
HELD_DOWN = {
    "heat": "It is too hot: its air or water does not carry the heat off, or its neighbours heat it.",
    "power brake": "The machine's power supply asks it to take less.",
    "hardware": "Its hardware protects itself, against heat or for lack of power.",
    "power cap": "It may not take more power than it is set to.",
}
"""What slows a GPU, and what lies behind it; the worst first."""
FEWER = Remedy(controls=("checkpoint.keep",), factor=0.5)


@dataclass(frozen=True, kw_only=True)
class Load:
    """A reading of the machine while a run trains, and what has to be known beside it to judge it."""

    machine: Machine
    spent: Mapping[str, float] = field(default_factory=dict)
    """Seconds that the loop has spent on each phase since its first step (engine.protocol.machine.StepPhase)."""
    checkpoint: int = 0
    """Bytes of the newest checkpoint; 0 before there is one."""
    filling: bool = False
    """Whether images are being read for the first time, to be kept."""


class Starvation:
    """Whether the loop waits for data most of the time, over a window.

    Args:
        config: from which share on, and over how long.
        fix: what a user can do about it.
    """

    def __init__(self, config: StarvedSentinel, fix: str) -> None:
        self._config = config
        self._fix = fix
        self._window: deque[tuple[float, float]] = deque()
        """Seconds of data wait, and of all phases, at each reading."""

    def __call__(self, load: Load) -> Outlook:
        """Judge the time since the window began."""
        if load.filling:
            self._window.clear()
            return "unknown"
        waited, total = load.spent.get("data", 0.0), sum(load.spent.values())
        self._window.append((waited, total))
        while len(self._window) > 1 and total - self._window[1][1] >= self._config.seconds:
            self._window.popleft()
        first_waited, first_total = self._window[0]
        passed = total - first_total
        if passed < self._config.seconds:
            return "unknown"
        share = (waited - first_waited) / passed
        if share < self._config.wait:
            return "well"
        return Finding(
            subject="data",
            fact=f"is waited for {100 * share:.0f}% of the time over the last {passed:.0f} s of training",
            cause="Images are read and decoded more slowly than the networks learn from them.",
            fix=self._fix,
        )


def judge_disk(config: DiskSentinel, load: Load) -> Outlook:
    """Whether there is too little room for what the run will write."""
    free = load.machine.disk_free
    if free is None:
        return "unknown"
    least = max(config.megabytes * 1_000_000, config.checkpoints * load.checkpoint)
    if free >= least:
        return "well"
    fits = f", room for {free // load.checkpoint} of its checkpoints" if load.checkpoint else ""
    return Finding(
        subject="the disk",
        fact=f"has {size_text(free)} left where the run directory lies{fits}",
        cause="Checkpoints, other runs or somebody else's files fill it; once it is full no checkpoint is saved.",
        remedies=(FEWER,),
        fix="Make room; a lower checkpoint.keep deletes older checkpoints once the next one is saved.",
    )


def judge_clocks(config: ThrottledSentinel, load: Load) -> Outlook:
    """Whether a GPU that has work runs at a low clock because it has to."""
    at_work = [gpu for gpu in load.machine.gpus if gpu.busy is None or gpu.busy > IDLE]
    known = [gpu for gpu in at_work if gpu.clock and gpu.clock_most]
    if not known:
        return "unknown"
    slow = [gpu for gpu in known if _reason(gpu) and _pace(gpu) < config.clock]
    if not slow:
        return "well"
    return Finding(
        subject=", ".join(f"gpu {gpu.index}" for gpu in slow),
        fact=f"{agreeing(slow, 'is', 'are')} slowed down (" + "; ".join(_said(gpu) for gpu in slow) + ")",
        cause=HELD_DOWN[_reason(slow[0])],
        fix="See what nvidia-smi -q -d PERFORMANCE,TEMPERATURE,POWER says; only whoever runs the machine can mend it.",
    )


def _reason(gpu: Gpu) -> str:
    return next((reason for reason in HELD_DOWN if reason in gpu.slowed), "")


def _pace(gpu: Gpu) -> float:
    return (gpu.clock or 0) / (gpu.clock_most or 1)


def _said(gpu: Gpu) -> str:
    heat = f", {gpu.celsius:.0f} °C" if gpu.celsius is not None else ""
    return f"{_reason(gpu)}: {gpu.clock:,} of {gpu.clock_most:,} MHz{heat}"
