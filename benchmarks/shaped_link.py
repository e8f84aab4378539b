"""How the dashboard fares over a slow link: of 200 ms and 10 kB/s, unless told otherwise.

    python benchmarks/shaped_link.py [--round-trip 0.2] [--rate 10000] [--size 80x24] [--quick] [--json FILE]

An engine, started as a user starts it, trains all the while. A dashboard is attached to it in a pseudo-terminal whose
other end is read no faster than the rate, and shown after half of the round trip; keys take the other half. Each nudge
is typed, then sent with Enter at the user's end; "confirmed" is the time until the user's screen shows the engine's
answer. When the run has been paused and the dashboard has fallen silent, its screen must be the one that it draws anew
for an emptied terminal: nothing is left over, and nothing is missing.

At last nothing is taken from the dashboard for a while, as of a connection that has died for that time, and the run is
paused meanwhile: what it then sends is what the kernel kept of the time before, and the newest screen.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import torch
from measure.machine import in_words, this_machine
from measure.report import Report, this_command
from measure.timing import wait_as_the_engine_does
from terminals.viewer import GAN_TUI, Viewer
from watching.engine import engine_at_work

SMALL = ("generator.width=4", "generator.blocks=1", "discriminator.width=4", "data.images=8")
CONTROLS = "3]"
"""Keys that go to the controls, and there to the second."""
MACHINE = re.compile(r"│(?:step|cpu|disk) ")
CONFIRMED_TARGET = 1.0
"""Seconds."""


class Fared(msgspec.Struct, frozen=True, kw_only=True):
    """What a user of the link sees."""

    size: str
    first_paint_s: float
    first_paint_bytes: int
    bytes_a_second: float
    """While the run trains and nothing is typed."""
    echoed_s: Sequence[float]
    """From a key that prepares a nudge to its sight."""
    confirmed_s: Sequence[float]
    """From Enter to the sight of the engine's answer."""
    same_screen: bool
    """Whether the screen is the one that is drawn anew, at the end."""
    stood_s: float
    after_standing_bytes: int
    after_standing_s: float
    """From when the line went on to the sight of the newest screen."""
    same_after_standing: bool


class Shaped(Report, frozen=True, kw_only=True):
    """What --json writes."""

    round_trip_s: float
    rate: float
    rows: Sequence[Fared]


def main() -> int:
    arguments = read_arguments()
    wait_as_the_engine_does()
    machine, command = this_machine(torch.device("cpu")), this_command()
    print(f"{in_words(machine)}\n{command}\n", flush=True)
    settings = [*SMALL, f"log.every={arguments.log_every}", "sample.every=50"]
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        engine_at_work("quickstart", settings, "cpu", 1, Path(folder)) as engine,
    ):
        engine.measure(1.0, lambda: None)
        for size in arguments.size or ["80x24", "120x40"]:
            rows.append(fare(str(engine.run.root), size, arguments))
            print(told(rows[-1]), flush=True)
    if arguments.json:
        Shaped(
            machine=machine, command=command, round_trip_s=arguments.round_trip, rate=arguments.rate, rows=rows
        ).write(arguments.json)
    return 0 if all(row.same_screen and row.same_after_standing for row in rows) else 1


def fare(run: str, size: str, arguments: argparse.Namespace) -> Fared:
    """Use the dashboard over such a link, as somebody would who nudges a weight."""
    columns, rows = map(int, size.split("x"))
    delay = arguments.round_trip / 2
    with Viewer(run, (columns, rows), delay=delay, rate=arguments.rate) as viewer:
        painted = viewer.until(lambda lines: in_view(lines, "log y"), "the first paint") - viewer.begun
        paint = viewer.line.carried
        viewer.watch(arguments.settle)
        sent = viewer.watch(arguments.seconds)
        viewer.line.type(CONTROLS)
        viewer.until(lambda lines: in_view(lines, "- + nudge"), "the controls")
        nudges = [nudge(viewer) for _ in range(arguments.nudges)]
        viewer.line.type("1")
        ctl(run, "pause")
        same = drawn_right(viewer)
        ctl(run, "continue")
        viewer.until(lambda lines: in_view(lines, "TRAINING"), "training again")
        viewer.line.standing = True
        time.sleep(arguments.stand)
        ctl(run, "pause")
        before, begun = viewer.line.carried, time.monotonic()
        viewer.line.standing = False
        shown = viewer.until(lambda lines: in_view(lines, "PAUSED"), "the newest screen") - begun
        viewer.until_quiet()
        after = viewer.line.carried - before
        same_later = drawn_right(viewer)
        ctl(run, "continue")
    return Fared(
        size=size,
        first_paint_s=painted,
        first_paint_bytes=paint,
        bytes_a_second=sent / arguments.seconds,
        echoed_s=[echoed for echoed, _ in nudges],
        confirmed_s=[confirmed for _, confirmed in nudges],
        same_screen=same,
        stood_s=arguments.stand,
        after_standing_bytes=after,
        after_standing_s=shown,
        same_after_standing=same_later,
    )


