"""A process that saves a checkpoint as an engine does, as often as it is asked, and kills itself on the way.

Started as ``python -m tests.faults.saving CHECKPOINT``, it first saves what that checkpoint holds into the run
directory named by the first line of its input, and answers with the instants worth dying at: before each line of
engine/checkpoint.py, or of shutil, that is met for the first time, and wherever the disk has changed since the line
before. At any other instant a death would leave what it leaves at one of these. For each further line of input,
"RUN_DIR INSTANT", it saves there in a child that sends itself SIGKILL at that instant; the answer is the line that it
did not execute.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import torch
from safetensors.torch import load_file

import engine.checkpoint as subject
from engine.protocol.checkpoints import TRAINING_STATE, read_manifest
from engine.protocol.rundir import RunDirectory
from engine.retention import Retention
from engine.snapshot import Snapshot

RETENTION = Retention(keep=1)
TRACED = (subject.__file__, shutil.__file__)
"""What writes, moves and deletes. Within PyTorch and safetensors only the draft grows."""


def snapshot_of(folder: Path) -> Snapshot:
    """What a checkpoint holds, to be written anew."""
    manifest = read_manifest(folder)
    return Snapshot(
        manifest=msgspec.structs.replace(manifest, files={}),
        networks={path.stem: load_file(path) for path in folder.glob("*.safetensors")},
        training=torch.load(folder / TRAINING_STATE, weights_only=True),
        thumbnail=None,
    )


def save(run: RunDirectory, snapshot: Snapshot) -> None:
    """All that an engine does with the files of checkpoints between taking up a run and having saved one."""
    subject.sweep(run)
    subject.set_aside_after(run, snapshot.manifest.step)
    newest = subject.write_checkpoint(run, snapshot)
    subject.remove_surplus(run, RETENTION, newest)


class Tracer:
    """Counts the lines of the files concerned, each before it is executed, and hands them to a listener."""

    def __init__(self, met: Callable[[int, str], None]) -> None:
        self._met = met
        self._count = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_filename not in TRACED:
            return None
        if event == "line":
            self._count += 1
            self._met(self._count, f"{frame.f_code.co_filename}:{frame.f_lineno}")
        return self


def instants(run: RunDirectory, snapshot: Snapshot) -> list[int]:
    """Save, and choose the instants to die at."""
    chosen: list[int] = []
    lines: set[str] = set()
    before: list[object] = []

    def met(count: int, line: str) -> None:
        nonlocal before
        now = disk_state(run)
        if line not in lines or now != before:
            chosen.append(count)
        lines.add(line)
        before = now

    sys.settrace(Tracer(met))
    save(run, snapshot)
    sys.settrace(None)
    return chosen


def disk_state(run: RunDirectory) -> list[object]:
    """Whatever a killed process may have changed: a killed process loses nothing that it has handed to the kernel."""
    paths = sorted(run.checkpoints.rglob("*"))
    return [
        (str(path), status.st_ino, status.st_size, status.st_mtime_ns) for path in paths for status in [path.lstat()]
    ]


def killed_at(run: RunDirectory, snapshot: Snapshot, instant: int) -> str:
    """Save in a child that dies at an instant; the line that it came to."""
    heard, tell = os.pipe()

    def met(count: int, line: str) -> None:
        if count == instant:
            os.write(tell, line.encode())
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if not child:
        sys.settrace(Tracer(met))
        save(run, snapshot)
        os._exit(0)
    os.close(tell)
    with os.fdopen(heard, "rb") as words:
        line = words.read().decode()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    return line


def main(source: Path) -> None:
    """Answer until the input ends."""
    snapshot = snapshot_of(source)
    answer(instants(RunDirectory(Path(sys.stdin.readline().rstrip("\n"))), snapshot))
    for request in sys.stdin:
        folder, _, instant = request.rpartition(" ")
        answer(killed_at(RunDirectory(Path(folder)), snapshot, int(instant)))


def answer(value: object) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
