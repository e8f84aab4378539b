"""Where facts are read: the files of a machine below a root, and the variables of a process."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Site:
    """This machine and process; a test has files and variables of its own."""

    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    uid: int = field(default_factory=os.getuid)

    def path(self, name: str) -> Path:
        """A file by its absolute name, below the root."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """What a file says; nothing where it cannot be read, as on another system."""
        try:
            return self.path(name).read_text(errors="replace")
        except OSError:
            return ""

    def user(self) -> str:
        """The user's name; their number where nothing names them."""
        for line in self.text("/etc/passwd").splitlines():
            fields = line.split(":")
            if len(fields) > 2 and fields[2] == str(self.uid):
                return fields[0]
        return self.environ.get("USER") or self.environ.get("LOGNAME") or str(self.uid)

    def ancestors(self) -> list[str]:
        """The names of the processes above this one, from the nearest to the first, as Linux has them."""
        names, pid = [], "self"
        while pid not in ("", "0"):
            fields = dict(line.split(":", 1) for line in self.text(f"/proc/{pid}/status").splitlines() if ":" in line)
            names.append(fields.get("Name", "").strip())
            pid = fields.get("PPid", "").strip()
        return names[1:]
