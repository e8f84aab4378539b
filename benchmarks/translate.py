"""Images a second that are translated, and how far a translation in pieces is from one in one piece.

    python benchmarks/translate.py RUN IMAGES [--images 100] [--rounds 5] [--device cpu|cuda] [--json FILE]
    python benchmarks/translate.py RUN IMAGES --seams 256 [--images 10] [--device cpu|cuda] [--json FILE]

RUN is a run's directory and IMAGES a folder. The images are translated as `gan-tui translate` does, with threads that
read and write beside the network, and in turn one after the other, as often as there are rounds; both write the same
bytes, which is checked. With --seams, each image is translated whole and in pieces of that side, for several overlaps:
how far the two are apart, in levels of 255, in all pixels and along the lines at which pieces meet; and how much larger
the step from a pixel to its neighbour is there than in the whole translation, which is what an eye sees as a seam.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from measure.machine import in_words, this_machine
from measure.report import Report, this_command
from measure.timing import duration, interleaved, wait_as_the_engine_does
from PIL import Image

from engine.loaded_method import take_up
from engine.protocol.translation import TranslateJob
from engine.translation.course import Course, Prepared
from engine.translation.framing import Pixels, framed
from engine.translation.image_memory import ImageMemory
from engine.translation.originals import read_original
from engine.translation.passage import Passage
from engine.translation.request import Tiling, TranslationRequest, request_of
from engine.translation.tiles import spans
from engine.translation.translate import translate

OVERLAPS = (0, 16, 8, 4, 2)
"""One part in so many of a piece's side; 0 shares nothing."""


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """Of both ways, and their ratio within a round."""

    images: int
    beside: tuple[float, ...]
    """Images a second with threads, in every round."""
    in_turn: tuple[float, ...]
    """Likewise, one after the other."""
    ratio: float
    """The median."""


class Seam(msgspec.Struct, frozen=True, kw_only=True):
    """Translations in pieces against whole ones, in levels of 255."""

    overlap: int
    """Pixels, as asked for."""
    shared: float
    """Pixels that neighbours shared on average."""
    mean: float
    """Of the difference, over all pixels."""
    borders_mean: float
    """Along the middles of what neighbours share."""
    borders_most: float
    step: float
    """From one side of such a line to the other, beyond that of the whole translation; the mean."""
    step_elsewhere: float
    """Likewise between all other neighbours in the same rows."""


class Measured(Report, frozen=True, kw_only=True):
    """What was measured."""

    speed: Speed | None = None
    seams: tuple[Seam, ...] = ()


def main() -> int:
    arguments = read_arguments()
    wait_as_the_engine_does()
    device = torch.device(arguments.device)
    print(f"{in_words(this_machine(device))}\n{this_command()}\n", flush=True)
    found: dict[str, Any] = {}
    if arguments.seams:
        found["seams"] = tuple(seams(arguments))
        print("| overlap | shared | mean | along borders: mean | largest | step across | step elsewhere |")
        print("|---|---|---|---|---|---|---|")
        for row in found["seams"]:
            figures = (row.shared, row.mean, row.borders_mean, row.borders_most, row.step, row.step_elsewhere)
            print(f"| {row.overlap} | {' | '.join(f'{figure:.2f}' for figure in figures)} |")
    else:
        found["speed"] = speed = measure_speed(arguments, device)
        for name, rates in (("with threads", speed.beside), ("one after the other", speed.in_turn)):
            print(f"{name}: {statistics.median(rates):.2f} images/s ({min(rates):.2f} to {max(rates):.2f})")
        print(f"ratio within a round, the median: {speed.ratio:.2f}")
    if arguments.json:
        Measured(machine=this_machine(device), command=this_command(), **found).write(arguments.json)
    return 0


def read_arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seams", type=int, default=0, metavar="SIDE")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def asked(arguments: argparse.Namespace, out: str) -> TranslationRequest:
    """The first images of the folder."""
    images = sorted(path for path in arguments.folder.iterdir() if path.is_file())[: arguments.images]
    inputs, run = tuple(map(os.fsencode, images)), str(arguments.run.resolve())
    return request_of(TranslateJob(run=run, inputs=inputs, out=os.fsencode(out), device=arguments.device))


# -------------------------------------------------------------------------------------------------------------- speed


