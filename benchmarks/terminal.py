"""What a dashboard writes to its terminal and what it costs: idle, training, with new pictures and without.

    python benchmarks/terminal.py [--size 80x24] [--seconds 20] [--lines 1000000] [--quick] [--json FILE]

An engine, started as a user starts it, trains all the while, and writes several lines of metrics a second. For each
size a dashboard is attached to it in a pseudo-terminal whose bytes are counted: until it has settled; while the run
trains and no new sheet of samples comes; while there is one every few seconds, in the samples pane where the terminal
is narrow; and while the run is paused. In parentheses is what the design allows, with "over" where a figure is more.
"CPU" is the processor time of the dashboard's process, as a share of one core. A sheet's bytes are those written with
pictures beyond those written without in the same time, by the number of sheets.

Attaching to a record of so many lines is measured as by benchmarks/attach.py, once; 0 leaves it out.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import attach
import msgspec
import torch
from measure.machine import in_words, this_machine
from measure.report import Report, this_command
from measure.timing import wait_as_the_engine_does
from terminals.viewer import GAN_TUI, Viewer
from watching.engine import engine_at_work

from gan_tui.widgets.footer import FooterBar

SMALL = ("generator.width=4", "generator.blocks=1", "discriminator.width=4", "data.images=8")
NEVER, OFTEN = 10_000_000, 20
"""Steps from sheet to sheet."""
ALLOWED = {"80x24": (4000, 0.03), "200x50": (12_000, 0.06)}
"""Bytes a second and CPU while a run trains, from the design."""
SHEET, FIRST_PAINT = 60_000, 0.6
"""Bytes of a new sheet, and seconds, from the design too."""


class Spell(msgspec.Struct, frozen=True, kw_only=True):
    """What a dashboard did for a while."""

    bytes_a_second: float
    cpu: float
    """Share of one core."""


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a size."""

    size: str
    first_paint_s: float
    settled_bytes: int
    """Written until the record was read and the first pictures were drawn."""
    training: Spell
    with_pictures: Spell
    sheets: int
    bytes_a_sheet: float
    paused: Spell


class Terminals(Report, frozen=True, kw_only=True):
    """What --json writes."""

    seconds: float
    rows: Sequence[Drawn]
    attached_lines: int
    first_paint_s: float | None
    whole_curve_s: float | None


