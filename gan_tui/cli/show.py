"""Showing a run: the dashboard on a terminal, text elsewhere, or nothing but its name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gan_tui.cli.output import put, say
from gan_tui.cli.surface import on_terminal, only_drawing_is_redirected

if TYPE_CHECKING:
    import subprocess

    from engine.protocol.access import Access
    from engine.protocol.rundir import RunDirectory
    from gan_tui.departures import Departure, Detached, Ended
    from gan_tui.state.appearance import Appearance


def require_terminal(command: str, fix: str) -> None:
    """Refuse to draw where there is nothing to draw on."""
    from engine.errors import RequestError

    if on_terminal():
        return
    if only_drawing_is_redirected():
        fact, fix = "draws on standard error, which is redirected", "Leave the redirection (2>) out."
        raise RequestError(command, fact, fix)
    raise RequestError(command, "needs a terminal", fix)


def require_one_way(*, headless: bool, detach: bool) -> None:
    """Refuse to show a new engine as text and not to show it."""
    from engine.errors import RequestError

    if headless and detach:
        fact = "cannot both be had: one shows the run as text until it ends, the other returns at once"
        raise RequestError("--headless and --detach", fact, "Leave one of the two out.")


def show_new_engine(
    run: RunDirectory, appearance: Appearance, *, headless: bool, detach: bool, gpus: int | None = None
) -> None:
    """Start a run's engine, perhaps on another number of GPUs than it is configured for, and show it as asked for."""
    from gan_tui.client.launch import start_engine

    engine = start_engine(run, gpus)
    if detach:
        _wait_until_taken_up(run, engine)
    elif headless or not on_terminal():
        _follow_as_text(run, engine)
    else:
        show_dashboard(run, appearance, readonly=False, engine=engine)


def _wait_until_taken_up(run: RunDirectory, engine: subprocess.Popen[bytes]) -> None:
    from gan_tui.client.headless import wait_until_taken_up
    from gan_tui.client.locate import called
    from gan_tui.state.journal import alert_text

    for warning in wait_until_taken_up(run, engine):
        say(alert_text(warning))
    put(run.name)
    say(f"{run.name} trains in the background. Watch it: gan-tui attach {called(run)}")


def _follow_as_text(run: RunDirectory, engine: subprocess.Popen[bytes]) -> None:
    from gan_tui.client.headless import follow
    from gan_tui.client.locate import called

    if sys.stdout.isatty():
        from gan_tui.cli.progress_bar import ProgressBar

        with ProgressBar() as bar:
            status = follow(run, engine, bar)
    else:
        from gan_tui.cli.plain_lines import PlainLines

        try:
            status = follow(run, engine, PlainLines())
        except BrokenPipeError:  # as `| head` ends it; the run is not concerned
            say(f"Nobody reads the lines any more. {run.name} goes on: gan-tui attach {called(run)}")
            raise
    raise typer.Exit(status)


def show_dashboard(
    run: RunDirectory,
    appearance: Appearance,
    *,
    readonly: bool,
    engine: subprocess.Popen[bytes] | None = None,
    behind: RunDirectory | None = None,
) -> None:
    """Open the dashboard on a run until the user leaves it, then say how the run goes on, or show all runs.

    The arguments are those of ``watch``.
    """
    run, left, to_runs = watch(run, appearance, readonly=readonly, engine=engine, behind=behind)
    if to_runs:
        from gan_tui.cli.browse import browse

        browse(run.root.parent, appearance, begin_at=run)
    else:
        say(in_words(run, left))


def watch(
    run: RunDirectory,
    appearance: Appearance,
    *,
    readonly: bool,
    engine: subprocess.Popen[bytes] | None = None,
    behind: RunDirectory | None = None,
) -> tuple[RunDirectory, Detached | Ended, bool]:
    """Open the dashboard on a run until the user leaves it.

    Returns the run, or the branch that it went on in; how it was left; and whether for the list of all runs.

    Args:
        run: that run.
        appearance: what the user wishes to see.
        readonly: whether to watch alone.
        engine: the run's, where it has just been started.
        behind: a run whose curves are drawn behind from the first.
    """
    from gan_tui.app import run_dashboard
    from gan_tui.client.follow import Follower
    from gan_tui.client.sender import this_viewer
    from gan_tui.departures import Browse, ResumeFrom
    from gan_tui.surroundings import Watched

    while True:
        feed = Follower(run, engine, viewer=None if readonly else this_viewer())
        departure = run_dashboard(Watched(feed=feed, run=run, readonly=readonly, behind=behind), appearance)
        match departure:
            case Browse(left=left):
                return run, left, True
            case ResumeFrom(step=step):
                from gan_tui.client.branch import (
                    ResumeRequest,
                )  # a tenth of a second that the first paint does not have
                from gan_tui.client.ending import let_leave
                from gan_tui.client.launch import start_engine
                from gan_tui.client.preflight import run_to_resume

                let_leave(run)
                run = run_to_resume(run, str(step), ResumeRequest())
                engine = start_engine(run)
            case _:
                return run, departure, False


