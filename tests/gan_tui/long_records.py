"""Records that are long enough to be skimmed first, and what a history shows, for comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.record import LONG
from engine.protocol.rundir import RunDirectory
from gan_tui.state.history import History

SERIES = 100
"""Losses on a line: wide lines make a long record of few."""
BEGAN = 1_760_000_000.0


def wide_line(seq: int, step: int) -> ev.Metrics:
    """A line of metrics of a width that few runs have."""
    return ev.Metrics(
        seq=seq, step=step, time=BEGAN + seq, epoch=step // 1000 + 1, images=step,
        losses={f"loss_{number}": (seq * 7 + number * 13) % 1009 / 1009 for number in range(SERIES)},
        lr={"G": 2e-4}, weights={"cycle": 10.0}, throughput=60.0, data_wait=0.01,
    )  # fmt: skip


def long_course(first_seq: int = 1) -> Iterator[ev.Event]:
    """More than LONG bytes of metrics, with notes and nudges on the way, and two resumes that void some of them."""
    seq, step, size = first_seq, 0, 0
    voided = {LONG // 4: 900, LONG // 2: 1500}
    while size <= LONG + (1 << 20):
        step += 1
        line = wide_line(seq, step)
        size += len(encode(line)) + 1
        yield line
        seq += 1
        if step % 97 == 0:
            change = ev.Change(name="loss.cycle", old=1.0, new=2.0)
            yield ev.Nudged(seq=seq, step=step, time=BEGAN + seq, changes=(change,), by="me")
            seq += 1
        for place in [place for place in voided if size > place]:
            back = voided.pop(place)
            yield ev.Resumed(seq=seq, step=step - back, time=BEGAN + seq, from_step=step - back, checkpoint="c")
            seq += 1
            step -= back


def write_record(run: RunDirectory, events: Iterator[ev.Event]) -> int:
    """Put events on file; returns the last one's number."""
    seq = 0
    with run.metrics.open("ab") as metrics, run.events.open("ab") as journal:
        for event in events:
            (metrics if isinstance(event, ev.Metrics) else journal).write(encode(event) + b"\n")
            seq = event.seq
    return seq


def shown_by(history: History) -> dict[str, Any]:
    """All that a history shows: its series, and each of them on both axes, at several resolutions."""
    keys = history.series()
    shown: dict[str, Any] = {"series": keys, "coarse": history.coarse}
    for axis in ("step", "time"):
        extent = history.extent(axis)  # type: ignore[arg-type]
        shown[f"{axis} extent"] = extent
        if extent is not None:
            for columns in (1, 13, 400):
                shown[f"{axis} {columns}"] = history.decimate(keys, *extent, columns, axis)  # type: ignore[arg-type]
    return shown
