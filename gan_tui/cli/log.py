"""gan-tui log: what a run's engine wrote to engine.log."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_tui.cli.options import RunArgument, RunsFolder
from gan_tui.cli.output import put, say


def log(
    run: RunArgument,
    runs_dir: RunsFolder = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", metavar="N", min=0, help="So many of the newest lines; 0: all.")
    ] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on printing what is written, until the engine has ended.")
    ] = False,
) -> None:
    """Print what a run's engine has written to its log.

    The lines are made harmless to a terminal: control characters are replaced. The file itself is runs/NAME/engine.log.

    Examples:
        gan-tui log horse2zebra
        gan-tui log horse2zebra -f
        gan-tui log horse2zebra -n 0 | grep -i cuda

    Exit status:
        0  done
        1  the log cannot be read
        2  there is no such run

    See also:
        gan-tui attach (l shows the log), gan-tui verify
    """
    import contextlib
    import time

    from engine.errors import WorkError
    from engine.protocol.rundir import engine_is_alive
    from gan_tui.client.locate import find_run, runs_folder
    from gan_tui.client.log_tail import LOOK_SECONDS, LogTail

    found = find_run(run, runs_folder(runs_dir))
    tail = LogTail(found.log, kept=0)
    news = tail.look()
    if news is None or news.trouble:
        fact = f"cannot be read ({news.trouble if news else 'it is gone'})"
        raise WorkError(str(found.log), fact, "It is made when an engine takes the run up.")
    shown = news.lines[-lines:] if lines else news.lines
    if not news.lines:
        say(f"{found.log} is empty: the engine has had nothing to say.")
    shown, pending = _whole(shown, unfinished=news.unfinished)
    for line in shown:
        put(line)
    alive = follow
    with contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
        while alive:
            alive = engine_is_alive(found)  # asked first: what it wrote last is there when it is gone
            news = tail.look()
            if news is not None:
                shown, pending = _whole(news.lines, unfinished=news.unfinished)
                for line in shown:
                    put(line)
            if alive:
                time.sleep(LOOK_SECONDS)
    for line in pending:
        put(line)


def _whole(lines: tuple[str, ...], *, unfinished: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines that are whole, and the one that may still go on."""
    return (lines[:-1], lines[-1:]) if unfinished else (lines, ())
