"""Reads the host: its processors, its memory, and the disk on which a run directory lies."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil

from engine.protocol.control_groups import host_memory
from engine.protocol.machine import Machine


class Room(NamedTuple):
    """Bytes of a file system."""

    free: int
    """What a process of this user may still write."""
    total: int


def room_of(folder: Path) -> Room:
    """How much room there is where a folder lies. Raises OSError."""
    found = os.statvfs(folder)
    return Room(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


class Host:
    """What the host is at since the last reading.

    Args:
        folder: on the disk whose room is told.
        room: says how much that is.
        clock: seconds.
    """

    def __init__(
        self, folder: Path, room: Callable[[Path], Room] = room_of, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._room = room
        self._clock = clock
        self._process = psutil.Process()
        self._transferred = _disk_bytes()
        self._at = clock()
        psutil.cpu_percent()  # the first call has nothing to compare with
        self._process.cpu_percent()

    def read(self) -> Machine:
        """A reading without GPUs and steps; shares and rates are those since the reading before."""
        memory = host_memory()
        room = self._room_or_none()
        read, written = self._disk_rates()
        return Machine(
            cpu=round(psutil.cpu_percent() / 100, 3),
            cores=psutil.cpu_count() or 0,
            engine_cpu=round(self._process.cpu_percent() / 100, 2),
            memory=memory.total - memory.free,
            memory_total=memory.total,
            rss=self._process.memory_info().rss,
            disk_free=None if room is None else room.free,
            disk_total=None if room is None else room.total,
            disk_read=read,
            disk_written=written,
        )

    def _room_or_none(self) -> Room | None:
        try:
            return self._room(self._folder)
        except OSError:
            return None

    def _disk_rates(self) -> tuple[float | None, float | None]:
        before, self._transferred = self._transferred, _disk_bytes()
        begun, self._at = self._at, self._clock()
        if before is None or self._transferred is None or self._at <= begun:
            return None, None
        read, written = (
            max(0, now - then) / (self._at - begun) for now, then in zip(self._transferred, before, strict=True)
        )
        return round(read), round(written)


def _disk_bytes() -> tuple[int, int] | None:
    """What was read from and written to the machine's disks since it was started; None where that is not counted."""
    try:
        counters = psutil.disk_io_counters()
    except (OSError, RuntimeError, NotImplementedError):  # containers and other systems may hide them
        return None
    return None if counters is None else (counters.read_bytes, counters.write_bytes)
