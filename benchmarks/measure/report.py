"""What a program writes for its --json: figures, and what a reader needs to make them again."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import msgspec

from .machine import Machine


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The head of every report; each program adds its figures."""

    machine: Machine
    command: str
    """As it was given."""

    def write(self, path: Path) -> None:
        """As indented JSON."""
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")


def this_command() -> str:
    """The command that this process was started by, as a shell takes it."""
    return shlex.join(["python", *sys.argv])
