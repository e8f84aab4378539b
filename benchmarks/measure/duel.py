"""A method against its plain implementation: both built alike, run in turn, and what came of it."""

from __future__ import annotations

import itertools
import math
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec
import torch
from plain.build import build_plain, take_weights
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from engine.batch import ImageBatch
from engine.config.geometry import check_geometry
from engine.config.methods import TrainConfig
from engine.device import set_determinism, set_precision
from engine.methods.arrangement import arrange
from engine.methods.build import build_method
from engine.methods.precision import Precision
from engine.sentinels.names import ON_FAKE, ON_REAL
from engine.train.capture import build_step

from .memory import peak_growth
from .timing import Duration, duration, interleaved

OURS, PLAIN = "ours", "plain"
WARM_UP = {"cpu": 2, "cuda": 12}
"""Steps before any is timed: on a GPU, until algorithms are chosen and steps captured."""
BATCHES = 4
"""That are shown in rotation."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one combination; "plain" are the plain implementation's."""

    method: str
    size: int
    """Side of the images in pixels."""
    batch: int
    precision: Precision
    settings: tuple[str, ...]
    """Beyond the preset's defaults."""
    rounds: int
    steps: int
    """In a turn."""
    seconds: float
    """A step's, the median over the rounds."""
    seconds_plain: float
    ratio: float
    """seconds_plain / seconds: above 1 ours is faster."""
    ratio_least: float
    """Of the rounds' own ratios."""
    ratio_most: float
    processor_seconds: float
    """Of the host's processors, all threads together, in a step."""
    processor_seconds_plain: float
    images_per_second: float
    """Of each domain."""
    images_per_second_plain: float
    flop: int
    """Of a step."""
    flop_per_second: float
    peak_flop_per_second: float
    share_of_peak: float
    memory: int | None
    """Bytes."""
    memory_plain: int | None
    losses_differ: float
    """By how much at most at the first step, relative to the plain ones."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """One of the two, at work."""

    step: Callable[[ImageBatch], dict[str, Tensor]]
    settle: Callable[[], None]
    """Puts the process-wide settings of PyTorch to what it computes with."""
    batches: Iterator[ImageBatch]
    """What it is shown."""
    device: torch.device

    def run(self, steps: int) -> None:
        """So many steps."""
        self.settle()
        for _ in range(steps):
            self.step(next(self.batches))

    def first(self) -> dict[str, float]:
        """The losses of one step, with what is random in it drawn from a fixed seed."""
        self.settle()
        torch.manual_seed(0)
        made = self.step(next(self.batches))
        return {name: float(loss) for name, loss in made.items() if not name.endswith((ON_REAL, ON_FAKE))}

    def turn(self, steps: int) -> Duration:
        """So many steps; of each, how long it took."""
        taken = duration(partial(self.run, steps), self.device)
        return Duration(taken.wall / steps, taken.processor / steps)


def ours(config: TrainConfig, device: torch.device, batches: Sequence[ImageBatch]) -> Contender:
    """The engine's method, with the settings that an engine would make."""

    def settle() -> None:
        set_precision(config.run, device)
        set_determinism(config.run)

    method = build_method(config, device)
    arrange(method, config, device, partial(_say_on_stderr, "run.compile"))
    step = build_step(method, config, device, partial(_say_on_stderr, "not recorded"))
    return Contender(step=step, settle=settle, batches=itertools.cycle(batches), device=device)


def _say_on_stderr(what: str, reason: str) -> None:
    print(f"{what}: {reason}", file=sys.stderr, flush=True)


def plain(config: TrainConfig, device: torch.device, batches: Sequence[ImageBatch]) -> Contender:
    """The plain implementation, with the method's first weights, which follow from the seed."""

    def settle() -> None:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.benchmark = True  # as the CycleGAN of its authors
        tf32 = config.run.precision != "fp32"
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32

    trainer = build_plain(config, device)
    take_weights(trainer, build_method(config, device).networks)
    return Contender(step=trainer.step, settle=settle, batches=itertools.cycle(batches), device=device)


CONTENDERS = {OURS: ours, PLAIN: plain}


