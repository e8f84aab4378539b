"""How long a training step takes beside a plain eager implementation of the same algorithm, and how close it comes to
what the machine can do.

    python benchmarks/step.py [--case NAME] [--methods M ...] [--sizes PX ...] [--batches N ...]
                              [--precision fp32 tf32 bf16] [--compile on off] [--channels-last on off] [--graph on off]
                              [--device cpu|cuda] [--rounds N] [--quick] [--json FILE]

    python benchmarks/step.py --case cpu-target          CycleGAN, ResNet-9, 128 px, batch 1, identity on
    python benchmarks/step.py --case gpu-target          CycleGAN and pix2pix at 256 px, batch 1 and 8

Both start from the same weights and see the same images, random ones that are on the device already: the step alone is
measured. They take turns in one process, a few steps at a time, and each figure is a median over the rounds. The ratio
is that of the steps' times. "by processor" is that of the time for which the host's processors worked on them: it tells
more where others compute on the same machine, and on a GPU how much less the host has to do. "differ" is how far apart
the losses of their first steps are, relative to each: the proof that they do the same work (dropout may be drawn
otherwise, so pix2pix's may be apart by more). The plain implementation (benchmarks/plain) computes in fp32, or on CUDA
in TF32 with cuDNN choosing its algorithms, unless fp32 is asked for.

FLOP are those of the plain step, multiplications and additions of its convolutions and matrix products, forward and
backward, as torch.utils.flop_counter counts them; "of peak" is FLOP a second beside the best that a large matrix
product or convolution reaches in the same precision in the same process. Memory is what one of the two holds at its
height beyond what was held before it was built (measure/memory.py says how that is told).
"""

from __future__ import annotations

import argparse
import functools
import gc
import itertools
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch
from measure.duel import Duel, Row, measure
from measure.machine import in_words, this_machine
from measure.peak import peak_flops
from measure.report import Report, this_command
from measure.timing import wait_as_the_engine_does

from engine.config.geometry import DTN_SIDE
from engine.config.load import Tree, resolve, with_settings
from engine.config.methods import CONFIGS, TrainConfig
from engine.config.schema import RunConfig
from engine.device import choose_device, make_current, set_precision
from engine.errors import RequestError
from engine.methods.precision import Precision

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
TURN = {"cpu": 1.0, "cuda": 0.5}
"""Seconds that a turn of the plain steps takes at least."""
SWITCHES: Mapping[str, Mapping[str, str]] = {
    "compile": {"on": "run.compile=on", "off": "run.compile=off"},
    "channels-last": {"on": "run.channels_last=on", "off": "run.channels_last=off"},
    "graph": {"on": "run.graph=auto", "off": "run.graph=off"},
}
"""Options by which a step is run in different ways."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is measured unless options say otherwise: every combination."""

    methods: tuple[str, ...] = tuple(CONFIGS)
    sizes: tuple[int, ...] = (256,)
    batches: tuple[int, ...] = (1,)
    precisions: tuple[Precision, ...] = ("fp32", "bf16")


CASES = {
    "cpu-target": Case(methods=("cyclegan",), sizes=(128,)),
    "gpu-target": Case(methods=("cyclegan", "pix2pix"), batches=(1, 8), precisions=("tf32", "bf16")),
    "quick": Case(sizes=(64,)),
    "cpu": Case(sizes=(64, 128)),
    "cuda": Case(sizes=(64, 128, 256, 512), batches=(1, 4, 16), precisions=PRECISIONS),
}


class Steps(Report, frozen=True, kw_only=True):
    """What --json writes."""

    rows: list[Row]


@dataclass(frozen=True, kw_only=True)
class Combination:
    """What one row is about."""

    method: str
    size: int
    batch: int
    precision: Precision
    settings: tuple[str, ...]
    """Beyond the preset's defaults."""

    def __str__(self) -> str:
        return " ".join([self.method, f"{self.size} px, batch {self.batch},", self.precision, *self.settings])

    def config(self) -> TrainConfig:
        """Its preset.

        Raises:
            RequestError: there is no such preset.
        """
        tree = published(self.method, self.size, self.batch)
        return resolve(with_settings(tree, [f"run.precision={self.precision}", *self.settings]), "benchmarks/step.py")


