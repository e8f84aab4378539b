"""What else ends an engine: the end of a batch job, of a container, or of the machine that it was lent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gan_tui.doctor.finding import Finding, note, ok
from gan_tui.doctor.site import Site
from gan_tui.state.wording import duration

BATCH = {"SLURM": "SLURM_JOB_ID", "PBS": "PBS_JOBID", "LSF": "LSB_JOBID", "Grid Engine": "SGE_JOB_ID"}
"""Batch systems, by the variable that a process in a job of theirs has."""
_INITS = frozenset(
    {"systemd", "init", "tini", "docker-init", "dumb-init", "catatonit", "s6-svscan", "runit", "launchd"}
)
"""First processes that take in orphans, and hand signals on."""


def examine(site: Site, now: float) -> Iterator[Finding]:
    """Look at what the process runs inside of.

    Args:
        site: where facts are read.
        now: seconds since the Unix epoch.
    """
    found = [*_batch(site, now), *_container(site)]
    yield from found or [ok("surroundings", "neither a batch job nor a container: none whose end takes engines along")]


def _batch(site: Site, now: float) -> Iterator[Finding]:
    for system, variable in BATCH.items():
        if job := site.environ.get(variable):
            yield _job(site, system, job, now)
            return
    group = re.search(r"/slurm[^\n]*/job_(\d+)", site.text("/proc/self/cgroup"))
    if group is not None or "slurmstepd" in site.ancestors():
        yield _job(site, "SLURM", group[1] if group else "?", now)


def _job(site: Site, system: str, job: str, now: float) -> Finding:
    end = site.environ.get("SLURM_JOB_END_TIME", "")
    left = f", which ends in {duration(max(0.0, float(end) - now))}" if end.isdecimal() else ""
    fact = f"{system} job {job}{left}: when it ends, detached engines end with it, after a SIGTERM upon which they save"
    fix = "Leave time to save, such as sbatch --signal=B:TERM@120 with train --headless, and go on by gan-tui resume."
    return note("batch job", fact, fix)


def _container(site: Site) -> Iterator[Finding]:
    kind = _kind_of_container(site)
    if not kind:
        return
    first = site.text("/proc/1/comm").strip() or "unknown"
    fact = f"{kind}: engines end with it; runs outlast it on a mounted volume alone"
    if first in _INITS:
        yield ok("container", f"{fact}. Its first process is {first}")
        return
    fact = f"{fact}. Its first process is {first}, which may not hand signals on, nor take in orphans"
    yield note("container", fact, "docker run --init")


def _kind_of_container(site: Site) -> str:
    if site.environ.get("KUBERNETES_SERVICE_HOST"):
        return "a pod of Kubernetes"
    if site.path("/run/.containerenv").exists():
        return "a container of Podman"
    if site.path("/.dockerenv").exists():
        return "a container of Docker"
    if site.environ.get("APPTAINER_CONTAINER") or site.environ.get("SINGULARITY_CONTAINER"):
        return "a container of Apptainer"
    return ""
