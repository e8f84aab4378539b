"""How far work has come, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.protocol.jobs import Progress, Remark, Tell
from gan_tui.cli.output import say
from gan_tui.state.plain_text import printable
from gan_tui.state.wording import duration

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal; what a part of the work ends with is always said."""


@contextmanager
def telling(*, lines: bool = True) -> Iterator[Tell]:
    """Tell how far work has come for as long as it goes on; a bar leaves nothing behind.

    Args:
        lines: without a terminal, tell progress in lines; else only remarks.
    """
    if not sys.stderr.isatty():
        yield Lines().tell if lines else _remarks_alone
        return
    from gan_tui.cli.passing_bar import passing_bar

    with passing_bar() as bar:
        task = bar.add_task("starting", total=None, unit="")
        shown: Progress | None = None

        def tell(said: Progress | Remark) -> None:
            nonlocal shown
            match said:
                case Progress():
                    if shown is None or _begins(said, shown):
                        bar.reset(task)  # a pace is that of one part of the work
                    shown, total = said, said.total or None
                    bar.update(task, description=printable(said.what), completed=said.done, total=total, unit=said.unit)
                case Remark():
                    bar.console.print(printable(said.text), markup=False, highlight=False)

        yield tell


class Lines:
    """A line now and then, with pace and time left once there are any.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said_at: float | None = None
        self._last: Progress | None = None
        self._first, self._began = 0, clock()

    def tell(self, said: Progress | Remark) -> None:
        """See engine.protocol.jobs.Tell."""
        if isinstance(said, Remark):
            say(said.text)
            return
        now = self._clock()
        if self._last is None or _begins(said, self._last):
            self._first, self._began = said.done, now
        self._last = said
        if said.done == said.total or self._said_at is None or now - self._said_at >= SECONDS_BETWEEN_LINES:
            self._said_at = now
            say(self._line(said, now - self._began))

    def _line(self, said: Progress, seconds: float) -> str:
        words = [f"{said.what}: {_amount(said.done, said)}" if said.done or said.total else said.what]
        if said.total:
            words[0] += f" of {_amount(said.total, said)}"
        if seconds >= SECONDS_BETWEEN_LINES and self._first < said.done < (said.total or said.done + 1):
            pace = (said.done - self._first) / seconds
            words += [f"{_amount(int(pace), said)}/s"] if said.unit == "bytes" else []
            words += [f"{duration((said.total - said.done) / pace)} left"] if said.total else []
        return ", ".join(words)


def _begins(said: Progress, last: Progress) -> bool:
    """Whether another part of the work begins: names of parts may tell what changes within one."""
    return (said.total, said.unit) != (last.total, last.unit) or said.done < last.done


def _remarks_alone(said: Progress | Remark) -> None:
    if isinstance(said, Remark):
        say(said.text)


def _amount(number: int, said: Progress) -> str:
    from engine.sizes import size_text

    return size_text(number) if said.unit == "bytes" else f"{number:,}"