@dataclass(frozen=True, kw_only=True)
class Duel:
    """How long the two are compared, and what with."""

    rounds: int
    turn: float
    """Seconds that a turn of the plain steps takes at least."""
    peak: float
    """Floating-point operations a second that the machine can do."""


def measure(config: TrainConfig, settings: tuple[str, ...], device: torch.device, duel: Duel) -> Row:
    """The figures of one combination.

    Raises:
        RequestError: networks do not take such images, or the device lacks the precision.
        torch.OutOfMemoryError: the device's memory is too small.
    """
    check_geometry(config)
    batches = random_batches(config, device)
    flop, cycle = count_flop(config)
    warm_up = _whole_cycles(WARM_UP[device.type], cycle)
    contenders: dict[str, Contender] = {}
    first: dict[str, dict[str, float]] = {}
    memory: dict[str, int | None] = {}

    def begin(name: str) -> None:
        contenders[name] = CONTENDERS[name](config, device, batches)
        first[name] = contenders[name].first()
        contenders[name].run(warm_up - 1)

    for name in CONTENDERS:
        memory[name] = peak_growth(partial(begin, name), device)
    steps = _whole_cycles(duel.turn / contenders[PLAIN].turn(cycle).wall, cycle)
    turns = {name: partial(contender.turn, steps) for name, contender in contenders.items()}
    taken = interleaved(turns, duel.rounds)

    median = {name: statistics.median(turn.wall for turn in figures) for name, figures in taken.items()}
    processor = {name: statistics.median(turn.processor for turn in figures) for name, figures in taken.items()}
    ratios = [theirs.wall / mine.wall for mine, theirs in zip(taken[OURS], taken[PLAIN], strict=True)]
    return Row(
        method=str(config.method.__struct_config__.tag),
        size=config.data.crop,
        batch=config.run.batch,
        precision=config.run.precision,
        settings=settings,
        rounds=duel.rounds,
        steps=steps,
        seconds=median[OURS],
        seconds_plain=median[PLAIN],
        ratio=median[PLAIN] / median[OURS],
        ratio_least=min(ratios),
        ratio_most=max(ratios),
        processor_seconds=processor[OURS],
        processor_seconds_plain=processor[PLAIN],
        images_per_second=config.run.batch / median[OURS],
        images_per_second_plain=config.run.batch / median[PLAIN],
        flop=flop,
        flop_per_second=flop / median[OURS],
        peak_flop_per_second=duel.peak,
        share_of_peak=flop / median[OURS] / duel.peak,
        memory=memory[OURS],
        memory_plain=memory[PLAIN],
        losses_differ=_furthest(first[OURS], first[PLAIN]),
    )


def random_batches(config: TrainConfig, device: torch.device) -> list[ImageBatch]:
    """Random images on the device, the same for the same preset."""
    generator = torch.Generator().manual_seed(0)
    shape = (config.run.batch, 3, config.data.crop, config.data.crop)

    def images() -> Tensor:
        return torch.rand(shape, generator=generator).mul_(2).sub_(1).to(device)

    return [ImageBatch(real_A=images(), real_B=images()) for _ in range(BATCHES)]


def count_flop(config: TrainConfig) -> tuple[int, int]:
    """The plain step's floating-point operations, a mean over a cycle of steps, and the steps of a cycle.

    Counted from the shapes alone, on PyTorch's device without memory.
    """
    nowhere = torch.device("meta")
    trainer = build_plain(config, nowhere)
    images = torch.empty(config.run.batch, 3, config.data.crop, config.data.crop, device=nowhere)
    with FlopCounterMode(display=False) as counter:
        for _ in range(trainer.cycle):
            trainer.step(ImageBatch(real_A=images, real_B=images))
    return counter.get_total_flops() // trainer.cycle, trainer.cycle


def _whole_cycles(steps: float, cycle: int) -> int:
    """At least so many steps, in whole cycles."""
    return cycle * max(1, math.ceil(steps / cycle))


def _furthest(losses: Mapping[str, float], reference: Mapping[str, float]) -> float:
    """The largest difference between losses of the same names, relative to the reference's."""
    if losses.keys() != reference.keys():
        raise ValueError(f"other losses than {', '.join(reference)}: {', '.join(losses)}")
    return max(abs(losses[name] - value) / max(abs(value), 1e-6) for name, value in reference.items())
