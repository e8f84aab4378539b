"""The limits that the user's processes have, as Linux tells of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from engine.sizes import size_text
from gan_tui.doctor.finding import Finding, ok, problem
from gan_tui.doctor.site import Site


class Limit(NamedTuple):
    """A limit that matters."""

    least: int
    subject: str
    ulimit: str
    """The option of the shell's command by which it is raised."""
    why: str


LIMITS = {
    "Max open files": Limit(256, "open files", "-n", "each viewer, worker and image takes some"),
    "Max processes": Limit(256, "processes", "-u", "PyTorch's threads and the workers that read images are counted"),
    "Max address space": Limit(64 << 30, "address space", "-v", "CUDA reserves far more than it uses"),
    "Max file size": Limit(4 << 30, "file size", "-f", "checkpoints are large files"),
    "Max locked memory": Limit(64 << 10, "locked memory", "-l", "transfers to a GPU lock some"),
    "Max cpu time": Limit(7 * 86400, "processor time", "-t", "an engine that has used it up is killed"),
}
"""By its name in /proc/self/limits; what is below the least is a problem."""
_LINE = re.compile(r"(Max [a-z ]+?) {2,}(\S+) +(\S+)")


def examine(site: Site) -> Iterator[Finding]:
    """Look at them; nothing is found where the system does not tell."""
    unlimited = []
    for name, soft, hard in _LINE.findall(site.text("/proc/self/limits")):
        limit = LIMITS.get(name)
        if limit is None:
            continue
        if soft == "unlimited":
            unlimited.append(limit.subject)
        elif int(soft) >= limit.least:
            yield ok(limit.subject, _amount(name, int(soft)))
        else:
            more = "ulimit" if hard == "unlimited" or int(hard) > int(soft) else "limits.conf(5), as root: ulimit"
            yield problem(limit.subject, f"{_amount(name, int(soft))}: {limit.why}", f"{more} {limit.ulimit} {hard}")
    if unlimited:
        yield ok("unlimited", ", ".join(unlimited))


def _amount(name: str, number: int) -> str:
    if name in ("Max open files", "Max processes"):
        return f"{number:,}"
    return f"{number:,} s" if name == "Max cpu time" else size_text(number)
