"""Tiny runs: their directories, their engines as real processes or in this one, and their records."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from engine.config.load import Tree, dump, resolve, with_settings
from engine.config.methods import TrainConfig
from engine.errors import GanTuiError
from engine.protocol import events as ev
from engine.protocol.commands import Command, Continue, Pause, Reply
from engine.protocol.imported import IMPORTED
from engine.protocol.record import RecordReader
from engine.protocol.rundir import (
    Identity,
    Parent,
    RunDirectory,
    create_run,
    engine_is_alive,
    read_identity,
    write_identity,
)
from gan_tui.client.launch import start_engine
from gan_tui.client.sender import ask
from tests.until import PATIENCE, until

COMPONENTS = ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", "D_A", "D_B")

TINY: Tree = {
    "data": {"kind": "synthetic", "images": 5, "resize": 36, "crop": 32},
    "generator": {"arch": "resnet", "width": 4, "blocks": 1},
    "discriminator": {"arch": "patch", "width": 4, "layers": 1},
    "optim": {"epochs": 100_000, "decay_epochs": 100_000, "pool": 4},
    "run": {"device": "cpu"},
    "log": {"every": 1},
    "sample": {"every": 1_000_000, "count": 2},
    "checkpoint": {"every": 1_000_000},
}
"""Five steps an epoch, a million in all; nothing but metrics is written on the way."""


_DIGITS: Tree = {"kind": "synthetic-digits", "images": 10}
TINY_OF: dict[str, Tree] = {
    "cyclegan": TINY,
    "pix2pix": {
        **TINY,
        "method": {"kind": "pix2pix"},
        "generator": {"arch": "unet", "width": 4, "downs": 5, "dropout": False},
    },
    "discogan": {
        **TINY,
        "method": {"kind": "discogan"},
        "generator": {"width": 4, "downs": 3},
        "discriminator": {"width": 4, "downs": 3},
        "loss": {"switch": 8},
        "optim": {"epochs": 200_000, "decay_epochs": 0},
        "run": {"device": "cpu", "batch": 1},
    },
    "dtn": {
        **TINY,
        "method": {"kind": "dtn", "f_width": 4, "f_steps": 4},
        "data": _DIGITS,
        "generator": {"width": 4},
        "discriminator": {"width": 4},
        "optim": {"epochs": 200_000, "decay_epochs": 0},
        "run": {"device": "cpu", "batch": 2},
    },
    "aegan": {
        **TINY,
        "method": {"kind": "aegan"},
        "data": _DIGITS,
        "generator": {"width": 4, "blocks": 2, "shared": 1},
        "loss": {"class_a": 1.0, "class_b": 1.0},
        "run": {"device": "cpu", "batch": 2},
    },
}
"""The like for every method. Tests that hold for all of them take each of engine.config.methods.CONFIGS from here."""


def tiny_config(*settings: str, root: Path | None = None, kind: str = "cyclegan") -> TrainConfig:
    """A tiny run of a method, perhaps on the images of a folder, with ``section.key=value`` settings laid over it."""
    folders = {"kind": "unpaired", "root": str(root), "resize": 36, "crop": 32, "workers": 0}
    tree = TINY_OF[kind] if root is None else {**TINY_OF[kind], "data": folders}
    return resolve(with_settings(tree, settings), "tiny")


def make_run(
    folder: Path,
    *settings: str,
    root: Path | None = None,
    name: str = "tiny",
    parent: Parent | None = None,
    kind: str = "cyclegan",
) -> RunDirectory:
    """A run directory that an engine can take up."""
    toml = dump(tiny_config(*settings, root=root, kind=kind))
    return create_run(folder, name=name, method=kind, preset="tiny", config_toml=toml, parent=parent)


def call_imported(run: RunDirectory) -> None:
    """Have it tell that it was made of files."""
    write_identity(run, msgspec.structs.replace(read_identity(run), preset=IMPORTED, preset_path=""))


def make_images(root: Path, each: int = 3, side: int = 36) -> Path:
    """A data folder with trainA, trainB, testA and testB of noise."""
    noise = np.random.default_rng(0)
    for folder in ("trainA", "trainB", "testA", "testB"):
        (root / folder).mkdir(parents=True)
        for number in range(each):
            pixels = noise.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / folder / f"{number}.png")
    return root


# ------------------------------------------------------------------------------------------------- engine processes


class Engine:
    """An engine process at work on a run."""

    def __init__(self, run: RunDirectory, gpus: int | None = None) -> None:
        self.run = run
        self.process: subprocess.Popen[bytes] = start_engine(run, gpus)

    @property
    def identity(self) -> Identity:
        """run.json as it stands."""
        return read_identity(self.run)

    def ask(self, command: Command) -> Reply:
        """Send a command and wait for its answer. Raises RequestError when the engine refuses."""
        return ask(self.run, command, PATIENCE)

    def ended(self) -> int:
        """Wait for the process to end; its exit status."""
        return self.process.wait(PATIENCE)

    def step_back(self) -> None:
        """Train in what time others leave: for an engine that several tests share. Its link answers as promptly."""
        os.setpriority(os.PRIO_PROCESS, self.process.pid, 10)  # of the first thread alone, which is the one that trains

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self.process.send_signal(number)

    def until(self, condition: Callable[[], Any], what: str) -> Any:
        """As tests.until, but an engine that has ended meanwhile ends the wait, with its log."""

        def met_or_over() -> Any:
            return condition() or self.process.poll() is not None

        until(met_or_over, what)
        value = condition()
        assert value, f"the engine ended with {self.process.poll()} before: {what}\n{self.run.log.read_text()}"
        return value

    def until_step(self, step: int) -> None:
        """Wait for the line of metrics of a step."""
        self.until(lambda: any(line.step >= step for line in metrics_of(self.run)), f"step {step}")

    def until_event(self, kind: type[ev.Recorded], number: int = 1) -> None:
        """Wait until so many events of a kind are in the journal."""
        self.until(lambda: len(events_of(self.run, kind)) >= number, f"{number} {kind.__name__}")

    def until_listening(self) -> None:
        """Wait until it takes commands, which is long before PyTorch is imported."""
        self.until(
            lambda: self.identity.pid == self.process.pid and self.identity.endpoints is not None, "its endpoints"
        )


@contextlib.contextmanager
def engine_of(run: RunDirectory, gpus: int | None = None) -> Iterator[Engine]:
    """An engine process for the length of a block; killed at its end if it is still there."""
    engine = Engine(run, gpus)
    try:
        yield engine
    finally:
        engine.process.kill()
        engine.process.wait()


@contextlib.contextmanager
def at_work(engine: Engine) -> Iterator[Engine]:
    """An engine of many tests for the length of one: it is paused in between, as it would take a core from others."""
    engine.ask(Continue())
    yield engine
    engine.ask(Pause())


def gan_tui(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as a user does, on the runs of a folder."""
    command = [sys.executable, "-m", "gan_tui", *arguments, "--runs-dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def end_engines(folder: Path) -> None:
    """Kill whatever engine is still at work on a run below a folder: a test that failed may have left one."""
    for path in folder.glob("**/run.json"):
        run = RunDirectory(path.parent)
        with contextlib.suppress(GanTuiError, ProcessLookupError):
            pid = read_identity(run).pid
            if pid is not None and engine_is_alive(run):
                os.kill(pid, signal.SIGKILL)


def train_to_end(run: RunDirectory) -> RunDirectory:
    """Let an engine process do all of a run, which has to succeed."""
    with engine_of(run) as engine:
        assert engine.ended() == 0, run.log.read_text()
    return run


# ------------------------------------------------------------------------------------------------------ the record


def record_of(run: RunDirectory) -> list[Any]:
    """Everything recorded, in order."""
    return list(RecordReader(run).read())


def events_of(run: RunDirectory, *kinds: type[ev.Recorded]) -> list[Any]:
    """What is recorded of some kinds, in order."""
    return [event for event in record_of(run) if isinstance(event, kinds)]


def metrics_of(run: RunDirectory) -> list[ev.Metrics]:
    """The lines of metrics, in order."""
    return events_of(run, ev.Metrics)


def course_of(run: RunDirectory, last_step: int | None = None) -> dict[int, dict[str, Any]]:
    """What a run's metrics say of each step, whatever depends on the clock or on the record left out.

    A line that a resume made void is replaced by the one that was written for its step afterwards.
    """
    course: dict[int, dict[str, Any]] = {}
    for event in record_of(run):
        if isinstance(event, ev.Resumed):
            course = {step: line for step, line in course.items() if step <= event.from_step}
        if isinstance(event, ev.Metrics) and (last_step is None or event.step <= last_step):
            line = msgspec.to_builtins(event)
            course[event.step] = {name: line[name] for name in ("epoch", "images", "losses", "lr", "weights")}
    return course
