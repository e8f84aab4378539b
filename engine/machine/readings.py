"""A reading of everything: the host, and the GPUs if the run uses any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from engine.machine.host import Host
from engine.machine.nvml import Gpus, Library, NoGpuReadingsError, load_library
from engine.protocol.machine import Machine


class Readings:
    """Reads the machine of a run.

    What takes long to load is loaded with the first reading, which is made on the thread that makes the others.

    Args:
        folder: the run directory.
        uuids: those of the GPUs that the run uses on this machine.
        host: makes what reads the host.
        library: gives NVIDIA's library; raises NoGpuReadingsError.
    """

    def __init__(
        self,
        folder: Path,
        uuids: Sequence[str],
        host: Callable[[Path], Host] = Host,
        library: Callable[[], Library] = load_library,
    ) -> None:
        self._host_of = partial(host, folder)
        self._library = library
        self._uuids = uuids
        self._host: Host | None = None
        self._gpus: Gpus | None = None
        self._trouble = ""

    def begin(self) -> None:
        """Load what is needed; from here on shares and rates are counted."""
        if self._uuids:
            try:
                self._gpus = Gpus(self._library(), self._uuids)
            except NoGpuReadingsError as error:
                self._trouble = str(error)
        self._host = self._host_of()

    def read(self) -> Machine:
        """What the machine is at."""
        if self._host is None:
            self.begin()
        assert self._host is not None
        gpus = () if self._gpus is None else self._gpus.read()
        return replace(self._host.read(), gpus=gpus, gpu_trouble=self._trouble)
