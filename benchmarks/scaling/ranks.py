"""A number of ranks at work, each a process: what they train, how long their steps take, and what follows from that."""

from __future__ import annotations

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
from engine.methods.build import build_method
from engine.ranks.connection import LOOPBACK
from engine.ranks.division import Division, Shard, divided
from engine.ranks.group import join, leave, open_store, reach_store

PROGRAM = Path(__file__).parents[1] / "scale.py"
"""Each rank is this program, told to be one."""
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


def measure(case: Case, ranks: int, threads: int, of_one: float | None) -> Row:
    """Train with so many ranks, each with so many threads; the step takes as long as it does for the slowest."""
    _store, port = open_store(LOOPBACK)
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with tempfile.TemporaryDirectory() as folder:
        outs = [Path(folder) / str(rank) for rank in range(ranks)]
        processes = []
        for rank, out in enumerate(outs):
            told = [msgspec.json.encode(case).decode(), str(rank), str(ranks), str(port)]
            command = [sys.executable, str(PROGRAM), "--as-rank", *told]
            with out.open("wb") as file:
                processes.append(subprocess.Popen(command, stdout=file, env=environment))
        await_all(processes)
        found = [msgspec.json.decode(out.read_bytes(), type=Timed) for out in outs]
    return row_of(case, found, of_one)


def row_of(case: Case, found: list[Timed], of_one: float | None) -> Row:
    """The figures that follow from the times of each rank.

    Args:
        case: what each has trained.
        found: by rank.
        of_one: images a second of one rank by itself; None where these are its own times.
    """
    ranks = len(found)
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
