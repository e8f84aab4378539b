"""Checkpoints of a few bytes, and damage to them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from engine.protocol.checkpoints import Manifest, StoredFile, folder_name
from engine.protocol.rundir import RunDirectory


def put(
    run: RunDirectory, step: int, *, objective: float | None = None, weight: float = 10.0, **files: bytes
) -> tuple[Path, Manifest]:
    """A checkpoint of small files."""
    folder = run.checkpoints / folder_name(step)
    folder.mkdir(parents=True)
    stored = {}
    for name, content in (files or {"G_A": b"weights"}).items():
        (folder / name).write_bytes(content)
        stored[name] = StoredFile(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    manifest = Manifest(
        run="0", step=step, epoch=1, images=step, time=0.0, reason="schedule", losses={"G_A": None},
        objective=objective, controls={"loss.cycle_a": weight, "log.every": step}, files=stored,
    )  # fmt: skip
    (folder / "manifest.json").write_bytes(msgspec.json.encode(manifest))
    return folder, manifest


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