def main() -> int:
    arguments = read_arguments()
    wait_as_the_engine_does()
    machine, command = this_machine(torch.device("cpu")), this_command()
    print(f"{in_words(machine)}\n{command}\n", flush=True)
    settings = [*SMALL, "log.every=1", f"sample.every={NEVER}"]
    rows = []
    with (
        tempfile.TemporaryDirectory() as folder,
        engine_at_work("quickstart", settings, "cpu", 1, Path(folder)) as engine,
    ):
        engine.measure(1.0, lambda: None)
        print("| | first paint | until settled | training | CPU | with pictures | CPU | a sheet | paused | CPU |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for size in arguments.size:
            rows.append(draw(engine.run.root, size, arguments.seconds, arguments.settle))
            print(told(rows[-1]), flush=True)
    attached = attach_to(arguments.lines) if arguments.lines else None
    if attached is not None:
        paint, whole = attached.first_paint_s, attached.whole_curve_s
        print(f"\n{arguments.lines:,} lines: first paint {paint:.2f} s, whole curve {whole:.2f} s")
    if arguments.json:
        Terminals(
            machine=machine,
            command=command,
            seconds=arguments.seconds,
            rows=rows,
            attached_lines=arguments.lines,
            first_paint_s=attached.first_paint_s if attached else None,
            whole_curve_s=attached.whole_curve_s if attached else None,
        ).write(arguments.json)
    return 0


def draw(run: Path, size: str, seconds: float, settle: float) -> Drawn:
    """The figures of a dashboard of a size."""
    columns, rows = map(int, size.split("x"))
    with Viewer(str(run), (columns, rows)) as viewer:
        painted = viewer.until(lambda lines: any("log y" in line for line in lines), "the first paint")
        if columns < 110:
            viewer.line.type("2")  # one pane is shown: that of the pictures
        viewer.watch(settle)
        settled = viewer.line.carried
        viewer.drawn = False
        if columns < 110:
            viewer.line.type("1")
            viewer.watch(1.0)
        training = spell(viewer, seconds)
        if columns < 110:
            viewer.line.type("2")
            viewer.watch(1.0)
            plain = spell(viewer, seconds)
        else:
            plain = training
        ctl(run, "set", "sample.every", str(OFTEN))
        before = sheets(run)
        with_pictures = spell(viewer, seconds)
        ctl(run, "set", "sample.every", str(NEVER))
        new = sheets(run) - before
        ctl(run, "pause")
        viewer.until_quiet(FooterBar.SECONDS + 1)  # the footer's remark on the last command goes by itself
        paused = spell(viewer, seconds)
        ctl(run, "continue")
    more = (with_pictures.bytes_a_second - plain.bytes_a_second) * seconds
    return Drawn(
        size=size,
        first_paint_s=painted - viewer.begun,
        settled_bytes=settled,
        training=training,
        with_pictures=with_pictures,
        sheets=new,
        bytes_a_sheet=more / new if new else 0.0,
        paused=paused,
    )


def spell(viewer: Viewer, seconds: float) -> Spell:
    """What it does for so long."""
    before = viewer.processor_s
    taken = viewer.watch(seconds)
    return Spell(bytes_a_second=taken / seconds, cpu=(viewer.processor_s - before) / seconds)


def sheets(run: Path) -> int:
    lines = (run / "events.jsonl").read_bytes().splitlines()
    return sum(json.loads(line)["kind"] == "sampled" for line in lines)


def ctl(run: Path, *words: str) -> None:
    subprocess.run([*GAN_TUI, "ctl", str(run), *words], check=True, capture_output=True)


def attach_to(lines: int) -> attach.Attached:
    """What it takes to attach to a record of so many lines; the caches are filled first."""
    with tempfile.TemporaryDirectory() as folder:
        run = attach.make_run(Path(folder), lines)
        attach.attach(run)
        return attach.attach(run)


def told(row: Drawn) -> str:
    """A row of the table."""
    most, cpu = ALLOWED.get(row.size, (math.inf, math.inf))
    training = f"{row.training.bytes_a_second:,.0f} B/s{beside(row.training.bytes_a_second, most, f'{most:,}')}"
    training += f" | {row.training.cpu:.1%}{beside(row.training.cpu, cpu, f'{cpu:.0%}')}"
    pictures = f"{row.with_pictures.bytes_a_second:,.0f} B/s | {row.with_pictures.cpu:.1%}"
    sheet = f"{row.bytes_a_sheet / 1000:.0f} kB of {row.sheets}{beside(row.bytes_a_sheet, SHEET, '60 kB')}"
    paused = f"{row.paused.bytes_a_second:,.0f} B/s{beside(row.paused.bytes_a_second, 0, '0')} | {row.paused.cpu:.1%}"
    paint = f"{row.first_paint_s:.2f} s{beside(row.first_paint_s, FIRST_PAINT, '0.6 s')}"
    settled = f"{row.settled_bytes / 1000:.0f} kB"
    return f"| {row.size} | {paint} | {settled} | {training} | {pictures} | {sheet} | {paused} |"


def beside(measured: float, allowed: float, in_words: str) -> str:
    """What is allowed, behind a figure, and whether that is more."""
    return "" if allowed == math.inf else f" ({in_words}{': over' if measured > allowed else ''})"


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", action="append", metavar="COLUMNSxROWS", help="may repeat [default: 80x24, 200x50]")
    parser.add_argument("--seconds", type=float, help="of each measurement [default: 20, or 2 if quick]")
    parser.add_argument("--lines", type=int, help="of the long record [default: 1000000, or 2000 if quick]")
    parser.add_argument("--quick", action="store_true", help="a glance: for a look at whether it runs")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    arguments.size = arguments.size or list(ALLOWED)
    arguments.settle = 1.0 if arguments.quick else 4.0
    if arguments.seconds is None:
        arguments.seconds = 2.0 if arguments.quick else 20.0
    if arguments.lines is None:
        arguments.lines = 2000 if arguments.quick else 1_000_000
    return arguments


if __name__ == "__main__":
    sys.exit(main())
