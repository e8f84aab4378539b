"""Pairs of images a second, and how long a loop waits for them, with images kept and without, by number of workers.

    python benchmarks/data.py [--data DIR] [--quick] [--device cpu|cuda] [--resize 286] [--crop 256] [--json FILE]

The folder holds trainA and trainB, or train, or A and B; without one, drawings are written as JPEG files first. Every
case is a run's own stream of batches, taken up at the beginning: the time to its first batch, then pairs a second over
its first, second and third epoch, as fast as a loop that does nothing else can take them, on the device and in -1..1.
Then the loop sleeps so many milliseconds a step, as if a GPU computed, and the time in which it waits for a batch is
counted as a run counts its data wait: over the first steps of a stream, but for its first batch, and after the epochs.
Beside that share is the median wait of a step, which neighbours on the machine disturb less. Rounds of all cases follow
one another; figures are medians over the rounds, and "x off" is the median of the ratios within a round.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

CACHES = ("off", "host", "device")
QUICK_IMAGES = 60


def main() -> int:
    arguments = read_arguments()
    # Imported here and not above, as data workers import this module too: they are timed without torch, as in a run.
    import torch
    from loading.folders import data_section
    from loading.rounds import Bench, Loading, in_words, measure
    from measure.machine import in_words as machine_in_words
    from measure.machine import this_machine
    from measure.report import this_command
    from measure.timing import wait_as_the_engine_does

    wait_as_the_engine_does()
    device = torch.device(arguments.device or ("cuda" if torch.cuda.is_available() else "cpu"))
    machine, command = this_machine(device), this_command()
    print(f"{machine_in_words(machine)}\n{command}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        config = data_section(
            arguments.data, Path(folder), images=arguments.images, resize=arguments.resize, crop=arguments.crop
        )
        bench = Bench(config, device, batch=arguments.batch, step_ms=arguments.step_ms, steps=arguments.steps)
        rows = measure(bench, arguments.workers, arguments.cache, arguments.rounds)
    print("| cache | workers | kept | first batch | pairs/s, epochs 1, 2, 3 | x off | wait at first | wait later |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(in_words(row))
    if arguments.json:
        Loading(
            machine=machine, command=command, resize=arguments.resize, crop=arguments.crop, batch=arguments.batch,
            step_ms=arguments.step_ms, steps=arguments.steps, rounds=arguments.rounds, rows=rows,
        ).write(arguments.json)  # fmt: skip
    return 0


def read_arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of images [default: drawings]")
    parser.add_argument("--images", type=int, default=0, help="take so many of each folder at most [default: all]")
    parser.add_argument("--resize", type=int, default=286)
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--cache", nargs="+", choices=CACHES, default=list(CACHES))
    parser.add_argument("--workers", nargs="+", type=int, default=[0, 2], help="[default: 0 2]")
    parser.add_argument("--step-ms", type=float, default=10.0, help="length of a step that waits are counted for")
    parser.add_argument("--steps", type=int, default=200, help="steps over which they are counted")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", choices=("cpu", "cuda"), help="[default: cuda where there is one]")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_IMAGES} images of each folder, 50 steps")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.images, arguments.steps = arguments.images or QUICK_IMAGES, 50
    return arguments


if __name__ == "__main__":
    sys.exit(main())
