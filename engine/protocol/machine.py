"""What an engine says of the machine it is on, in a line of metrics and in a tick."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

StepPhase: TypeAlias = Literal["data", "prepare", "compute", "device", "record", "sample", "checkpoint", "other"]
"""What the loop's thread spends a step on, by its own clock.

data: waiting for a batch. prepare: bringing it to the device. compute: the step; on CUDA, handing the device its work.
device: waiting for a CUDA device that has as many steps to do as it may. record: metrics and what viewers are told.
sample, checkpoint: what the loop itself does for them. other: commands, the schedule."""


class Gpu(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A GPU that the run uses. What its driver does not tell is None."""

    index: int
    """As nvidia-smi numbers it."""
    name: str = ""
    busy: float | None = None
    """Share of the time in which a kernel ran, 0 to 1."""
    memory: int | None = None
    """Bytes in use, whoever uses them."""
    memory_total: int | None = None
    celsius: float | None = None
    watts: float | None = None
    watts_most: float | None = None
    """What it may take."""
    clock: int | None = None
    """Of its multiprocessors, in MHz."""
    clock_most: int | None = None
    slowed: tuple[str, ...] = ()
    """What holds its clocks down at this moment: "heat", "power cap", "power brake", "hardware"."""


class StepTimes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The steps since the line of metrics before this one that has such times. Pauses are left out."""

    steps: int
    fastest: float
    """Seconds from one step boundary to the next."""
    median: float
    """Within one part in a hundred."""
    slowest: float
    phases: dict[str, float] = {}
    """Seconds spent in each StepPhase, over all of these steps together."""


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """A step that has taken far longer than the others, and is not over."""

    seconds: float
    """So far."""
    usual: float
    """What a step takes, in seconds."""
    phase: StepPhase
    """What the loop is in."""


class Machine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reading of the engine's machine, the leader's where there are several. What cannot be read is None."""

    cpu: float | None = None
    """Share of the time of all its cores, 0 to 1."""
    cores: int = 0
    engine_cpu: float | None = None
    """How many cores the engine's own process keeps busy; not its data workers."""
    memory: int | None = None
    """Bytes in use, of the container's where it bounds them."""
    memory_total: int | None = None
    rss: int | None = None
    """Bytes of it that the engine's own process holds."""
    disk_free: int | None = None
    """Bytes that the engine may still write where the run directory lies."""
    disk_total: int | None = None
    disk_read: float | None = None
    """Bytes a second, from all of the machine's disks."""
    disk_written: float | None = None
    gpus: tuple[Gpu, ...] = ()
    gpu_trouble: str = ""
    """Why nothing is known of the GPUs that the run uses."""
    steps: StepTimes | None = None
    """How long steps took."""