def in_words(run: RunDirectory, left: Detached | Ended) -> str:
    """What is said of a run of this machine when its dashboard was left."""
    from gan_tui.client.locate import called
    from gan_tui.departures import Ended

    if isinstance(left, Ended):
        return _ended(run, left.status)
    return f"{_going_on(run.name, left.status)} Come back: gan-tui attach {called(run)}"


def show_distant_run(access: Access, appearance: Appearance, *, again: str, readonly: bool) -> None:
    """Open the dashboard on a run of another machine until the user leaves it, then say how it goes on, or show the
    runs of this one.

    The arguments are those of ``watch_distant_run``.
    """
    told, to_runs = watch_distant_run(access, appearance, again=again, readonly=readonly)
    say(told)
    if to_runs:
        from gan_tui.cli.browse import browse
        from gan_tui.client.locate import runs_folder

        browse(runs_folder(None), appearance)


def watch_distant_run(access: Access, appearance: Appearance, *, again: str, readonly: bool) -> tuple[str, bool]:
    """Open the dashboard on a run of another machine, by a mirror of its record, until the user leaves it.

    Returns what is to be said of the run, and whether the user left for the list of all runs.

    Args:
        access: how to reach it.
        appearance: what the user wishes to see.
        again: what to attach to in order to come back.
        readonly: whether to watch alone; where the key does not allow more, that is all there is.
    """
    from contextlib import closing

    from engine.protocol.rundir import RunDirectory
    from engine.sizes import size_text
    from gan_tui.app import run_dashboard
    from gan_tui.client.follow import Follower
    from gan_tui.client.remote import MirrorProcess
    from gan_tui.client.sender import this_viewer
    from gan_tui.departures import Browse
    from gan_tui.state.plain_text import printable
    from gan_tui.surroundings import Watched

    say(f"Reaching {printable(access.run)} at {access.address}")
    with closing(MirrorProcess(access)) as mirror:
        ready = mirror.until_ready(
            lambda word: say(f"Copying the record: {size_text(word.copied)} of {size_text(word.total)}")
        )
        run = RunDirectory(Path(ready.root))
        watches = readonly or ready.rights == "watch"
        feed = Follower(run, viewer=None if watches else this_viewer())
        watched = Watched(feed=feed, run=run, readonly=watches, host=ready.host)
        departure = run_dashboard(watched, appearance)
        over = mirror.why_over(again)
    where = f"{run.name} on {printable(ready.host)}"
    if over is not None:
        raise over
    told = left_there(departure, where, again=again, resume=f"gan-tui resume {run.name}")
    return told, isinstance(departure, Browse)


def left_there(departure: Departure, run: str, *, again: str, resume: str) -> str:
    """What is said of a run of another machine when its dashboard was left."""
    from gan_tui.departures import Browse, Detached, Ended

    match departure:
        case Browse(left=left):
            return left_there(left, run, again=again, resume=resume)
        case Detached(status=status):
            return f"{_going_on(run, status)} Come back: gan-tui attach {again}"
        case Ended(status="lost"):
            seen = f"{run} has lost its engine, as far as is seen from here; engine.log there may say why."
            return f"{seen} Look again: gan-tui attach {again}. Go on there: {resume}"
        case _:
            return f"{run} has ended, and is resumed there: {resume}"


def _going_on(run: str, status: str) -> str:
    match status:
        case "training":
            return f"{run} goes on training."
        case "paused":
            return f"{run} stays paused."
        case "stopping":
            return f"{run} is about to stop."
        case _:
            return f"{run} goes on by itself."


def _ended(run: RunDirectory, status: str) -> str:
    from engine.protocol.rundir import read_identity
    from gan_tui.client.locate import called

    match status:
        case "finished":
            return f"{run.name} has finished. Its record is in {run.root}"
        case "failed":
            return f"{run.name} failed: {read_identity(run).reason}"
        case "lost":
            return f"{run.name} lost its engine; {run.log} may say why. Go on: gan-tui resume {called(run)}"
        case _:
            return f"{run.name} is stopped. Go on: gan-tui resume {called(run)}"
