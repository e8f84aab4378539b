"""Streams of batches timed in turn: how fast they can be taken, and how long a loop with a step waits for them."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Sequence
from typing import Literal

import msgspec
import torch
from measure.report import Report

from engine.config.data import FolderData, PairedData
from engine.data.build import Source, build_source, with_cache
from engine.data.stream import Batch, BatchStream

Cache = Literal["off", "host", "device"]
EPOCHS = 3


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """How long a loop waits for batches."""

    share: float
    """Of its time, 0 to 1."""
    median_ms: float
    """Of a step."""


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of a case."""

    first_batch_s: float
    pairs_per_second: tuple[float, ...]
    at_first: Wait
    later: Wait


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one case, medians over the rounds."""

    cache: Cache
    workers: int
    batches: int
    """In an epoch."""
    cache_mib: float
    first_batch_s: float
    pairs_per_second: tuple[float, ...]
    """Over the first epoch, the second and the third."""
    times_off: tuple[float, ...]
    """The same as multiples of those of ``off`` with as many workers; empty where that is no case."""
    at_first: Wait
    """From the second batch of a stream on."""
    later: Wait
    """After three epochs."""


class Loading(Report, frozen=True, kw_only=True):
    """What --json writes."""

    resize: int
    crop: int
    batch: int
    step_ms: float
    """Of the loop that waits."""
    steps: int
    """Over which its waits are counted."""
    rounds: int
    rows: Sequence[Row]


class Bench:
    """Runs' streams over one folder.

    Args:
        config: the folder and how its images are framed.
        device: where batches are wanted.
        batch: pairs in a batch.
        step_ms: how long the loop's step takes when its waits are counted.
        steps: how many of them.
    """

    def __init__(self, config: FolderData, device: torch.device, *, batch: int, step_ms: float, steps: int) -> None:
        self._config = config
        self._device = device
        self._batch = batch
        self._step_s = step_ms / 1000
        self._steps = steps

    def source(self, cache: Cache) -> Source:
        """The images, kept as the case says."""
        config = msgspec.structs.replace(self._config, cache=cache)
        source = build_source(config, 0, aligned=isinstance(config, PairedData))
        return with_cache(source, config, self._device)[0]

    def batches_per_epoch(self, source: Source) -> int:
        """Batches in an epoch."""
        return source.batches_per_epoch(self._batch)

    def turn(self, cache: Cache, workers: int) -> Round:
        """All figures of a case, once."""
        source = self.source(cache)
        epoch = self.batches_per_epoch(source)
        begun = time.perf_counter()
        with self._stream(source, workers) as stream:
            self._bring(next(stream))
            self._settle()
            first_batch_s = time.perf_counter() - begun
            rates = [self._rate(stream, epoch) for _ in range(EPOCHS)]
            later = self._wait(stream)
        with self._stream(source, workers) as stream:
            self._bring(next(stream))
            at_first = self._wait(stream)
        return Round(first_batch_s=first_batch_s, pairs_per_second=tuple(rates), at_first=at_first, later=later)

    def _stream(self, source: Source, workers: int) -> BatchStream:
        return BatchStream(source, self._batch, 0, 0, workers=workers, pin=self._device.type == "cuda")

    def _rate(self, stream: BatchStream, batches: int) -> float:
        """Pairs a second over so many batches."""
        begun, pairs = time.perf_counter(), 0
        for batch in itertools.islice(stream, batches):
            pairs += len(batch)
            self._bring(batch)
        self._settle()
        return pairs / (time.perf_counter() - begun)

    def _wait(self, stream: BatchStream) -> Wait:
        """How long a loop waits whose step takes so long."""
        begun, waits = time.perf_counter(), []
        for _ in range(self._steps):
            asked = time.perf_counter()
            batch = next(stream)
            waits.append(time.perf_counter() - asked)
            self._bring(batch)
            time.sleep(self._step_s)
        taken = time.perf_counter() - begun
        return Wait(share=sum(waits) / taken, median_ms=1000 * statistics.median(waits))

    def _bring(self, batch: Batch) -> None:
        batch.on(self._device)

    def _settle(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


def measure(bench: Bench, workers: Sequence[int], caches: Sequence[Cache], rounds: int) -> list[Row]:
    """Every case, in turn, over and over."""
    turns: dict[tuple[int, Cache], list[Round]] = {case: [] for case in itertools.product(workers, caches)}
    for _ in range(rounds):
        for (number, cache), of_case in turns.items():
            of_case.append(bench.turn(cache, number))
    return [
        _row(bench, cache, number, of_case, turns.get((number, "off"), []))
        for (number, cache), of_case in turns.items()
    ]


def in_words(row: Row) -> str:
    """A row of the table."""
    rates = ", ".join(f"{rate:,.0f}" for rate in row.pairs_per_second)
    ratios = ", ".join(f"{ratio:.2f}" for ratio in row.times_off)
    at_first, later = (f"{wait.share:.1%}, {wait.median_ms:.2f} ms" for wait in (row.at_first, row.later))
    case = f"{row.cache} | {row.workers} | {row.cache_mib:,.0f} MiB"
    return f"| {case} | {row.first_batch_s:.2f} s | {rates} | {ratios} | {at_first} | {later} |"


def _row(bench: Bench, cache: Cache, workers: int, turns: Sequence[Round], off: Sequence[Round]) -> Row:
    source = bench.source(cache)
    ratios = [
        [kept / anew for kept, anew in zip(turn.pairs_per_second, other.pairs_per_second, strict=True)]
        for turn, other in zip(turns, off, strict=bool(off))
    ]
    return Row(
        cache=cache,
        workers=workers,
        batches=bench.batches_per_epoch(source),
        cache_mib=source.cache.nbytes / 2**20 if source.cache else 0.0,
        first_batch_s=statistics.median(turn.first_batch_s for turn in turns),
        pairs_per_second=_medians([turn.pairs_per_second for turn in turns]),
        times_off=_medians(ratios),
        at_first=_median_wait([turn.at_first for turn in turns]),
        later=_median_wait([turn.later for turn in turns]),
    )


def _medians(rows: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Column by column."""
    return tuple(statistics.median(column) for column in zip(*rows, strict=True))


def _median_wait(waits: Sequence[Wait]) -> Wait:
    share, median_ms = _medians([(wait.share, wait.median_ms) for wait in waits])
    return Wait(share=share, median_ms=median_ms)
