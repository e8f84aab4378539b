"""How long a checkpoint stops the step loop, and how long it takes to be written, against its size.

    python benchmarks/checkpoint.py [--quick] [--device cpu|cuda] [--folder DIR] [--json FILE]

CycleGANs of growing width, up to the published one (ResNet-9, width 64), each with Adam's moments and full image pools.
The loop stands still while the state is copied to host memory ("stall"). A thread then checks, writes, hashes and syncs
it and deletes the one before ("written"); it computes for a part of that time ("processor"; "hashing" is timed once
more by itself) and waits for the disk otherwise. Steps are timed without that thread and, in turn, beside one that
writes checkpoints without a break; those also append a line of metrics, which goes to the same disk. What slows them is
the processor that the two share, not the disk.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import torch
from measure.timing import wait_as_the_engine_does

from engine.batch import ImageBatch
from engine.checkpoint import write_checkpoint
from engine.config.load import Tree, dump, resolve
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.protocol import events as ev
from engine.protocol.checkpoints import Manifest, digest
from engine.protocol.rundir import RunDirectory, create_run
from engine.record import Record
from engine.snapshot import Snapshot, copy_state

CASES = (("width 16", 16, 9), ("width 32", 32, 9), ("width 48", 48, 9), ("width 64, as published", 64, 9))
QUICK_CASES = (("width 8, 2 blocks", 8, 2), ("width 16", 16, 9))
STEPS = 3
"""Timed in a row, before it is the other's turn."""
POOL = 50
CROP = {"cpu": 32, "cuda": 256}
"""Side in pixels of the images, which make the step's time and, in the pools, a part of the checkpoint's size."""
MEGABYTE = 1e6


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one case; times are medians, but for those called longest and the processor's mean."""

    case: str
    parameters: int
    size_mb: float
    stall_ms: float
    longest_stall_ms: float
    written_s: float
    processor_s: float
    """Of the thread that writes."""
    hashing_s: float
    step_ms: float
    """Without a checkpoint being written."""
    step_while_writing_ms: float
    longest_line_ms: float
    """Appending a line of metrics while checkpoints are written."""
    saves: int
    """Checkpoints that were written beside the timed steps."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two small sizes, few repetitions")
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser.add_argument("--device", choices=devices, default=devices[0])
    parser.add_argument("--folder", type=Path, help="on the disk to be measured [default: the temporary folder's]")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    wait_as_the_engine_does()
    device = torch.device(arguments.device)
    repetitions = 3 if arguments.quick else 5
    rows = []
    print("| | MB | stall, median / longest | written | processor, hashing | step | while writing | longest line |")
    print("|---|---|---|---|---|---|---|---|")
    for name, width, blocks in QUICK_CASES if arguments.quick else CASES:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            rows.append(measure(name, Bench(Path(folder), width, blocks, device), repetitions))
        print(in_words(rows[-1]), flush=True)
    if arguments.json:
        where = {"device": str(device), "threads": torch.get_num_threads(), "processors": os.cpu_count()}
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode({**where, "rows": rows}), indent=2) + b"\n")
    return 0


def in_words(row: Row) -> str:
    """A row of the table."""
    stall = f"{row.stall_ms:.1f} / {row.longest_stall_ms:.1f} ms"
    written = f"{row.written_s:.2f} s | {row.processor_s:.2f}, {row.hashing_s:.2f} s"
    steps = f"{row.step_ms:.0f} ms | {row.step_while_writing_ms:.0f} ms"
    return f"| {row.case} | {row.size_mb:.0f} | {stall} | {written} | {steps} | {row.longest_line_ms:.1f} ms |"


class Bench:
    """A CycleGAN in full training: Adam has moments and the pools are full."""

    def __init__(self, folder: Path, width: int, blocks: int, device: torch.device) -> None:
        crop = CROP[device.type]
        tree: Tree = {
            "data": {"kind": "synthetic", "images": 2, "resize": crop, "crop": crop},
            "generator": {"arch": "resnet", "width": width, "blocks": blocks},
            "discriminator": {"arch": "patch", "width": width},
            "optim": {"pool": POOL},
            "run": {"device": device.type},
        }
        config = resolve(tree, __file__)
        toml = dump(config)
        self.run: RunDirectory = create_run(
            folder, name="bench", method="cyclegan", preset="bench", config_toml=toml, parent=None
        )
        self.device = device
        self.method: Method = build_method(config, device)
        shape = (1, 3, crop, crop)
        self._batch = ImageBatch(
            real_A=torch.rand(shape, device=device) * 2 - 1, real_B=torch.rand(shape, device=device) * 2 - 1
        )
        self.step()
        filled = {
            name: tensor.expand(POOL, *tensor.shape[1:]) if name.endswith(".images") else tensor
            for name, tensor in self.method.state_dict().items()
        }
        self.method.load_state_dict(filled)

    def step(self) -> None:
        """One step, waited for."""
        self.method.step(self._batch)
        self._settle()

    def copy(self, step: int) -> Snapshot:
        """The state as a checkpoint copies it, waited for."""
        manifest = Manifest(
            run="bench", step=step, epoch=1, images=step, time=0.0, reason="schedule", losses={}, controls={}, files={}
        )
        snapshot = copy_state(self.method, {}, manifest)
        self._settle()
        return snapshot

    def _settle(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


class Writer:
    """Writes a snapshot over and over on a thread, each time as the checkpoint of the next step."""

    def __init__(self, run: RunDirectory, snapshot: Snapshot) -> None:
        self.saves = 0
        self._run = run
        self._snapshot = snapshot
        self._ending = threading.Event()

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Writing, from the first byte until the block ends."""
        self._ending.clear()
        thread = threading.Thread(target=self._write, name="checkpoint")
        thread.start()
        try:
            yield
        finally:
            self._ending.set()
            thread.join()

    def write(self) -> Path:
        """Write it once, and delete what was written before."""
        self.saves += 1
        manifest = msgspec.structs.replace(self._snapshot.manifest, step=self.saves)
        older = list(self._run.checkpoints.glob("step-*"))
        written = write_checkpoint(self._run, dataclasses.replace(self._snapshot, manifest=manifest))
        for folder in older:
            shutil.rmtree(folder)
        return written

    def _write(self) -> None:
        while not self._ending.is_set():
            self.write()


