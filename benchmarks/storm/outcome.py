"""What a run comes to: all that a killed run and an uninterrupted one must have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import torch
from safetensors.torch import load_file

from engine.protocol import events as ev
from engine.protocol.checkpoints import TRAINING_STATE, list_checkpoints
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A finished run by the course that its resumes left standing."""

    lines: list[dict[str, Any]]
    """Metrics, what depends on the clock or on the record left out."""
    nudges: list[tuple[int, Any]]
    """Step and changes."""
    state: dict[str, Any]
    """Every value of the last checkpoint by its path."""

    def differences(self, other: Outcome) -> list[str]:
        """Where they differ, be it in one bit."""
        found = [] if self.lines == other.lines else ["lines of metrics"]
        found += [] if self.nudges == other.nudges else ["nudges"]
        for path in sorted(self.state.keys() | other.state.keys()):
            if not (path in self.state and path in other.state and _equal(self.state[path], other.state[path])):
                found.append(path)
        return found


def outcome_of(run: RunDirectory) -> Outcome:
    """What a finished run has come to."""
    course: list[ev.Event] = []
    for event in RecordReader(run).read():
        if isinstance(event, ev.Resumed):
            course = [kept for kept in course if kept.seq <= event.from_seq]
        course.append(event)
    return Outcome(
        lines=[figures_of(event) for event in course if isinstance(event, ev.Metrics)],
        nudges=[(event.step, event.changes) for event in course if isinstance(event, ev.Nudged)],
        state=_last_state(run),
    )


def figures_of(line: ev.Metrics) -> dict[str, Any]:
    """What a line of metrics says of the training itself."""
    values = msgspec.to_builtins(line)
    return {name: values[name] for name in ("step", "epoch", "images", "losses", "lr", "weights")}


def _last_state(run: RunDirectory) -> dict[str, Any]:
    folder, manifest = list_checkpoints(run)[-1]
    networks = {path.stem: load_file(path) for path in folder.glob("*.safetensors")}
    training = torch.load(folder / TRAINING_STATE, weights_only=True)
    for kind in ("python", "numpy"):  # of the process, which no run sets; nothing in a run draws from them
        training["random"].pop(kind)
    said = msgspec.to_builtins(manifest)
    for name in ("run", "time", "files", "reason"):  # by schedule or at the end: either falls on the last step
        said.pop(name)
    leaves = _leaves({"networks": networks, "training": training, "manifest": said}, "")
    return {path: value for path, value in leaves if not path.endswith("/seq")}  # a resume takes numbers of its own


def _leaves(value: Any, path: str) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}/{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}/{number}")
    else:
        yield path, value


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor):
        return isinstance(second, torch.Tensor) and first.dtype == second.dtype and torch.equal(first, second)
    return bool(first == second)
