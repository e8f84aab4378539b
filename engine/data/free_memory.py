"""How much memory is free for a run to take: of the host, within the bounds of a container, and of the device."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import psutil
import torch

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


class HostMemory(NamedTuple):
    """Bytes of the host's memory, or of the narrowest control group's that bounds what the process may take of it."""

    free: int
    total: int


def free_memory(device: torch.device) -> int:
    """Bytes that are free on a device; those of the host for one that shares its memory."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_host_memory()


def free_host_memory(cgroups: Path = _CGROUPS, own: Path = _OWN_CGROUP) -> int:
    """Bytes that processes can still take before the kernel swaps or kills."""
    return host_memory(cgroups, own).free


def host_memory(cgroups: Path = _CGROUPS, own: Path = _OWN_CGROUP) -> HostMemory:
    """What bounds the process most.

    Args:
        cgroups: where the control groups' hierarchy is mounted.
        own: tells which of them this process is in.
    """
    host = psutil.virtual_memory()
    narrowest = min([HostMemory(host.available, host.total), *_groups(cgroups, own)])
    return HostMemory(max(0, narrowest.free), narrowest.total)


def _groups(cgroups: Path, own: Path) -> list[HostMemory]:
    """What the limit of each control group leaves, from the process's own up to the outermost."""
    try:
        lines = own.read_text().splitlines()
    except OSError:  # no Linux
        return []
    bounds = []
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers == "":
            bounds += _bounds(cgroups, name, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            bounds += _bounds(
                cgroups / "memory", name, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            )
    return bounds


def _bounds(mount: Path, name: str, limit: str, usage: str, reclaimable: str) -> list[HostMemory]:
    """For a group and those it lies in; in a container its name may lie outside what is mounted: then the top alone."""
    group = mount / name.lstrip("/")
    bounds = []
    for folder in (group, *group.parents):
        if not folder.is_relative_to(mount):
            break
        try:
            bound, used = int((folder / limit).read_text()), int((folder / usage).read_text())
            counts = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):  # "max", or a file that this kernel or the outermost group lacks
            continue
        bounds.append(HostMemory(bound - used + int(counts.get(reclaimable, 0)), bound))
    return bounds