def measure(case: str, bench: Bench, repetitions: int) -> Row:
    """The figures of one size."""
    bench.copy(0)
    stalls = [seconds(lambda: bench.copy(0)) for _ in range(repetitions)]
    writer = Writer(bench.run, bench.copy(0))
    before = time.thread_time()
    written = [seconds(writer.write) for _ in range(repetitions)]
    processor = (time.thread_time() - before) / repetitions
    newest = next(bench.run.checkpoints.glob("step-*"))
    hashing = [seconds(lambda: [digest(path) for path in newest.iterdir()]) for _ in range(repetitions)]
    size = sum(path.stat().st_size for path in newest.iterdir())
    alone, beside, lines = interleaved(bench, writer, repetitions)
    return Row(
        case=case,
        parameters=sum(p.numel() for network in bench.method.networks.values() for p in network.parameters()),
        size_mb=size / MEGABYTE,
        stall_ms=1000 * statistics.median(stalls),
        longest_stall_ms=1000 * max(stalls),
        written_s=statistics.median(written),
        processor_s=processor,
        hashing_s=statistics.median(hashing),
        step_ms=1000 * statistics.median(alone),
        step_while_writing_ms=1000 * statistics.median(beside),
        longest_line_ms=1000 * max(lines),
        saves=writer.saves - repetitions,
    )


def interleaved(bench: Bench, writer: Writer, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds of steps without and with checkpoints being written, in turn; and of the lines appended meanwhile."""
    alone: list[float] = []
    beside: list[float] = []
    lines: list[float] = []
    with Record(bench.run) as record:
        for _ in range(rounds):
            alone += [seconds(bench.step) for _ in range(STEPS)]
            with writer.at_work():
                for _ in range(STEPS):
                    step = seconds(bench.step)
                    lines.append(seconds(lambda: append_line(record)))
                    beside.append(step + lines[-1])
    return alone, beside, lines


def append_line(record: Record) -> None:
    """A line of metrics of the usual length."""
    names = ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", "D_A", "D_B")
    losses: dict[str, float | None] = dict.fromkeys(names, 0.12345678)
    line = ev.Metrics(
        **record.stamp(0), epoch=1, images=0, losses=losses, lr={"G": 2e-4, "D": 2e-4}, weights={}, throughput=1.0,
        data_wait=0.0,
    )  # fmt: skip
    record.write(line)


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
