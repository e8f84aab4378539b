"""How training scales with the number of ranks: images a second, and the share of a step that communication takes.

    python benchmarks/scale.py [--quick] [--device cpu|cuda] [--ranks N]... [--json FILE]

CycleGANs whose batch grows with the ranks, so that each rank's work is the same ("weak scaling"); pools of generated
images included. Ranks are processes of this machine: one for each GPU (NCCL), or with as many CPU threads each as there
are for all of them at the largest number (Gloo). Steps in which they exchange gradients, losses and images are timed in
turns with the same steps in which each keeps to itself; the difference is what communication takes, the wait for the
slowest rank included. Times are medians over the turns.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec
import torch
from measure.machine import in_words, this_machine
from measure.report import Report, this_command
from measure.timing import wait_as_the_engine_does
from scaling.ranks import Case, Row, measure, timed

from engine.config.threads import usable_cores
from engine.ranks.division import Shard

CASES = {
    ("cpu", True): Case(device="cpu", width=16, blocks=2, crop=64, images=1, turns=5, steps=2),
    ("cpu", False): Case(device="cpu", width=32, blocks=9, crop=128, images=1, turns=9, steps=2),
    ("cuda", True): Case(device="cuda", width=64, blocks=9, crop=256, images=1, turns=5, steps=10),
    ("cuda", False): Case(device="cuda", width=64, blocks=9, crop=256, images=4, turns=9, steps=20),
}


class Scaling(Report, frozen=True, kw_only=True):
    """What --json writes."""

    case: Case
    threads_of_a_rank: int
    rows: list[Row]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small networks on a CPU, few turns")
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser.add_argument("--device", choices=devices, default=devices[0])
    parser.add_argument("--ranks", type=int, action="append", help="how many; may repeat [default: 1, 2, 4 ... of all]")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--as-rank", nargs=4, metavar=("CASE", "RANK", "RANKS", "PORT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.as_rank:
        case = msgspec.json.decode(arguments.as_rank[0], type=Case)
        rank, ranks, port = map(int, arguments.as_rank[1:])
        sys.stdout.buffer.write(msgspec.json.encode(timed(case, Shard(rank, ranks), port)))
        return 0
    case = CASES[arguments.device, arguments.quick]
    if reason := refusal(arguments.device, arguments.ranks or []):
        parser.error(reason)
    wait_as_the_engine_does()
    machine, command = this_machine(torch.device(arguments.device)), this_command()
    numbers = sorted({1, *(arguments.ranks or numbers_of(arguments.device))})
    threads = max(1, usable_cores() // max(numbers))
    print(f"{in_words(machine)}\n{command}\n{threads} threads each rank\n")
    print("| ranks | batch | step | without communication | images/s | communication | efficiency |")
    print("|---|---|---|---|---|---|---|")
    rows: list[Row] = []
    for ranks in numbers:
        rows.append(measure(case, ranks, threads, rows[0].images_per_second if rows else None))
        print(in_line(rows[-1]), flush=True)
    if arguments.json:
        Scaling(machine=machine, command=command, case=case, threads_of_a_rank=threads, rows=rows).write(arguments.json)
    return 0


def refusal(device: str, numbers: list[int]) -> str:
    """Why there cannot be so many ranks; empty where there can."""
    if any(number < 1 for number in numbers):
        return "--ranks: there is at least one"
    if device == "cuda" and (most := torch.cuda.device_count()) < max(numbers, default=1):
        return f"--ranks: each has a GPU, and there are {most}"
    return ""


def numbers_of(device: str) -> list[int]:
    """1, 2, 4 ... up to the GPUs that there are, or the cores."""
    most = torch.cuda.device_count() if device == "cuda" else usable_cores()
    return [2**power for power in range(most.bit_length()) if 2**power <= most]


def in_line(row: Row) -> str:
    """A row of the table."""
    times = f"{row.seconds * 1000:.0f} ms | {row.seconds_without_communication * 1000:.0f} ms"
    shares = f"{row.communication:.0%} | {row.efficiency:.0%}"
    return f"| {row.ranks} | {row.batch} | {times} | {row.images_per_second:.1f} | {shares} |"


if __name__ == "__main__":
    sys.exit(main())
