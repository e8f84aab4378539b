"""How the dashboard fares over a slow link: of 200 ms and 10 kB/s, unless told otherwise.

    python benchmarks/shaped_link.py [--round-trip 0.2] [--rate 10000] [--size 80x24] [--quick] [--json FILE]

An engine, started as a user starts it, trains all the while. A dashboard is attached to it in a pseudo-terminal whose
other end is read no faster than the rate, and shown after half of the round trip; keys take the other half. A second
dashboard of the same size has no such line. Each nudge is typed, then sent with Enter at the user's end; "confirmed" is
the time until the user's screen shows the engine's answer. Both screens are compared when the run has been paused and
both have fallen silent: all rows but the last, where remarks are.

At last nothing is taken from the dashboard for a while, as of a connection that has died for that time: what it then
sends is what the kernel kept of the time before, and the newest screen.
"""

from __future__ import annotations

import argparse
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
    """Whether the screen is that of the dashboard without such a line, at the end."""
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
    with (
        Viewer(run, (columns, rows)) as near,
        Viewer(run, (columns, rows), delay=delay, rate=arguments.rate) as far,
    ):
        painted = far.until(lambda lines: in_view(lines, "log y"), "the first paint") - far.begun
        paint = far.line.carried
        far.watch(arguments.settle)
        sent = far.watch(arguments.seconds)
        far.line.type(CONTROLS)
        far.until(lambda lines: in_view(lines, "- + nudge"), "the controls")
        nudges = [nudge(far) for _ in range(arguments.nudges)]
        near.until(lambda lines: in_view(lines, "log y"), "the first paint")
        near.line.type(CONTROLS)
        ctl(run, "pause")
        same = same_in_the_end(near, far)
        ctl(run, "continue")
        far.line.standing = True
        near.watch(arguments.stand)
        ctl(run, "pause")
        near.until_quiet()
        before, begun = far.line.carried, time.monotonic()
        far.line.standing = False
        shown = far.until(lambda lines: lines[1:-1] == near.rows[1:-1], "the newest screen") - begun
        after = far.line.carried - before
        same_later = same_in_the_end(near, far)
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


def same_in_the_end(near: Viewer, far: Viewer) -> bool:
    """Whether both screens are the same once nothing is drawn any more, and no link is said to be slow."""
    for viewer in (near, far, near):
        viewer.until_quiet()
        viewer.until(lambda lines: not in_view(lines, "slow link"), "the end of slowness")
    differ = [(one, other) for one, other in zip(near.rows[:-1], far.rows[:-1], strict=True) if one != other]
    for one, other in differ:
        print(f"near {one}\nfar  {other}", file=sys.stderr)
    return not differ


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
