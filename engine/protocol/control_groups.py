"""What Linux's control groups leave a process of memory and processors: the bounds of a container or a batch job."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

CGROUPS = Path("/sys/fs/cgroup")
"""Where the hierarchy of control groups is mounted."""
OWN_CGROUP = Path("/proc/self/cgroup")
"""Tells which of them this process is in."""


class HostMemory(NamedTuple):
    """Bytes of the host's memory, or of the narrowest control group's that bounds what the process may take of it."""

    free: int
    total: int


def host_memory(cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> HostMemory:
    """What bounds the process most."""
    host = psutil.virtual_memory()
    narrowest = min([HostMemory(host.available, host.total), *_memory_bounds(cgroups, own)])
    return HostMemory(max(0, narrowest.free), narrowest.total)


def cores_by_quota(cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> float | None:
    """Of how many cores the process may take the time, by the narrowest quota around it; None where there is none."""
    quotas = []
    for second, group in _groups(cgroups, own, "cpu"):
        try:
            if second:
                quota, period = (group / "cpu.max").read_text().split()
            else:
                quota, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
            if int(quota) > 0:
                quotas.append(int(quota) / int(period))
        except (OSError, ValueError):  # "max", or a file that this kernel or the outermost group lacks
            continue
    return min(quotas, default=None)


def _memory_bounds(cgroups: Path, own: Path) -> Iterator[HostMemory]:
    """What the limit of each control group leaves, from the process's own up to the outermost."""
    for second, group in _groups(cgroups, own, "memory"):
        limit, usage, reclaimable = (
            ("memory.max", "memory.current", "inactive_file")
            if second
            else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        )
        try:
            bound, used = int((group / limit).read_text()), int((group / usage).read_text())
            counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):
            continue
        yield HostMemory(bound - used + int(counts.get(reclaimable, 0)), bound)


def _groups(cgroups: Path, own: Path, controller: str) -> Iterator[tuple[bool, Path]]:
    """The groups of a controller around the process, and whether they are of the second version."""
    try:
        lines = own.read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers == "":
            yield from ((True, group) for group in _upwards(cgroups, name))
        elif controller in controllers.split(","):
            yield from ((False, group) for group in _upwards(cgroups / controller, name))


def _upwards(mount: Path, name: str) -> Iterator[Path]:
    """A group and those it lies in; in a container its name may lie outside what is mounted: then the top alone."""
    group = mount / name.lstrip("/")
    return (folder for folder in (group, *group.parents) if folder.is_relative_to(mount))
