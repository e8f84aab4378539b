"""Looking at one run's checkpoints for a user who moves among them; what reading their files showed is remembered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.protocol.checkpoints import Manifest, check_files, missing_or_cut
from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.digests import digest_once
from gan_tui.client.inventory import Inventory, Kept, take_inventory
from gan_tui.client.preflight import Preflight, preflight


class Inspection:
    """Of a run and of what is asked of its resume. What it looks at and reads are files: do that in a worker."""

    def __init__(self, run: RunDirectory, request: ResumeRequest) -> None:
        self._run = run
        self._request = request
        self._read: dict[Path, str] = {}

    def inventory(self) -> Inventory:
        """The checkpoints that are there now."""
        return take_inventory(self._run, self._so_far)

    def look(self, kept: Kept) -> Preflight:
        """The preflight of a checkpoint, as far as files have been read.

        Raises:
            RequestError: it is gone, or a setting is not right; WorkError: the run cannot be read.
        """
        step = str(kept.manifest.step)
        _, seen = preflight(self._run, step, self._request, examine=self._so_far, thorough=True)
        return seen

    def is_read(self, kept: Kept) -> bool:
        """Whether its files are known to be whole, or not to be."""
        return kept.folder in self._read

    def forget_damage(self, kept: Kept) -> None:
        """Have a checkpoint's files read again, should they not have been whole."""
        if self._read.get(kept.folder):
            del self._read[kept.folder]

    def read(self, kept: Kept, given_up: Callable[[], bool]) -> bool:
        """Read all of a checkpoint's files; False when it was given up on the way, which is asked after each."""
        damage = missing_or_cut(kept.folder, kept.manifest)
        for clause in () if damage else check_files(kept.folder, kept.manifest, digest_once):
            if given_up():
                return False
            if clause:
                damage = clause
                break
        self._read[kept.folder] = damage
        return True

    def _so_far(self, folder: Path, manifest: Manifest) -> str:
        found = self._read.get(folder)
        return missing_or_cut(folder, manifest) if found is None else found
