"""gan-tui delete: remove a run and all that it has, after a question."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gan_tui.cli.options import RunArgument, RunsFolder
from gan_tui.cli.output import put, say


def delete(
    run: RunArgument,
    runs_dir: RunsFolder = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed without a terminal.")] = False,
) -> None:
    """Delete a run: checkpoints, curves, samples, journal.

    It says first what hangs on the run, and how much room there is to gain, and asks. A run that is being trained, or
    that has a star, is not deleted. Branches have their own copies of what they grew from and stay whole.

    Examples:
        gan-tui delete quickstart-2
        gan-tui delete quickstart-2 --yes

    Exit status:
        0  deleted, or the question was answered with no
        1  something could not be deleted
        2  the request was wrong

    See also:
        gan-tui runs, gan-tui checkpoints
    """
    from engine.errors import RequestError
    from gan_tui.client.deletion import delete_run, look_at, require_deletable
    from gan_tui.client.locate import find_run, runs_folder

    found = find_run(run, runs_folder(runs_dir))
    require_deletable(found)
    if not yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise RequestError("delete", "asks before it deletes, and there is no terminal", "Say --yes.")
        for line in look_at(found).in_words():
            say(line)
        if not typer.confirm(f"Delete {found.name}?", default=False, err=True):
            say("Nothing deleted.")
            return
    delete_run(found)
    put(found.name)
