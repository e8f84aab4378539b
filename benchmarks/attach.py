"""How long `gan-tui attach` takes on a long record: first paint, whole curve, every line read; and its memory.

    python benchmarks/attach.py [--lines 1000000] [--runs 5] [--quick] [--json FILE]

A record is made first: so many lines of metrics with eight losses, two learning rates and five weights, a journal, and
one resume that made a tenth of the lines void. The same is done with a record of a hundred lines, in turn, so that what
the length costs can be told from what a dashboard costs. `--quick` is 100,000 lines, once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
import pexpect
import psutil
import pyte

from engine.config.controls import controls_of
from engine.config.methods import CycleGanConfig
from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory, create_run, read_identity, write_identity

GAN_TUI = [sys.executable, "-c", "from gan_tui.cli import main; main()"]
SIZE = (40, 120)
COMPONENTS = ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", "D_A", "D_B")
WEIGHTS = {"adversarial": 1.0, "cycle_a": 10.0, "cycle_b": 10.0, "identity": 0.5, "gradient_penalty": 10.0}
LOG_EVERY = 50
STEPS_A_SECOND = 60.0
BEGAN = 1_760_000_000.0
PATIENCE = 120.0
TARGETS = {"first_paint_s": 0.6, "whole_curve_s": 2.0}
"""Seconds, from the design."""


@dataclass(frozen=True, kw_only=True)
class Attached:
    """What one attach took, in seconds since the process was started."""

    first_paint_s: float
    whole_curve_s: float
    all_read_s: float
    peak_mb: float
    """Resident memory, the highest seen."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="lines of metrics in the long record")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each")
    parser.add_argument("--quick", action="store_true", help="100,000 lines, one run")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    lines, runs = (100_000, 1) if arguments.quick else (arguments.lines, arguments.runs)
    with tempfile.TemporaryDirectory() as folder:
        cases = {count: make_run(Path(folder), count) for count in (100, lines)}
        taken: dict[int, list[Attached]] = {count: [] for count in cases}
        for run in cases.values():
            attach(run)  # a first, untimed run fills the caches
        for _ in range(runs):
            for count, run in cases.items():
                taken[count].append(attach(run))
    rows = [row for count, results in taken.items() for row in rows_of(count, results)]
    for row in rows:
        target = f"  (target {row['target']})" if row["target"] else ""
        print(
            f"{row['lines']:>9,} lines  {row['what']:16} median {row['median']:8.3f}  least {row['least']:8.3f}{target}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


def rows_of(count: int, results: list[Attached]) -> Iterator[dict[str, int | str | float | None]]:
    for what in asdict(results[0]):
        values = [asdict(result)[what] for result in results]
        median, least = statistics.median(values), min(values)
        yield {"lines": count, "what": what, "median": median, "least": least, "target": TARGETS.get(what)}


# ------------------------------------------------------------------------------------------------------ the record


def make_run(folder: Path, count: int) -> RunDirectory:
    """A finished run with so many lines of metrics, a tenth of them of a course that was given up."""
    run = create_run(folder, name=f"lines-{count}", method="cyclegan", preset="p", config_toml="", parent=None)
    with run.metrics.open("wb") as metrics, run.events.open("wb") as journal:
        for event in course(count):
            (metrics if isinstance(event, ev.Metrics) else journal).write(encode(event) + b"\n")
    write_identity(run, msgspec.structs.replace(read_identity(run), state="finished"))
    return run


def course(count: int) -> Iterator[ev.Event]:
    noise = random.Random(0)
    seq = 0

    def stamp(step: int) -> dict[str, float]:
        nonlocal seq
        seq += 1
        return {"seq": seq, "step": step, "time": BEGAN + seq * LOG_EVERY / STEPS_A_SECOND}

    last = (count - count // 10) * LOG_EVERY
    controls = controls_of(CycleGanConfig())
    yield ev.Started(**stamp(0), pid=1, host="gpu-box")
    yield ev.Announced(
        **stamp(0), controls=controls, values={control.name: control.default for control in controls},
        rates={"G": "optim.lr_g", "D": "optim.lr_d"}, components=COMPONENTS, epochs=200,
        steps_per_epoch=last // 200 + 1, total_steps=last, device="cuda:0 bf16",
        parameters={"G_A": 11_378_179, "D_A": 2_764_737},
    )  # fmt: skip
    yield ev.Training(**stamp(0))
    step = 0
    for line in range(1, count + 1):
        step += LOG_EVERY
        yield ev.Metrics(
            **stamp(step),
            epoch=step * 200 // (last + 1) + 1,
            images=step,
            losses={name: round(loss(place, step / last) * noise.lognormvariate(0, 0.13), 6)
                    for place, name in enumerate(COMPONENTS)},
            lr={"G": 2e-4, "D": 2e-4},
            weights=WEIGHTS,
            throughput=round(STEPS_A_SECOND + noise.gauss(0, 0.4), 4),
            data_wait=0.012,
        )  # fmt: skip
        if line % max(1, count // 200) == 0:
            yield ev.Checkpointed(
                **stamp(step), saved_step=step, path="checkpoints/x", seconds=0.4, size=339_000_000, reason="schedule"
            )
        if line == count // 2:
            step -= count // 10 * LOG_EVERY
            yield ev.Resumed(**stamp(step), from_step=step, checkpoint="checkpoints/x")
    yield ev.Finished(**stamp(step))


def loss(place: int, share: float) -> float:
    return (0.2 + 0.4 * place) * (0.3 + 0.7 * math.exp(-5 * share))


# ------------------------------------------------------------------------------------------------------ the screen


class Viewer:
    """A dashboard in a pseudo-terminal, whose screen can be read."""

    def __init__(self, run: RunDirectory) -> None:
        self.begun = time.perf_counter()
        arguments = [*GAN_TUI[1:], "attach", str(run.root)]
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.child = pexpect.spawn(GAN_TUI[0], arguments, dimensions=SIZE, env=environment, timeout=PATIENCE)
        self.peak = 0
        self._process = psutil.Process(self.child.pid)
        self._screen = pyte.Screen(SIZE[1], SIZE[0])
        self._stream = pyte.ByteStream(self._screen)

    @property
    def lines(self) -> list[str]:
        """What the screen shows."""
        return list(self._screen.display)

    def until(self, condition: Callable[[list[str]], bool]) -> float:
        """Seconds from the start until the screen fulfils a condition."""
        while not condition(self.lines):
            if time.perf_counter() - self.begun > PATIENCE:
                sys.exit("the screen never came:\n" + "\n".join(self.lines))
            with contextlib.suppress(pexpect.TIMEOUT):
                self._stream.feed(self.child.read_nonblocking(1 << 16, timeout=0.02))
            self.peak = max(self.peak, self._process.memory_info().rss)
        return time.perf_counter() - self.begun


def attach(run: RunDirectory) -> Attached:
    viewer = Viewer(run)
    first = viewer.until(lambda lines: all(any(word in line for line in lines) for word in (run.name, "journal")))
    whole = viewer.until(curve_is_whole)
    read = viewer.until(lambda lines: curve_is_whole(lines) and not any("reading the record" in line for line in lines))
    viewer.child.send("q")
    viewer.child.expect(pexpect.EOF)
    viewer.child.close()
    return Attached(first_paint_s=first, whole_curve_s=whole, all_read_s=read, peak_mb=viewer.peak / 1e6)


def curve_is_whole(lines: list[str]) -> bool:
    """Whether braille dots stand in nearly every column from the y axis to the labels at the curves' ends."""
    axis = next((line.index(" └") + 1 for line in lines if " └" in line), None)
    labels = [line.index(name) for line in lines for name in COMPONENTS if f" {name} " in line]
    if axis is None or not labels:
        return False
    columns = range(axis + 1, min(labels) - 1)
    drawn = [any("\u2800" < line[column] <= "\u28ff" for line in lines) for column in columns]
    return sum(drawn) >= 0.95 * len(columns) and drawn[-1]


if __name__ == "__main__":
    main()
