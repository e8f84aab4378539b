"""How much memory is free for a run to take: of the host, within the bounds of a container, and of the device."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.protocol.control_groups import CGROUPS, OWN_CGROUP, host_memory


def free_memory(device: torch.device) -> int:
    """Bytes that are free on a device; those of the host for one that shares its memory."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_host_memory()


def free_host_memory(cgroups: Path = CGROUPS, own: Path = OWN_CGROUP) -> int:
    """Bytes that processes can still take before the kernel swaps or kills."""
    return host_memory(cgroups, own).free
