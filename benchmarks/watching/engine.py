"""An engine at work, as a user starts it, and what its record and its process say of its speed."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from engine.protocol.events import Metrics
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, read_identity

GAN_TUI = [sys.executable, "-c", "from gan_tui.cli import main; main()"]
NAME = "watched"
ENDLESS = ("optim.epochs=1000000", "checkpoint.every=1000000000")
"""Neither an end nor a checkpoint falls into what is measured."""
PATIENCE = 300.0
"""Seconds."""
GLANCE = 0.005
"""Seconds between looks at the record."""


class Speed(NamedTuple):
    """What a step took over a while."""

    step_s: float
    """The median over the lines of metrics, of the steps of each."""
    processor_s: float
    """Of the engine's threads together; that of processes that load images is not in it."""
    beside_s: float
    """Of all of them but the one that trains."""
    steps: int
    seconds: float


class WatchedEngine:
    """An engine process, detached, whose record is read as it grows."""

    def __init__(self, run: RunDirectory, process: psutil.Process) -> None:
        self.run = run
        self._process = process
        self._reader = RecordReader(run)

    def measure(self, seconds: float, meanwhile: Callable[[], None]) -> Speed:
        """Its speed from one line of metrics to another that comes so many seconds later.

        Args:
            seconds: at least.
            meanwhile: called at the first and at the last of these lines.
        """
        for _ in self._reader.read():
            pass  # of before
        first = self._lines()[-1]
        meanwhile()
        begun, before = time.perf_counter(), self._computed()
        lines: list[Metrics] = []
        while not lines or time.perf_counter() - begun < seconds:
            lines += self._lines()
        taken, after = time.perf_counter() - begun, self._computed()
        meanwhile()
        steps = lines[-1].step - first.step
        computed = {thread: seconds - before.get(thread, 0.0) for thread, seconds in after.items()}
        processor_s = sum(computed.values()) / steps
        return Speed(
            step_s=statistics.median(1 / line.throughput for line in lines),
            processor_s=processor_s,
            beside_s=processor_s - computed[self._process.pid] / steps,
            steps=steps,
            seconds=taken,
        )

    def _computed(self) -> dict[int, float]:
        """Seconds that each thread has computed so far, to the hundredth; the one that trains has the process's id."""
        return {thread.id: thread.user_time + thread.system_time for thread in self._process.threads()}

    def _lines(self) -> list[Metrics]:
        """The lines of metrics written since the last call; waits for one."""
        deadline = time.perf_counter() + PATIENCE
        while True:
            lines = [event for event in self._reader.read() if isinstance(event, Metrics)]
            if lines:
                return lines
            if time.perf_counter() > deadline:
                sys.exit(f"the engine wrote no line in {PATIENCE:g} s; its log:\n{self.run.log.read_text()}")
            time.sleep(GLANCE)


@contextlib.contextmanager
def engine_at_work(
    preset: str, settings: Sequence[str], device: str, threads: int, folder: Path
) -> Iterator[WatchedEngine]:
    """An engine that trains a preset for as long as the block lasts."""
    command = [*GAN_TUI, "train", preset, "--name", NAME, "--runs-dir", str(folder), "--device", device]
    command += ["--detach"]
    for setting in (*ENDLESS, *settings):
        command += ["--set", setting]
    subprocess.run(command, check=True, stdout=sys.stderr, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    run = RunDirectory(folder / NAME)
    process = _process_of(run)
    try:
        yield WatchedEngine(run, process)
    finally:
        subprocess.run([*GAN_TUI, "ctl", str(run.root), "stop", "--discard"], check=False, stdout=sys.stderr)
        process.wait(PATIENCE)


def _process_of(run: RunDirectory) -> psutil.Process:
    pid = read_identity(run).pid
    assert pid is not None, "train --detach returns when the engine has taken the run up"
    return psutil.Process(pid)
