"""What watching a run costs it: the time of a step with no viewer, with one, with three, and with one that is stopped.

    python benchmarks/monitor.py [--quick] [--device cpu|cuda] [--threads N] [--json FILE]

One engine, started as a user starts it, trains all the while. Real dashboards are attached to it in pseudo-terminals
that are read; the stopped one has got SIGSTOP, so that what is sent to it piles up. The cases take turns, in the
opposite order every second round. Figures are medians over the rounds, and "x none" is the median of the ratios to the
case without viewers within a round, with the least and the largest.

"step" is by the engine's own lines of metrics, and is what a user waits for. Where viewers and engine share the
processors it also has in it the time in which the engine is not given one. "processor" is the time that the engine's
threads compute for a step: what the monitor makes the engine do, and what it costs to share caches with the viewers and
with whatever else the machine does. "beside" is the part of it of all threads but the one that trains: where the engine
computes on one thread, on a CPU, that is what sends to viewers and what writes sheets, and nothing else. "viewers" is
the share of one core that all of them take together. The engine computes on one thread fewer than there are processors,
unless told otherwise.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from measure.machine import in_words, this_machine
from measure.report import Report, this_command
from measure.timing import interleaved, wait_as_the_engine_does
from watching.engine import engine_at_work
from watching.rounds import CASES, Row, line_of, row_of, turn

from engine.config.threads import usable_cores


class Watched(Report, frozen=True, kw_only=True):
    """What --json writes."""

    threads: int
    """Of the engine."""
    preset: str
    settings: Sequence[str]
    seconds: float
    rounds: int
    load_before: float
    """The machine's load average over a minute, when nothing of this had begun."""
    rows: Sequence[Row]


def main() -> int:
    arguments = read_arguments()
    wait_as_the_engine_does()  # so that the machine is told as the engine, which inherits this, will have it
    machine, command = this_machine(torch.device(arguments.device)), this_command()
    load = os.getloadavg()[0]
    print(f"{in_words(machine)}; the engine on {arguments.threads}; load average before {load:.1f}")
    print(f"{command}\n", flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        engine_at_work(arguments.preset, arguments.set, arguments.device, arguments.threads, Path(folder)) as engine,
    ):
        engine.measure(arguments.warm_up, lambda: None)
        turns = interleaved(
            {case.name: partial(turn, engine, case, arguments.seconds) for case in CASES}, arguments.rounds
        )
    rows = [row_of(name, turns) for name in turns]
    print("| viewers | step | x none | processor | x none | beside | viewers' share of a core | steps |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(line_of(row))
    if arguments.json:
        Watched(
            machine=machine, command=command, threads=arguments.threads, preset=arguments.preset,
            settings=arguments.set, seconds=arguments.seconds, rounds=arguments.rounds, load_before=load, rows=rows,
        ).write(arguments.json)  # fmt: skip
    return 0


def read_arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="quickstart", help="[default: quickstart]")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of the preset; may repeat")
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser.add_argument("--device", choices=devices, default=devices[0])
    parser.add_argument("--threads", type=int, default=max(1, usable_cores() - 1), help="of the engine")
    parser.add_argument("--seconds", type=float, help="that each case takes in each round [default: 20, or 8 if quick]")
    parser.add_argument("--warm-up", type=float, default=10.0, help="seconds before the first round")
    parser.add_argument("--rounds", type=int, help="[default: 7, or 3 if quick]")
    parser.add_argument("--quick", action="store_true", help="shorter and fewer rounds: some three minutes")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    if arguments.seconds is None:
        arguments.seconds = 8.0 if arguments.quick else 20.0
    if arguments.rounds is None:
        arguments.rounds = 3 if arguments.quick else 7
    return arguments


if __name__ == "__main__":
    sys.exit(main())
