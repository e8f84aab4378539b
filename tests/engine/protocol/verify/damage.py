"""Damaging a run one way, and what verifying it then says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.protocol.checkpoints import MANIFEST, read_manifest
from engine.protocol.rundir import RunDirectory
from engine.protocol.verify import Finding, verify_run


def findings_of(run: RunDirectory) -> list[tuple[str, str, str]]:
    """Severity, subject and fact of all that is found."""
    return [(finding.severity, finding.subject, finding.fact) for finding in verify_run(run).findings]


def only_finding(run: RunDirectory) -> Finding:
    """The one thing that is found."""
    [finding] = verify_run(run).findings
    return finding


def edit(path: Path, change: Callable[[list[bytes]], None]) -> None:
    """Change a file's list of lines, newlines included, in place."""
    lines = path.read_bytes().splitlines(keepends=True)
    change(lines)
    path.write_bytes(b"".join(lines))


def seq_of(line: bytes) -> int:
    """The number of a line of the record."""
    number = msgspec.json.decode(line)["seq"]
    assert isinstance(number, int)
    return number


def place_of(path: Path, kind: str, occurrence: int = 0) -> int:
    """Where in a file's list of lines an event of a kind is."""
    lines = path.read_bytes().splitlines()
    return [place for place, line in enumerate(lines) if msgspec.json.decode(line)["kind"] == kind][occurrence]


def flip_bit(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def rewrite_manifest(folder: Path, **changes: object) -> None:
    """Let a checkpoint say something else of itself."""
    manifest = msgspec.structs.replace(read_manifest(folder), **changes)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