def main() -> int:
    arguments = _arguments()
    wait_as_the_engine_does()
    try:
        device = choose_device(RunConfig(device=arguments.device))
    except RequestError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    make_current(device)
    machine, command = this_machine(device), this_command()
    print(f"{in_words(machine)}\n{command}\n\n{in_line(COLUMNS)}\n{in_line(['---'] * len(COLUMNS))}", flush=True)
    rows: list[Row] = []
    peak = functools.cache(functools.partial(peak_flops, device))
    for combination in _combinations(arguments, device):
        try:
            config = combination.config()
            set_precision(config.run, device)
            duel = Duel(
                rounds=arguments.rounds or (3 if arguments.quick else 7),
                turn=arguments.turn or TURN[device.type],
                peak=peak(config.run.precision),
            )
            rows.append(measure(config, combination.settings, device, duel))
        except (RequestError, torch.OutOfMemoryError) as error:
            print(f"{combination}: not measured. {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
        else:
            print(in_line(in_cells(rows[-1])), flush=True)
        _clear(device)
    if arguments.json:
        Steps(machine=machine, command=command, rows=rows).write(arguments.json)
    return 0 if rows else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = "what is measured unless the options below say otherwise [default: the device's name]"
    parser.add_argument("--case", choices=CASES, help=what)
    parser.add_argument("--methods", nargs="+", choices=CONFIGS)
    parser.add_argument("--sizes", nargs="+", type=_positive, metavar="PX", help="sides of images; DTN has 32 alone")
    parser.add_argument("--batches", nargs="+", type=_positive, metavar="N")
    parser.add_argument("--precision", nargs="+", choices=PRECISIONS)
    for switch in SWITCHES:
        parser.add_argument(f"--{switch}", nargs="+", choices=SWITCHES[switch], help="[default: as the preset has it]")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings of the preset, as of train")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:1 [default: auto]")
    parser.add_argument("--rounds", type=_positive, help="turns of each [default: 7, or 3 if quick]")
    parser.add_argument("--turn", type=float, metavar="S", help="a turn's least length [default: 1 s, on a GPU 0.5]")
    parser.add_argument("--quick", action="store_true", help="the case quick, unless another is named; fewer rounds")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


# ---------------------------------------------------------------------------------------------- what is measured


def _combinations(arguments: argparse.Namespace, device: torch.device) -> Iterator[Combination]:
    """Every one that is asked for, or else that is in the case; TF32 and recorded steps where there are any."""
    case = CASES[arguments.case or ("quick" if arguments.quick else device.type)]
    batches: Sequence[int] = arguments.batches or case.batches
    precisions: Sequence[Precision] = arguments.precision or case.precisions
    if device.type == "cpu":
        precisions = [precision for precision in precisions if precision != "tf32"]
    words = {name: getattr(arguments, name.replace("-", "_")) or [] for name in SWITCHES}
    chosen = [[SWITCHES[name][word] for word in words[name]] or [""] for name in SWITCHES]
    if device.type != "cuda":
        chosen[list(SWITCHES).index("graph")] = [""]
    ways = [(*arguments.set, *filter(None, way)) for way in itertools.product(*chosen)]
    for method in arguments.methods or case.methods:
        sizes: Sequence[int] = [DTN_SIDE] if method == "dtn" else arguments.sizes or case.sizes
        for size, batch, precision, way in itertools.product(sizes, batches, precisions, ways):
            yield Combination(method=method, size=size, batch=batch, precision=precision, settings=way)


def published(method: str, size: int, batch: int) -> Tree:
    """The preset of a method's published form for images of a size.

    U-Nets and DiscoGAN's networks are as deep as the image lets them be, the former up to 8 halvings as in the paper.
    Of DTN it is the step after f is trained.
    """
    halvings = int(math.log2(size))
    tree: Tree = {
        "method": {"kind": method},
        "data": {"kind": "synthetic", "resize": size, "crop": size},
        "run": {"batch": batch},
    }
    match method:
        case "pix2pix":
            tree["generator"] = {"downs": min(8, halvings)}
        case "discogan":
            tree["generator"] = tree["discriminator"] = {"downs": halvings - 2}
        case "dtn":
            tree["method"]["f_steps"] = 0
            tree["data"] = {"kind": "synthetic-digits"}
    return tree


def _clear(device: torch.device) -> None:
    """Give back what a combination leaves: memory, and programs that were compiled for it."""
    gc.collect()
    if "torch._dynamo" in sys.modules:
        torch.compiler.reset()
    if device.type == "cuda":
        torch.cuda.empty_cache()


# -------------------------------------------------------------------------------------------------------- the table

COLUMNS = (
    "method", "px", "batch", "precision", "settings", "step", "plain", "ratio (least to most)", "by processor",
    "images/s", "GFLOP", "TFLOP/s", "of peak", "memory", "plain", "differ",
)  # fmt: skip


def in_line(cells: Iterable[str]) -> str:
    """A line of the table."""
    return f"| {' | '.join(cells)} |"


def in_cells(row: Row) -> tuple[str, ...]:
    """A row's figures, in the columns' order."""
    return (
        row.method,
        str(row.size),
        str(row.batch),
        row.precision,
        " ".join(row.settings) or "as shipped",
        f"{1000 * row.seconds:.4g} ms",
        f"{1000 * row.seconds_plain:.4g} ms",
        f"**{row.ratio:.2f}** ({row.ratio_least:.2f} to {row.ratio_most:.2f})",
        f"{row.processor_seconds_plain / row.processor_seconds:.2f}",
        f"{row.images_per_second:.3g}",
        f"{row.flop / 1e9:.4g}",
        f"{row.flop_per_second / 1e12:.3g} of {row.peak_flop_per_second / 1e12:.3g}",
        f"{row.share_of_peak:.0%}",
        _megabytes(row.memory),
        _megabytes(row.memory_plain),
        f"{row.losses_differ:.1e}",
    )


def _megabytes(size: int | None) -> str:
    return "unknown" if size is None else f"{size / 1e6:.0f} MB"


if __name__ == "__main__":
    sys.exit(main())
