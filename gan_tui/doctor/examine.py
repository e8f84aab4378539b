"""The whole examination, part by part, so that each can be shown while the next is looked at."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from engine.errors import GanTuiError
from engine.protocol.jobs import Tell
from engine.protocol.probe import Probe, ProbeJob
from gan_tui.client.jobs import run_job
from gan_tui.doctor import allocation, disk, installation, limits, logout, memory, processors, pytorch, runs, sockets
from gan_tui.doctor import terminal as terminals
from gan_tui.doctor.finding import Finding, Section, problem
from gan_tui.doctor.site import Site

Telling: TypeAlias = Callable[[], AbstractContextManager[Tell]]


def examine(site: Site, folder: Path, size: terminals.Size | None, telling: Telling) -> Iterator[Section]:
    """Look at everything.

    Args:
        site: where facts are read.
        folder: of runs.
        size: of the terminal; None: there is none.
        telling: what is said while PyTorch is imported is shown within it.
    """
    utf8_mode = bool(sys.flags.utf8_mode)
    yield Section(title="Program", findings=tuple(installation.examine(site)))
    yield Section(title="PyTorch and devices", findings=tuple(_pytorch(telling)))
    yield Section(title="Processors", findings=tuple(processors.examine(site)))
    yield Section(title="Memory", findings=tuple(memory.examine(site)))
    yield Section(title="Terminal", findings=tuple(terminals.examine(site, size, utf8_mode=utf8_mode)))
    yield Section(title="Runtime directory", findings=tuple(sockets.examine(site)))
    after = (*logout.examine(site), *allocation.examine(site, time.time()))
    yield Section(title="When you are gone", findings=after)
    yield Section(title="Disk", findings=tuple(disk.examine(site, folder)))
    yield Section(title="Limits", findings=tuple(limits.examine(site)))
    yield Section(title="Runs", findings=tuple(runs.examine(folder)))


def _pytorch(telling: Telling) -> Iterator[Finding]:
    try:
        with telling() as tell:
            probe = run_job(ProbeJob(), Probe, tell)
    except GanTuiError as error:  # its process died
        yield problem("torch", f"the process that tried it {error.fact}. {error.fix}", pytorch.REINSTALL)
    else:
        yield from pytorch.examine(probe)
