"""Translating images: threads read them, and write what becomes of them, beside the network."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from engine.config.data import Direction, PairedData
from engine.config.geometry import only_side
from engine.config.image_files import path_text
from engine.loaded_method import take_up
from engine.protocol.jobs import Progress, Remark, Tell
from engine.protocol.translation import Failed, Translation, Written
from engine.translation.backlog import THREADS, Backlog
from engine.translation.course import Course, Prepared
from engine.translation.image_memory import ImageMemory
from engine.translation.originals import Original, loses_transparency
from engine.translation.passage import Passage, Say
from engine.translation.plan import Item
from engine.translation.request import TranslationRequest

_Ready: TypeAlias = tuple[Item, Prepared | Failed]


def translate(request: TranslationRequest, tell: Tell) -> Translation:
    """Translate images, in full float32 precision.

    Args:
        request: which, and how.
        tell: is told how far the work has come.

    Raises:
        RequestError: the device is not there; or the run's method does not translate yet.
        WorkError: the checkpoint is damaged, a translation cannot be written, or memory does not suffice for one.
    """
    saved, items = request.saved, request.plan.items
    torch.backends.cudnn.deterministic = True  # else a GPU's answer may differ from call to call
    method, device = take_up(saved, request.device, weights=request.weights)
    say = _once(tell)
    _introduce(request, say)

    room = ImageMemory(saved.config, device)

    def passage(direction: Direction) -> Passage:
        return Passage(method.translator(direction), saved.config, device, request.tiling, room, say)

    other: Direction = "BtoA" if request.direction == "AtoB" else "AtoB"
    returns = saved.config.both_ways and any(item.sheet for item in items)
    course = Course(request, passage(request.direction), passage(other) if returns else None)
    tally = _Tally(len(items), tell)
    _take_all(course, items, tally, say)
    return Translation(
        run=str(saved.run.root),
        method=str(saved.config.method.__struct_config__.tag),
        step=saved.manifest.step,
        checkpoint=str(saved.folder),
        direction=request.direction,
        weights=request.weights,
        device=str(device),
        written=tuple(tally.written),
        failed=tuple(tally.failed),
        skipped=tuple(map(path_text, request.plan.skipped)),
        seconds=tally.seconds,
    )


def _take_all(course: Course, items: Sequence[Item], tally: _Tally, say: Say) -> None:
    """Let every image go its way; results are taken in the images' order."""
    with _threads(tally) as (pool, outcomes):
        for some in _batches(_read_ahead(course, items, pool), course.request.batch):
            ready = [(item, prepared) for item, prepared in some if isinstance(prepared, Prepared)]
            translated = course.translate([prepared for _, prepared in ready]) if ready else []
            for _, failed in some:
                if isinstance(failed, Failed):
                    outcomes.add(0, _done(failed))
            for (item, prepared), made in zip(ready, translated, strict=True):
                _remark_on(item, prepared.original, course.request, say)
                for outcome in outcomes.overdue(prepared.pixels):
                    tally.add(outcome)
                outcomes.add(prepared.pixels, pool.submit(course.write, item, prepared, made))
            for outcome in outcomes.arrived():
                tally.add(outcome)
        for outcome in outcomes.rest():
            tally.add(outcome)


@contextmanager
def _threads(tally: _Tally) -> Iterator[tuple[ThreadPoolExecutor, Backlog[Written | Failed]]]:
    """Threads, and what they are to give. Where the work ends early, no more is begun, and what was written counts."""
    outcomes: Backlog[Written | Failed] = Backlog()
    pool = ThreadPoolExecutor(THREADS)
    try:
        yield pool, outcomes
    except BaseException:
        pool.shutdown(cancel_futures=True)
        for outcome in outcomes.achieved():
            tally.add(outcome)
        tally.tell(Remark(text=f"Ended early: {len(tally.written):,} of {tally.total:,} images are translated."))
        raise
    pool.shutdown()


def _read_ahead(course: Course, items: Iterable[Item], pool: ThreadPoolExecutor) -> Iterator[_Ready]:
    """Every image, prepared by threads some time before it is taken."""
    waiting: Backlog[_Ready] = Backlog()
    for item in items:
        pixels = course.pixels(item)
        yield from waiting.overdue(pixels)
        waiting.add(pixels, pool.submit(_prepared, course, item))
    yield from waiting.rest()


def _prepared(course: Course, item: Item) -> _Ready:
    return item, course.prepare(item)


def _batches(ready: Iterable[_Ready], most: int) -> Iterator[list[_Ready]]:
    """Neighbours that go through the networks together: those of one shape. One that failed is by itself."""
    some: list[_Ready] = []
    for item, prepared in ready:
        if some and (len(some) == most or _shape(some[0][1]) != _shape(prepared)):
            yield some
            some = []
        some.append((item, prepared))
    if some:
        yield some


def _shape(prepared: Prepared | Failed) -> tuple[int, ...]:
    return prepared.framed.pixels.shape if isinstance(prepared, Prepared) else ()


def _done(failed: Failed) -> Future[Written | Failed]:
    outcome: Future[Written | Failed] = Future()
    outcome.set_result(failed)
    return outcome


# ------------------------------------------------------------------------------------------------ what the user is told


def _once(tell: Tell) -> Say:
    told: set[str] = set()

    def say(text: str, topic: str = "") -> None:
        if (topic or text) not in told:
            told.add(topic or text)
            tell(Remark(text=text))

    return say


def _introduce(request: TranslationRequest, say: Say) -> None:
    config = request.saved.config
    if config.data.direction == "BtoA":
        say("The run's A is its data's B, and its B their A (data.direction = \"BtoA\").")
    if side := only_side(config.generator):
        back = ", and its translation back" if request.restore else ""
        say(f"The run's networks take {side}x{side} px alone: every image is scaled to that{back}.")


def _remark_on(item: Item, original: Original, request: TranslationRequest, say: Say) -> None:
    """What should be known of an image; of the first that it is true of."""
    name = path_text(item.source)
    if loses_transparency(original, item.output):
        say(f"{name}: its transparency is lost, as {item.output.suffix[1:]} has none.", "transparency")
    width, height = original.rgb.size
    if request.half is None and width == 2 * height and isinstance(request.saved.config.data, PairedData):
        say(f"{name}: looks like a pair side by side: --pairs translates the half that is meant.", "pair")
    if request.half is not None and height >= 2 * width:
        whole = f"{2 * width}x{height} px"
        say(f"{name}: its halves are twice as tall as wide ({whole} in all): is it a pair? Else leave --pairs.", "pair")


@dataclass
class _Tally:
    """What has become of the images so far, in their order."""

    total: int
    tell: Tell
    written: list[Written] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, outcome: Written | Failed) -> None:
        """Take in what became of an image."""
        if isinstance(outcome, Failed):
            self.failed.append(outcome)
            self.tell(Remark(text=f"{outcome.input}: {outcome.reason}"))
        else:
            self.written.append(outcome)
        done = len(self.written) + len(self.failed)
        rate = len(self.written) / max(self.seconds, 1e-9)
        self.tell(Progress(what=f"translating, {rate:.3g} images/s", done=done, total=self.total))

    @property
    def seconds(self) -> float:
        """Since the work began."""
        return time.monotonic() - self.began
