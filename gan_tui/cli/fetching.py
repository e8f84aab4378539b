"""Fetching sets in front of a user: a bar on a terminal, lines elsewhere, and what came of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from gan_tui.cli.output import say
from gan_tui.state.plain_text import printable
from gan_tui.state.wording import duration

if TYPE_CHECKING:
    from gan_tui.datasets.sets.fetch import Fetched
    from gan_tui.datasets.sets.known import KnownSet

Unit: TypeAlias = Literal["bytes", "images"]

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal."""


class FetchLines:
    """Progress as a line now and then, on stderr.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._what = ""
        self._unit: Unit = "bytes"
        self._total: int | None = None
        self._done = self._first = 0
        self._began = self._said = clock()

    def begin(self, what: str, total: int | None, done: int = 0, *, unit: Unit = "bytes") -> None:
        """See Progress."""
        self._what, self._unit, self._total = what, unit, total
        self._done = self._first = done
        self._began = self._said = self._clock()
        of = "" if total is None else f", {_amount(total, unit)}"
        say(f"{what}{of}" + (f", of which {_amount(done, unit)} are here" if done else ""))

    def advance(self, amount: int) -> None:
        """See Progress."""
        self._done += amount
        now = self._clock()
        if now - self._said < SECONDS_BETWEEN_LINES:
            return
        self._said = now
        pace = (self._done - self._first) / (now - self._began)
        line = f"{self._what}: {_amount(self._done, self._unit)}"
        if self._total:
            line += f" of {_amount(self._total, self._unit)}, {100 * self._done // self._total} %"
        line += f", {_amount(int(pace), self._unit)}/s"
        if self._total and pace > 0:
            line += f", {duration(max(0, self._total - self._done) / pace)} left"
        say(line)

    def say(self, text: str) -> None:
        """See Progress."""
        say(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left behind."""


class FetchBar:
    """Progress as a bar on stderr, which leaves nothing behind."""

    def __init__(self) -> None:
        from rich.progress import DownloadColumn, TransferSpeedColumn

        from gan_tui.cli.passing_bar import passing_bar

        self._bars = {"bytes": passing_bar(DownloadColumn(), TransferSpeedColumn()), "images": passing_bar()}
        self._bar = self._bars["bytes"]
        self._task = self._bar.add_task("", total=None)

    def begin(self, what: str, total: int | None, done: int = 0, *, unit: Unit = "bytes") -> None:
        """See Progress."""
        self._bar.remove_task(self._task)
        if self._bar is not self._bars[unit]:
            self._bar.stop()
            self._bar = self._bars[unit]
            self._bar.start()
        self._task = self._bar.add_task(printable(what), total=total, completed=done)

    def advance(self, amount: int) -> None:
        """See Progress."""
        self._bar.advance(self._task, amount)

    def say(self, text: str) -> None:
        """See Progress."""
        self._bar.console.print(printable(text), markup=False, highlight=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


def fetch_sets(sets: Sequence[KnownSet], root: Path, mirrors: Sequence[str]) -> list[Fetched]:
    """Fetch sets one after another, telling how far it is and what has come.

    Args:
        sets: which.
        root: the folder that their folders come to lie in.
        mirrors: addresses to try first, before those of the environment and of the user's file.

    Raises:
        RequestError: a mirror is no address, or a set is not to be had.
        WorkError: a set could not be fetched; what has come of it is kept for the next time.
    """
    from gan_tui.client.digit_conversion import convert_digits
    from gan_tui.client.preferences import VARIABLE, preferences_file, read_preferences
    from gan_tui.datasets.sets.fetch import fetch, require_fetchable
    from gan_tui.datasets.sets.mirrors import wished_mirrors

    said = read_preferences(preferences_file(os.environ), required=bool(os.environ.get(VARIABLE)))
    tried = wished_mirrors(mirrors, os.environ, said.data.mirrors)
    for each in sets:
        require_fetchable(each)
    came = []
    for each in sets:
        with FetchBar() if sys.stderr.isatty() else FetchLines() as progress:
            fetched = fetch(each, root, tried, progress, convert_digits)
        _tell(each, fetched)
        came.append(fetched)
    return came


def _tell(wanted: KnownSet, fetched: Fetched) -> None:
    if fetched.note is None:
        say(f"{wanted.name} is here already: {fetched.folder}")
        return
    for file in fetched.note.files:
        if not file.compared:
            say(f"{file.name}: no checksum is published. Its SHA-256, kept in the set's folder: {file.sha256}")
    if fetched.images != wanted.images and wanted.images:
        say(f"{wanted.name} has {_parts(fetched.images)}, where {_parts(wanted.images)} are known.")
    say(f"{wanted.name} is here: {fetched.folder}" + (f" ({_parts(fetched.images)})" if fetched.images else ""))


def _parts(images: dict[str, int]) -> str:
    return ", ".join(f"{part} {number:,}" for part, number in images.items()) or "no image"


def _amount(number: int, unit: Unit) -> str:
    from gan_tui.datasets.sets.space import in_words

    return in_words(number) if unit == "bytes" else f"{number:,} images"