def measure_speed(arguments: argparse.Namespace, device: torch.device) -> Speed:
    """Both ways in turn."""
    rates: dict[str, list[float]] = {}
    written: set[frozenset[tuple[str, bytes]]] = set()

    def timed(work: Callable[[TranslationRequest], float]) -> Callable[[], float]:
        def once() -> float:
            with tempfile.TemporaryDirectory() as folder:
                request = asked(arguments, folder)
                seconds = work(request)
                written.add(frozenset((path.name, path.read_bytes()) for path in Path(folder).iterdir()))
                return len(request.plan.items) / seconds

        return once

    kinds = {"beside": timed(beside), "in_turn": timed(lambda request: in_turn(request, device))}
    rates = interleaved(kinds, arguments.rounds)
    assert len(written) == 1, "both ways write the same"
    ratio = statistics.median(one / other for one, other in zip(rates["beside"], rates["in_turn"], strict=True))
    count = len(asked(arguments, "nowhere").plan.items)
    return Speed(images=count, beside=tuple(rates["beside"]), in_turn=tuple(rates["in_turn"]), ratio=ratio)


def beside(request: TranslationRequest) -> float:
    """Seconds, as `gan-tui translate` does it."""
    return translate(request, lambda said: None).seconds


def in_turn(request: TranslationRequest, device: torch.device) -> float:
    """Seconds without threads."""
    course = Course(request, passage_of(request, request.tiling), None)

    def work() -> None:
        for item in request.plan.items:
            prepared = course.prepare(item)
            assert isinstance(prepared, Prepared)
            [translated] = course.translate([prepared])
            course.write(item, prepared, translated)

    return duration(work, device).wall


def passage_of(request: TranslationRequest, tiling: Tiling) -> Passage:
    """The networks of a run."""
    config = request.saved.config
    method, device = take_up(request.saved, request.device)
    return Passage(
        method.translator(request.direction),
        config,
        device,
        tiling,
        ImageMemory(config, device),
        lambda text, topic: None,
    )


# -------------------------------------------------------------------------------------------------------------- seams


def seams(arguments: argparse.Namespace) -> list[Seam]:
    """For each overlap, over all images."""
    request, side = asked(arguments, "nowhere"), arguments.seams
    generator = request.saved.config.generator
    originals = [read_original(item.source).rgb for item in request.plan.items]
    if any(max(image.size) <= side for image in originals):
        sys.exit(f"--seams {side}: an image is no larger than that")
    whole = passage_of(request, Tiling(side=0, overlap=None))
    found = []
    for part in OVERLAPS:
        overlap = side // part if part else 0
        through = passage_of(request, Tiling(side=side, overlap=overlap))
        images = [framed(trimmed(image, side, overlap), generator).pixels for image in originals]
        pairs = [(through.take([image])[0].pixels, whole.take([image])[0].pixels) for image in images]
        found.append(compared(pairs, side, overlap))
    return found


def trimmed(image: Image.Image, side: int, overlap: int) -> Image.Image:
    """The most of an image in which pieces share no more than they are asked to; padding may undo that."""
    width, height = (side + (length - side) // (side - overlap) * (side - overlap) for length in image.size)
    return image.crop((0, 0, width, height))


def compared(pairs: list[tuple[Pixels, Pixels]], side: int, overlap: int) -> Seam:
    """How far translations in pieces are from whole ones."""
    apart, along, across, elsewhere, shared = [], [], [], [], []
    for cut, whole in pairs:
        for turned in (False, True):
            both = [np.swapaxes(each, 0, 1) if turned else each for each in (cut, whole)]
            one, other = (each.astype(np.float64) for each in both)
            pieces = list(itertools.pairwise(spans(one.shape[0], side, overlap)))
            lines = [(before.slice.stop + after.start) // 2 for before, after in pieces]
            shared += [before.slice.stop - after.start for before, after in pieces]
            difference = np.abs(one - other)
            steps = np.abs(np.diff(one, axis=0)) - np.abs(np.diff(other, axis=0))
            apart.append(difference.mean())
            along += [difference[line - 1 : line + 1] for line in lines]
            across += [steps[line - 1].mean() for line in lines]
            elsewhere.append(np.delete(steps, [line - 1 for line in lines], axis=0).mean())
    return Seam(
        overlap=overlap,
        shared=float(np.mean(shared)),
        mean=float(np.mean(apart)),
        borders_mean=float(np.mean([each.mean() for each in along])),
        borders_most=float(max(each.max() for each in along)),
        step=float(np.mean(across)),
        step_elsewhere=float(np.mean(elsewhere)),
    )


if __name__ == "__main__":
    sys.exit(main())
