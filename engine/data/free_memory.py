"""How much memory is free for a run to take: of the host, within the bounds of a container, and of the device."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")


def free_memory(device: torch.device) -> int:
    """Bytes that are free on a device; those of the host for one that shares its memory."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_host_memory()


def free_host_memory(cgroups: Path = _CGROUPS, own: Path = _OWN_CGROUP) -> int:
    """Bytes that processes can still take before the kernel swaps or kills.

    Args:
        cgroups: where the control groups' hierarchy is mounted.
        own: tells which of them this process is in.
    """
    return max(0, min([psutil.virtual_memory().available, *_left_in_groups(cgroups, own)]))


def _left_in_groups(cgroups: Path, own: Path) -> list[int]:
    """What the limit of each control group leaves, from the process's own up to the outermost."""
    try:
        lines = own.read_text().splitlines()
    except OSError:  # no Linux
        return []
    left = []
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers == "":
            left += _left(cgroups, name, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            left += _left(
                cgroups / "memory", name, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            )
    return left


def _left(mount: Path, name: str, limit: str, usage: str, reclaimable: str) -> list[int]:
    """For a group and those it lies in; in a container its name may lie outside what is mounted: then the top alone."""
    group = mount / name.lstrip("/")
    left = []
    for folder in (group, *group.parents):
        if not folder.is_relative_to(mount):
            break
        try:
            bound, used = int((folder / limit).read_text()), int((folder / usage).read_text())
            counts = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):  # "max", or a file that this kernel or the outermost group lacks
            continue
        left.append(bound - used + int(counts.get(reclaimable, 0)))
    return left
