"""The contact sheets of a run: each that the journal names is there and whole, and each that is there is named."""

from __future__ import annotations

import stat
from pathlib import Path

from engine.config.image_files import path_text
from engine.protocol.rundir import RunDirectory
from engine.protocol.verify.findings import Findings

_HEAD = b"\x89PNG\r\n\x1a\n"
_TAIL = b"\x00\x00\x00\x00IEND\xaeB\x60\x82"


class Pictures:
    """A run's folder of samples, listed before its journal is read."""

    def __init__(self, run: RunDirectory, findings: Findings) -> None:
        self._run = run
        self._findings = findings
        self._unnamed = {entry.name for entry in list_folder(run.samples)}
        self.count = 0
        """Sheets that the journal names."""

    def named(self, path: str, by: str) -> None:
        """The journal names a sheet."""
        self.count += 1
        folder, _, name = path.rpartition("/")
        if folder == self._run.samples.name:
            self._unnamed.discard(name)
        damage = _damage_of(self._run.root / path)
        if damage:
            self._findings.problem("samples", path, f"{damage}; {by} names it", "Training is not concerned.")

    def report_unnamed(self, *, alive: bool) -> None:
        """Tell of files that the journal does not name, once it has been read; a live engine may yet name some."""
        for name in sorted(self._unnamed):
            path = self._run.samples / name
            subject = path_text(path.relative_to(self._run.root))
            if name.startswith(".") and name.endswith(".part"):
                if not alive:
                    fact = "is a sheet that was never completed"
                    self._findings.remark("files", subject, fact, "Delete it: an engine was killed while writing it.")
            elif not name.endswith(".png") or path.is_dir():
                self._findings.remark("files", subject, "belongs to nothing here", "Delete it, if it is not yours.")
            elif not alive:
                fact = "is named by no event"
                fix = "Nothing to do: an engine was killed just after writing it, or somebody else put it there."
                self._findings.remark("samples", subject, fact, fix)


def _damage_of(path: Path) -> str:
    """What is wrong with a picture, by its first and last bytes, as a clause; empty when it seems whole."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "is no file"
        with path.open("rb") as file:
            head = file.read(len(_HEAD))
            file.seek(max(0, status.st_size - len(_TAIL)))
            tail = file.read()
    except FileNotFoundError:
        return "is gone"
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"
    if head != _HEAD:
        return "is no PNG"
    return "" if tail == _TAIL else "is cut short"


def list_folder(folder: Path) -> list[Path]:
    """What a folder holds, by name; nothing where it does not exist or cannot be listed."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
