"""How far a job has come, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from engine.protocol.jobs import Progress, Remark, Tell
from gan_tui.cli.output import say
from gan_tui.state.plain_text import printable

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal; what a part of the work ends with is always said."""


@contextmanager
def telling() -> Iterator[Tell]:
    """Tell what a job says for as long as it goes on; a bar leaves nothing behind."""
    if not sys.stderr.isatty():
        yield _in_lines()
        return
    from gan_tui.cli.passing_bar import passing_bar

    with passing_bar() as bar:
        task = bar.add_task("starting", total=None)

        def tell(said: Progress | Remark) -> None:
            match said:
                case Progress():
                    bar.update(task, description=printable(said.what), completed=said.done, total=said.total or None)
                case Remark():
                    bar.console.print(printable(said.text), markup=False, highlight=False)

        yield tell


def _in_lines() -> Tell:
    said_at = 0.0

    def tell(said: Progress | Remark) -> None:
        nonlocal said_at
        match said:
            case Remark():
                say(said.text)
            case Progress():
                now = time.monotonic()
                if said.done == said.total or now - said_at >= SECONDS_BETWEEN_LINES:
                    said_at = now
                    say(f"{said.what}: {said.done:,}" + (f" of {said.total:,}" if said.total else ""))

    return tell