def in_view(lines: Sequence[str], text: str) -> bool:
    return any(text in line for line in lines)


def nudge(viewer: Viewer) -> tuple[float, float]:
    """Prepare a nudge and send it; seconds to the sight of it, and to that of the engine's answer."""
    arrows = sum(line.count("→") for line in viewer.rows)
    echoed = seconds_to(viewer, "+", lambda lines: sum(line.count("→") for line in lines) > arrows)
    remark = viewer.rows[-1]
    confirmed = seconds_to(viewer, "\r", lambda lines: "✔" in lines[-1] and lines[-1] != remark)
    return echoed, confirmed


def seconds_to(viewer: Viewer, keys: str, condition: Callable[[list[str]], bool]) -> float:
    """From a key at the user's end until the screen there fulfils a condition."""
    begun = time.monotonic()
    viewer.line.type(keys)
    return viewer.until(condition, f"what {keys!r} does") - begun


def drawn_right(viewer: Viewer) -> bool:
    """Whether the screen is what is drawn anew, but for figures of the machine, which goes on while the run is paused.

    It is looked at when no link is said to be slow any more, and no answer is shown; that the drawing itself makes the
    link slow is no difference.
    """
    at_rest(viewer)
    was = viewer.rows
    viewer.draw_anew()
    at_rest(viewer)
    anew = viewer.rows
    if "slow link" in anew[0]:
        was, anew = was[1:], anew[1:]
    rows = zip(was, anew, strict=True)
    differ = [(one, other) for one, other in rows if MACHINE.split(one)[0] != MACHINE.split(other)[0]]
    for one, other in differ:
        print(f"was  {one}\nanew {other}", file=sys.stderr)
    return not differ


def at_rest(viewer: Viewer) -> None:
    viewer.until(lambda lines: "slow link" not in lines[0] and "✔" not in lines[-1], "rest")
    viewer.until_quiet()


def ctl(run: str, word: str) -> None:
    subprocess.run([*GAN_TUI, "ctl", run, word], check=True, capture_output=True)


def told(row: Fared) -> str:
    """A row of the table, with its head."""
    confirmed, echoed = statistics.median(row.confirmed_s), statistics.median(row.echoed_s)
    worst = f"{max(row.confirmed_s):.2f} s (target {CONFIRMED_TARGET:g} s)"
    return (
        f"{row.size}: first paint {row.first_paint_s:.2f} s, {row.first_paint_bytes:,} bytes; then"
        f" {row.bytes_a_second:,.0f} bytes/s; a key seen after {echoed:.2f} s;"
        f" a nudge confirmed after {confirmed:.2f} s, at worst {worst}; screen"
        f" {'the same' if row.same_screen else 'DIFFERENT'}; after standing still for {row.stood_s:g} s"
        f" {row.after_standing_bytes:,} bytes and {row.after_standing_s:.2f} s to the newest screen,"
        f" {'the same' if row.same_after_standing else 'DIFFERENT'}"
    )


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--round-trip", type=float, default=0.2, help="seconds [default: 0.2]")
    parser.add_argument("--rate", type=float, default=10_000.0, help="bytes a second [default: 10000]")
    parser.add_argument("--size", action="append", metavar="COLUMNSxROWS", help="may repeat [default: 80x24, 120x40]")
    parser.add_argument("--log-every", type=int, default=1, help="steps between lines of metrics [default: 1]")
    parser.add_argument("--seconds", type=float, help="over which bytes are counted [default: 20, or 2 if quick]")
    parser.add_argument("--nudges", type=int, help="[default: 10, or 2 if quick]")
    parser.add_argument("--stand", type=float, help="seconds of standing still [default: 10, or 2 if quick]")
    parser.add_argument("--quick", action="store_true", help="shorter and fewer, at 80x24 alone")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    quick = arguments.quick
    arguments.seconds = arguments.seconds or (2.0 if quick else 20.0)
    arguments.nudges = arguments.nudges or (2 if quick else 10)
    arguments.stand = arguments.stand or (2.0 if quick else 10.0)
    arguments.settle = 1.0 if quick else 5.0
    if quick and not arguments.size:
        arguments.size = ["80x24"]
    return arguments


if __name__ == "__main__":
    sys.exit(main())
