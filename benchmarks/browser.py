"""How fast the runs browser lists a folder of many runs, and what keeping that list up to date costs.

    python benchmarks/browser.py [--runs 1000] [--lines 2000] [--json FILE]

The runs are made first: a record of so many lines of metrics, a journal and two checkpoints' manifests each, one in a
hundred damaged, one in five a branch of the one before. Nothing trains.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pexpect
import pyte

from engine.protocol.checkpoints import MANIFEST, Manifest, folder_name
from engine.protocol.codec import encode
from engine.protocol.events import Announced, Metrics, Sampled
from engine.protocol.rundir import Identity, Parent, RunDirectory, write_atomically
from gan_tui.client.run_rows import read_rows
from gan_tui.client.run_watch import RunsWatch
from gan_tui.state.run_list import RunsChoice, arranged

GAN_TUI = [sys.executable, "-c", "from gan_tui.cli import main; main()"]
SIZE = (40, 120)
NAMES = ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", "D_A", "D_B")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="runs in the folder")
    parser.add_argument("--lines", type=int, default=2000, help="lines of metrics of each")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_runs(Path(folder), arguments.runs, arguments.lines)
        figures = {"runs": arguments.runs, "lines each": arguments.lines, **measured(Path(folder), arguments.runs)}
    for name, value in figures.items():
        print(f"{name:44} {value:,.3f}" if isinstance(value, float) else f"{name:44} {value:,}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


def measured(folder: Path, number: int) -> dict[str, float]:
    watch = RunsWatch(folder)
    first = seconds_of(watch.examine)
    second = seconds_of(watch.examine)  # notes which records have come to rest
    idle = min(seconds_of(watch.examine) for _ in range(5))
    rows = watch.snapshot().rows
    assert len(rows) == number
    return {
        "first reading of all, s of CPU": first,
        "second look, s of CPU": second,
        "later looks, nothing changed, s of CPU": idle,
        "arranging them as a tree, s of CPU": min(seconds_of(lambda: arranged(rows, RunsChoice())) for _ in range(5)),
        "the list of gan-tui runs --plain, s of CPU": seconds_of(lambda: read_rows(folder)),
        **on_a_terminal(folder, number),
    }


def on_a_terminal(folder: Path, number: int) -> dict[str, float]:
    """Of the browser itself in a terminal: until it shows all runs, and the next one after a key."""
    screen = pyte.Screen(SIZE[1], SIZE[0])
    stream = pyte.ByteStream(screen)
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    begun = time.perf_counter()
    child = pexpect.spawn(
        GAN_TUI[0], [*GAN_TUI[1:], "runs", "--runs-dir", str(folder)], dimensions=SIZE, env=environment, timeout=60
    )

    def until(text: str) -> float:
        while text not in "\n".join(screen.display):
            stream.feed(child.read_nonblocking(1 << 16, timeout=60))
        return time.perf_counter()

    listed = until(f"1/{number:,} ")
    read = until("G_A")  # the details of the first run, whose record has been read by then
    child.send("\x1b[B")
    pressed = time.perf_counter()
    moved = until(f"2/{number:,} ")
    child.send("q")
    child.expect(pexpect.EOF)
    child.close()
    return {
        "browser: until all runs are listed, s": listed - begun,
        "browser: until the first has been read, s": read - begun,
        "browser: a key until its effect, s": moved - pressed,
    }


def seconds_of(act: Callable[[], object]) -> float:
    """Of processor time, which other users of the machine do not lengthen."""
    begun = time.process_time()
    act()
    return time.process_time() - begun


def make_runs(folder: Path, number: int, lines: int) -> None:
    record = b"".join(encode(line(step)) + b"\n" for step in range(50, 50 * lines + 1, 50))
    journal = b"".join(encode(event) + b"\n" for event in journal_of(50 * lines))
    before: Identity | None = None
    for place in range(number):
        run = RunDirectory(folder / f"run-{place:05d}")
        run.root.mkdir()
        parent = None
        if before is not None and place % 5:
            parent = Parent(run=str(folder / before.name), id=before.id, step=50)
        before = Identity(
            id=f"{place:012x}", name=run.name, method="cyclegan", preset="horse2zebra", created=1.76e9 + place,
            parent=parent, device="cuda:0 bf16", state="stopped", state_since=1.76e9 + place,
        )  # fmt: skip
        write_atomically(run.identity, b"{" if place % 100 == 99 else msgspec.json.encode(before))
        run.metrics.write_bytes(record)
        run.events.write_bytes(journal)
        for step in (50, 50 * lines):
            path = run.checkpoints / folder_name(step)
            path.mkdir(parents=True)
            (path / MANIFEST).write_bytes(msgspec.json.encode(manifest(before.id, step)))


def line(step: int) -> Metrics:
    return Metrics(
        seq=step, step=step, time=1.76e9 + step, epoch=1 + step // 1334, images=step,
        losses=dict.fromkeys(NAMES, 0.5), lr={"G": 2e-4, "D": 2e-4}, weights={"cycle_a": 10.0}, throughput=60.0,
        data_wait=0.01,
    )  # fmt: skip


def journal_of(steps: int) -> list[Announced | Sampled]:
    when = {"seq": 1, "step": 0, "time": 1.76e9}
    announced = Announced(
        **when, controls=(), values={}, components=NAMES, epochs=200, steps_per_epoch=1334, total_steps=266_800,
        device="cuda:0 bf16", parameters={},
    )  # fmt: skip
    sheets = [
        Sampled(seq=step + 1, step=step, time=1.76e9, path=f"samples/step-{step:08d}.png", tile=64, rows=())
        for step in range(500, steps, 500)
    ]
    return [announced, *sheets]


def manifest(run: str, step: int) -> Manifest:
    return Manifest(
        run=run, step=step, epoch=1, images=step, time=1.76e9, reason="schedule", losses={}, controls={}, files={}
    )


if __name__ == "__main__":
    main()
