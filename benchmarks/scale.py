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
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import msgspec
import torch
import torch.distributed as dist

from engine.batch import ImageBatch
from engine.config.load import Tree, resolve
from engine.config.threads import usable_cores
from engine.methods.build import build_method
from engine.ranks.connection import LOOPBACK
from engine.ranks.division import Division, Shard, divided
from engine.ranks.group import join, leave, open_store, reach_store

LOOK_SECONDS = 0.2
"""How often it is looked whether a rank has ended."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What each rank trains."""

    device: str
    width: int
    blocks: int
    crop: int
    images: int
    """Of each domain, on each rank."""
    turns: int
    steps: int
    """Timed in a row, before it is the other's turn."""


CASES = {
    ("cpu", True): Case(device="cpu", width=16, blocks=2, crop=64, images=1, turns=5, steps=2),
    ("cpu", False): Case(device="cpu", width=32, blocks=9, crop=128, images=1, turns=9, steps=2),
    ("cuda", True): Case(device="cuda", width=64, blocks=9, crop=256, images=1, turns=5, steps=10),
    ("cuda", False): Case(device="cuda", width=64, blocks=9, crop=256, images=4, turns=9, steps=20),
}


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """What one rank has measured."""

    step: float
    """Seconds."""
    by_itself: float
    """The same without communication."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The figures for a number of ranks: those of its slowest."""

    ranks: int
    batch: int
    seconds: float
    """Of a step."""
    seconds_without_communication: float
    images_per_second: float
    communication: float
    """Its share of a step, 0 to 1."""
    efficiency: float
    """Images a second, as a share of so many times those of one rank."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small networks on a CPU, few turns")
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser.add_argument("--device", choices=devices, default=devices[0])
    parser.add_argument("--ranks", type=int, action="append", help="how many; may repeat [default: 1, 2, 4 ... of all]")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--as-rank", nargs=3, metavar=("RANK", "RANKS", "PORT"), type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    case = CASES[arguments.device, arguments.quick]
    if arguments.as_rank:
        rank, ranks, port = arguments.as_rank
        sys.stdout.buffer.write(msgspec.json.encode(timed(case, Shard(rank, ranks), port)))
        return 0
    if reason := refusal(arguments.device, arguments.ranks or []):
        parser.error(reason)
    numbers = sorted({1, *(arguments.ranks or numbers_of(arguments.device))})
    print("| ranks | batch | step | without communication | images/s | communication | efficiency |")
    print("|---|---|---|---|---|---|---|")
    rows: list[Row] = []
    for ranks in numbers:
        rows.append(measure(case, ranks, max(numbers), rows[0].images_per_second if rows else None))
        print(in_words(rows[-1]), flush=True)
    if arguments.json:
        where = {"processors": os.cpu_count(), "torch": str(torch.__version__), "case": case, "rows": rows}
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(where), indent=2) + b"\n")
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


def in_words(row: Row) -> str:
    """A row of the table."""
    times = f"{row.seconds * 1000:.0f} ms | {row.seconds_without_communication * 1000:.0f} ms"
    shares = f"{row.communication:.0%} | {row.efficiency:.0%}"
    return f"| {row.ranks} | {row.batch} | {times} | {row.images_per_second:.1f} | {shares} |"


def measure(case: Case, ranks: int, most: int, of_one: float | None) -> Row:
    """Train with so many ranks; the step takes as long as it does for the slowest."""
    _store, port = open_store(LOOPBACK)
    threads = max(1, usable_cores() // most)
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
    told = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        outs = [Path(folder) / str(rank) for rank in range(ranks)]
        processes = []
        for rank, out in enumerate(outs):
            command = [sys.executable, __file__, *told, "--as-rank", str(rank), str(ranks), str(port)]
            with out.open("wb") as file:
                processes.append(subprocess.Popen(command, stdout=file, env=environment))
        await_all(processes)
        found = [msgspec.json.decode(out.read_bytes(), type=Timed) for out in outs]
    step = max(each.step for each in found)
    by_itself = max(each.by_itself for each in found)
    throughput = case.images * ranks / step
    return Row(
        ranks=ranks,
        batch=case.images * ranks,
        seconds=step,
        seconds_without_communication=by_itself,
        images_per_second=throughput,
        communication=max(0.0, 1 - by_itself / step),
        efficiency=throughput / (ranks * (of_one or throughput)),
    )


def await_all(ranks: list[subprocess.Popen[bytes]]) -> None:
    """Wait for their end; where one fails the others, which wait for it, are ended. Raises SystemExit."""
    try:
        while None in (statuses := [rank.poll() for rank in ranks]) and not any(statuses):
            time.sleep(LOOK_SECONDS)
        for number, status in enumerate(statuses):
            if status:
                raise SystemExit(f"rank {number} has failed with {status}; what it said is above")
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()


# ------------------------------------------------------------------------------------------------------ on one rank


def timed(case: Case, shard: Shard, port: int) -> Timed:
    """Seconds of a step on this rank, with the others and by itself."""
    device = torch.device(case.device, shard.rank) if case.device == "cuda" else torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    join(reach_store(LOOPBACK, port), shard, device)
    bench = Bench(case, shard, device)
    bench.seconds(together=True)  # warms up: optimizers make their state, connections are made
    bench.seconds(together=False)
    turns = [(bench.seconds(together=True), bench.seconds(together=False)) for _ in range(case.turns)]
    leave(device)
    step, by_itself = (statistics.median(times) for times in zip(*turns, strict=True))
    return Timed(step=step, by_itself=by_itself if shard.ranks > 1 else step)


class Bench:
    """A CycleGAN on one rank."""

    def __init__(self, case: Case, shard: Shard, device: torch.device) -> None:
        tree: Tree = {
            "data": {"kind": "synthetic", "images": 2, "resize": case.crop, "crop": case.crop},
            "generator": {"arch": "resnet", "width": case.width, "blocks": case.blocks},
            "discriminator": {"arch": "patch", "width": case.width},
            "optim": {"pool": 50},
            "run": {"device": case.device, "batch": case.images * shard.ranks},
        }
        self._method = build_method(resolve(tree, __file__), device)
        self._division = Division(case.images * shard.ranks, shard)
        self._device = device
        self._steps = case.steps
        shape = (case.images, 3, case.crop, case.crop)
        self._batch = ImageBatch(
            real_A=torch.rand(shape, device=device) * 2 - 1, real_B=torch.rand(shape, device=device) * 2 - 1
        )

    def seconds(self, *, together: bool) -> float:
        """Of a step, the ranks having begun at one time."""
        dist.barrier()
        self._settle()
        begun = time.perf_counter()
        for _ in range(self._steps):
            with divided(self._division) if together else nullcontext():
                self._method.step(self._batch)
        self._settle()
        return (time.perf_counter() - begun) / self._steps

    def _settle(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


if __name__ == "__main__":
    sys.exit(main())
