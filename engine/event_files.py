"""TensorBoard's event files beside the record: written on a thread of their own, for which no step waits.

They are for other people's tools. Nothing here is read again: the record has everything, and what is lost of these
files is lost of them alone.
"""

from __future__ import annotations

import logging
import queue
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from engine.protocol import events as ev
from engine.protocol.rundir import RunDirectory

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import SummaryWriter

log = logging.getLogger(__name__)

WAITING_LIMIT = 10_000
"""Events that may wait for the thread, a few MB; those beyond are left out of the files."""
CLOSE_SECONDS = 20.0
"""What the thread is given to write what waits when the run ends."""


class EventFiles:
    """Takes every event that is recorded, and writes what TensorBoard can show of it to ``tensorboard/``.

    Args:
        run: whose record it is.
    """

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self._waiting: queue.Queue[ev.Event | None] = queue.Queue(WAITING_LIMIT)
        self._left_out = 0
        self._writer: SummaryWriter | None = None
        self.trouble = ""
        """Why nothing more is written, as a clause; empty while all is well."""
        self._thread = threading.Thread(target=self._work, name="tensorboard", daemon=True)
        self._thread.start()

    def take(self, event: ev.Event) -> None:
        """Have an event written by and by; never waits."""
        if self.trouble or isinstance(event, ev.Phase | ev.Checkpointed | ev.Staged):
            return
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._left_out += 1

    def close(self) -> None:
        """Write what waits, for a while at most."""
        if not self.trouble:  # or nobody takes what waits any more
            try:
                self._waiting.put(None, timeout=CLOSE_SECONDS)
            except queue.Full:
                log.error("the disk of %s is too slow: its end is left out", self._run.tensorboard)
            self._thread.join(CLOSE_SECONDS)
        if self._left_out:
            log.error("%d events were left out of %s, as too many waited", self._left_out, self._run.tensorboard)

    # ------------------------------------------------------------------------------------------ in the thread

    def _work(self) -> None:
        try:
            while (event := self._waiting.get()) is not None:
                self._write(event)
                if self._writer is not None and self._waiting.empty():
                    self._writer.flush()
            if self._writer is not None:
                self._writer.close()
        except Exception as error:  # a library and a disk: whatever fails there is no reason to end a run
            log.exception("TensorBoard's event files are written no more")
            self.trouble = f"are written no more ({error})"

    def _write(self, event: ev.Event) -> None:
        match event:
            case ev.Metrics():
                self._write_line(event)
            case ev.Sampled():
                self._write_sheet(event)
            case ev.Resumed():
                self._begin_file(event.from_step + 1)
            case ev.Nudged():
                moves = ", ".join(f"{change.name} {change.old:g} → {change.new:g}" for change in event.changes)
                self._write_text("nudges", event, f"{moves} ({event.by}){_why(event.why)}")
            case ev.Alert():
                self._write_text("alerts", event, _told(event))
            case ev.Recovered():
                self._write_text("alerts", event, f"{event.sentinel} is over: {event.subject}")
            case ev.Note():
                self._write_text("notes", event, f"{event.text} ({event.by})")
            case _:
                pass

    def _begin_file(self, purged_from: int | None = None) -> SummaryWriter:
        """Another file, which tells readers to forget what older ones have of some step on: it is void."""
        from torch.utils.tensorboard.writer import SummaryWriter

        if self._writer is not None:
            self._writer.close()
        first = not self._run.tensorboard.exists()
        self._writer = SummaryWriter(str(self._run.tensorboard), purge_step=purged_from, max_queue=1000)
        if first:
            self._writer.add_text("preset", _as_code(_text_of(self._run.config)), 0)
        return self._writer

    def _write_line(self, line: ev.Metrics) -> None:
        writer = self._writer or self._begin_file()
        values: dict[str, float | None] = {
            **{f"losses/{name}": value for name, value in line.losses.items()},
            **{f"lr/{name}": value for name, value in line.lr.items()},
            **{f"weights/{name}": value for name, value in line.weights.items()},
            **{f"health/{name}": value for name, value in line.health.items()},
            **{f"figures/{name}": value for name, value in line.figures.items()},
            "pace/throughput": line.throughput,
            "pace/data_wait": line.data_wait,
            "pace/epoch": line.epoch,
        }
        for tag, value in values.items():
            number = float("nan") if value is None else value
            writer.add_scalar(tag, number, line.step, line.time)

    def _write_sheet(self, sheet: ev.Sampled) -> None:
        import numpy as np
        from PIL import Image

        writer = self._writer or self._begin_file()
        try:
            with Image.open(self._run.root / sheet.path) as opened:
                pixels = np.asarray(opened.convert("RGB"))
        except OSError as error:  # a user may have taken it away
            log.warning("no picture of step %d for TensorBoard: %s", sheet.step, error)
            return
        writer.add_image("samples", pixels, sheet.step, sheet.time, dataformats="HWC")

    def _write_text(self, tag: str, event: ev.Recorded, text: str) -> None:
        writer = self._writer or self._begin_file()
        writer.add_text(tag, _as_code(text), event.step, event.time)


def _told(alert: ev.Alert) -> str:
    """An alert's words, and what a sentinel suggests."""
    suggestion = ", ".join(f"{name} {value:g}" for name, value in alert.suggestion.items())
    parts = (f"{alert.subject}: {alert.fact}", alert.cause, alert.fix, suggestion and f"Suggested: {suggestion}")
    return ". ".join(part.rstrip(".") for part in parts if part)


def _why(why: str) -> str:
    return f": {why}" if why else ""


def _as_code(text: str) -> str:
    """Text that TensorBoard does not take for Markdown: it indents what is code."""
    return "\n".join(f"    {line}" for line in text.splitlines())


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
