"""Losses that are on file twice: in a line of metrics, and in the manifests of the checkpoints saved after it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from engine.config.image_files import path_text
from engine.protocol.checkpoints import MANIFEST, Reading, list_folders, read_manifest
from engine.protocol.codec import DecodeError
from engine.protocol.events import Metrics
from engine.protocol.rundir import Identity, RunDirectory
from engine.protocol.verify.findings import Findings
from engine.protocol.verify.lines import Line


@dataclass
class _Repeated:
    """A line of metrics as a manifest has it."""

    reading: Reading
    manifest: str
    """Its path in the run directory."""
    seq: int
    """The newest event when it was written."""
    line: int = 0
    """The line of its step that is the newest of those before it; 0 while there is none."""
    difference: str = ""
    """What that line has otherwise, as a clause."""


class Readings:
    """What a run's manifests repeat of its own metrics; read before the metrics are.

    A manifest follows the course on which it was saved: of several lines of a step, of which resumes made all but one
    void, it repeats the newest of those that are older than itself. Of a step that has no line nothing is said: it is
    the parent's of a branch, or its number is missing.
    """

    def __init__(self, run: RunDirectory, identity: Identity | None, findings: Findings) -> None:
        self._findings = findings
        self._by_step: defaultdict[int, list[_Repeated]] = defaultdict(list)
        if identity is None:
            return  # nobody knows which manifests are its own
        for folder, _ in list_folders(run, "checkpoint", "aside", "replaced"):
            try:
                manifest = read_manifest(folder)
            except (OSError, DecodeError):
                continue  # told where checkpoints are looked at
            path = path_text((folder / MANIFEST).relative_to(run.root))
            for reading in manifest.recent if manifest.run == identity.id else ():
                self._by_step[reading.step].append(_Repeated(reading, path, manifest.seq))

    def hear(self, line: Line) -> None:
        """Take in the next line of the record."""
        if not isinstance(line.event, Metrics):
            return
        for repeated in self._by_step.get(line.event.step, ()):
            if line.event.seq <= repeated.seq:
                repeated.line = line.number
                repeated.difference = _difference(line.event.losses, repeated.reading.losses)

    def report(self, name: str) -> None:
        """Tell of every line of the file of that name that a manifest contradicts."""
        told: set[int] = set()
        for step, of_step in sorted(self._by_step.items()):
            for repeated in of_step:
                if repeated.difference and repeated.line not in told:
                    told.add(repeated.line)
                    fact = f"line {repeated.line:,}, of step {step:,}, {repeated.difference} in {repeated.manifest}"
                    fix = "One of the two was changed after it was written; training goes on from neither."
                    self._findings.problem("lines", name, fact, fix)


def _difference(line: dict[str, float | None], manifest: dict[str, float | None]) -> str:
    """The first loss in which the two differ, as the beginning of a clause; empty where there is none."""
    for name in {**line, **manifest}:
        if name not in manifest or name not in line or line[name] != manifest[name]:
            return f"has the loss {name} as {_told(line, name)}, and it is {_told(manifest, name)}"
    return ""


def _told(losses: dict[str, float | None], name: str) -> str:
    """A loss in words; None is one that was not finite."""
    if name not in losses:
        return "missing"
    value = losses[name]
    return "not finite" if value is None else repr(value)
