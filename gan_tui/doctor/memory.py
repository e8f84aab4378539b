"""The host's memory: how much is free, by which bound, and what happens when it runs out."""

from __future__ import annotations

import os
from collections.abc import Iterator

from engine.protocol.control_groups import HostMemory, host_memory
from engine.sizes import size_text
from gan_tui.doctor.finding import Finding, note, ok, problem
from gan_tui.doctor.site import Site

LEAST = 2 * 10**9
"""Bytes. An engine on the CPU has PyTorch in memory, the networks with their optimizers, and a step's intermediate
results: the smallest presets are at home in this."""
LEAST_SHARED = 1 << 30
"""Bytes of /dev/shm. NCCL, which joins several GPUs, keeps its buffers there; a container has 64 MiB by default."""


def examine(site: Site, host: HostMemory | None = None) -> Iterator[Finding]:
    """Look at the memory.

    Args:
        site: where facts are read.
        host: what is free of how much; None: as the system says, within the bounds of control groups.
    """
    found = host or host_memory(site.path("/sys/fs/cgroup"), site.path("/proc/self/cgroup"))
    fact = f"{size_text(found.free)} free of {size_text(found.total)}"
    counted = _counted(site)
    if counted.get("MemTotal", 0) > found.total:
        fact += f", by a control group; the machine has {size_text(counted['MemTotal'])}"
    if found.free < LEAST:
        yield problem(
            "memory", fact, "End something else, or ask for more: an engine that is refused memory is killed."
        )
    else:
        yield ok("memory", fact)
    if "SwapTotal" in counted:
        swap = counted["SwapTotal"]
        yield ok(
            "swap", size_text(swap) if swap else "none: where memory runs out, the kernel ends the largest process"
        )
    yield from _shared(site)


def _shared(site: Site) -> Iterator[Finding]:
    try:
        found = os.statvfs(site.path("/dev/shm"))
    except OSError:
        return
    size = found.f_blocks * found.f_frsize
    if size < LEAST_SHARED:
        fix = "Matters for --gpus alone: docker run --shm-size=8g, or --ipc=host"
        yield note("/dev/shm", f"{size_text(size)}, little for NCCL, which joins several GPUs", fix)
    else:
        yield ok("/dev/shm", size_text(size))


def _counted(site: Site) -> dict[str, int]:
    """What /proc/meminfo counts, in bytes."""
    lines = (line.replace(":", "").split() for line in site.text("/proc/meminfo").splitlines())
    return {words[0]: int(words[1]) * 1024 for words in lines if len(words) == 3 and words[1].isdecimal()}
