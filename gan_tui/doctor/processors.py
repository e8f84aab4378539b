"""The processors: which they are, how many may be used, and with how many threads PyTorch computes on them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.threads import ENVIRONMENT, WAIT_POLICY, usable_cores
from engine.protocol.control_groups import cores_by_quota
from gan_tui.doctor.finding import Finding, note, ok
from gan_tui.doctor.site import Site

_FAST = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "bf16", "amx_bf16": "AMX bf16"}
"""Instructions that PyTorch's kernels have use for, as /proc/cpuinfo calls them."""


def examine(site: Site, cores: int | None = None) -> Iterator[Finding]:
    """Look at the processors.

    Args:
        site: where facts are read.
        cores: that this process may use; None: as the system says.
    """
    cores = usable_cores() if cores is None else cores
    said = dict(_fields(site.text("/proc/cpuinfo")))
    if model := said.get("model name"):
        yield ok("model", model)
    flags = said.get("flags", "").split()
    if flags:
        fast = [name for flag, name in _FAST.items() if flag in flags]
        if "AVX2" in fast:
            yield ok("instructions", ", ".join(fast))
        else:
            yield note("instructions", f"no AVX2{': ' if fast else ''}{', '.join(fast)}; training on the CPU is slow")
        if "avx512_bf16" not in flags and "amx_bf16" not in flags:
            yield note(
                "bf16", "not computed by these processors itself: on the CPU run.precision = bf16 may gain little"
            )
    yield from _cores(site, cores)


def _cores(site: Site, cores: int) -> Iterator[Finding]:
    quota = cores_by_quota(site.path("/sys/fs/cgroup"), site.path("/proc/self/cgroup"))
    present = site.text("/proc/cpuinfo").count("processor\t:")
    of_all = f" of {present}" if present > cores else ""
    yield ok("cores", f"{cores}{of_all} may be used")
    wanted = site.environ.get(ENVIRONMENT, "")
    threads = int(wanted) if wanted.isdecimal() and int(wanted) else cores
    if quota is not None and quota < threads:
        fact = f"a control group grants the time of {quota:.3g} cores, and PyTorch takes {threads} threads"
        yield note(
            "quota",
            fact,
            f"Threads that wait for their share slow a step down: export {ENVIRONMENT}={max(1, round(quota))}",
        )
    elif quota is not None:
        yield ok("quota", f"a control group grants the time of {quota:.3g} cores")
    if not wanted:
        yield ok(
            "threads", f"{ENVIRONMENT} is not set: PyTorch takes one for each core, where a run had no other number"
        )
    elif threads > cores:
        yield note("threads", f"{ENVIRONMENT}={wanted} is more than the {cores} cores", f"export {ENVIRONMENT}={cores}")
    elif threads == 1 < cores:
        fact = f"{ENVIRONMENT}=1: an engine on the CPU computes with one of {cores} cores"
        yield note("threads", fact, f"unset {ENVIRONMENT}, unless others are to have the rest.")
    else:
        yield ok("threads", f"{ENVIRONMENT}={wanted}")
    if (policy := site.environ.get(WAIT_POLICY, "")).lower() == "active":
        fact = f"{WAIT_POLICY}={policy}: threads that wait take the cores from others"
        yield note("waiting", fact, f"unset {WAIT_POLICY}")


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Of the first processor."""
    for line in text.partition("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        yield name.strip(), value.strip()
