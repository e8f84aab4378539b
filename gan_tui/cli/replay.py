"""gan-tui replay: train a run again with its nudges at the same steps, and compare the numbers."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gan_tui.cli import completion
from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import put, put_json, say

if TYPE_CHECKING:
    import subprocess

    from engine.protocol.rundir import RunDirectory
    from gan_tui.client.agreement import Agreement


def replay(
    run: RunArgument,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The replay's name [default: RUN-replay].", show_default=False)
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            metavar="STEP", help="Repeat only up to this step [default: the newest of the metrics].", show_default=False
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(metavar="REL", help="Relative difference of losses and learning rates that passes for equal."),
    ] = 0.0,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="RUN2",
            help="Train nothing: compare RUN with this run of before.",
            show_default=False,
            autocompletion=completion.runs,
        ),
    ] = None,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Train a run again with its nudges, and compare the numbers.

    A new run is made from the same beginning, and every change of a control is made again at the step where it took
    effect. Progress goes to stderr, the verdict to stdout. Losses, learning rates, weights, epochs and images are
    compared. Pauses, notes, and samples and checkpoints that were asked for have no part in the numbers and are not
    repeated.

    On a CPU with the same number of threads (by default the original's) the numbers are the same to the last digit; a
    GPU may need --tolerance.

    Examples:
        gan-tui replay quickstart
        gan-tui replay quickstart --steps 500
        gan-tui replay quickstart --tolerance 1e-4
        gan-tui replay quickstart --against quickstart-replay

    Exit status:
        0  every line of metrics is equal
        1  some differ, or the replay did not come that far
        2  the request was wrong

    Environment:
        OMP_NUM_THREADS  CPU threads, where they are not to be the original's

    See also:
        gan-tui compare, gan-tui resume
    """
    from engine.errors import RequestError
    from gan_tui.client.agreement import compare
    from gan_tui.client.locate import find_run, runs_folder
    from gan_tui.client.replay import make_replay, step_to_compare

    if not 0 <= tolerance < 1:
        fix = "Give a number from 0 to below 1."
        raise RequestError(f"--tolerance {tolerance:g}", "is no relative difference", fix)
    folder = runs_folder(runs_dir)
    original = find_run(run, folder)
    if against is None:
        home = original.root.parent if runs_dir is None else folder
        repeated = make_replay(original, home, name=name, steps=steps)
    elif name is None:
        repeated = find_run(against, folder)
    else:
        raise RequestError("--name", "is for a new run, and --against makes none", "Leave one of the two out.")
    last_step = step_to_compare(original, repeated, steps)
    if against is None:
        _train(original, repeated, last_step)
    outcome = compare(original, repeated, last_step=last_step, tolerance=tolerance)
    if as_json:
        put_json(outcome)
    else:
        _tell(outcome)
    raise typer.Exit(0 if outcome.agrees else 1)


# ------------------------------------------------------------------------------------------------------- training


def _train(original: RunDirectory, repeated: RunDirectory, last_step: int) -> None:
    """Let an engine repeat the course."""
    from engine.errors import GanTuiError, WorkError
    from gan_tui.client.launch import start_engine
    from gan_tui.client.replay import has_repeated

    say(f"{repeated.name} repeats {original.name} up to step {last_step:,}.")
    try:
        _follow(repeated, start_engine(repeated))
    except GanTuiError as error:
        if not has_repeated(repeated, last_step):
            raise
        say(error.one_line())  # all was repeated; its last state, say, is not finite and was not saved
    if not has_repeated(repeated, last_step):
        fix = f"Go on: gan-tui resume {repeated.name}, then: gan-tui replay {original.name} --against {repeated.name}"
        raise WorkError(f"run {repeated.name}", "has not repeated everything yet, so nothing is compared", fix)


def _follow(run: RunDirectory, engine: subprocess.Popen[bytes]) -> None:
    """Show a run's progress on stderr: stdout is for the verdict."""
    from gan_tui.client.headless import follow

    with contextlib.redirect_stdout(sys.stderr):
        if sys.stderr.isatty():
            from gan_tui.cli.progress_bar import ProgressBar

            with ProgressBar() as bar:
                follow(run, engine, bar)
        else:
            from gan_tui.cli.plain_lines import PlainLines

            follow(run, engine, PlainLines())


# -------------------------------------------------------------------------------------------------------- verdict


def _tell(outcome: Agreement) -> None:
    """The verdict in a line; below it, of what differs, how much, and what the cause may be."""
    put(verdict(outcome))
    rows = [(name, "not finite" if size is None else f"{size:.2g}") for name, size in outcome.largest.items()]
    if rows:
        _put_table(("number", "largest relative difference"), rows)
    if not outcome.agrees and outcome.circumstances:
        told = [(item.name, item.original, item.replay) for item in outcome.circumstances]
        _put_table(("what else differs", outcome.original, outcome.replay), told)


def verdict(outcome: Agreement) -> str:
    """What came out, in one line."""
    where = f"of metrics up to step {outcome.last_step:,}"
    if outcome.agrees:
        how = f"equal within {outcome.tolerance:g}" if outcome.largest else "equal"
        return f"{outcome.replay} repeats {outcome.original}: all {_lines(outcome.compared)} {where} are {how}."
    clauses = [f"{outcome.equal:,} of {_lines(outcome.compared)} {where} are equal"]
    if outcome.first is not None:
        change = f"{_number(outcome.first.original)} -> {_number(outcome.first.replay)}"
        clauses.append(f"first at step {outcome.first.step:,}: {outcome.first.name} {change}")
    for count, who in ((outcome.missing, outcome.original), (outcome.surplus, outcome.replay)):
        if count:
            clauses.append(f"{_lines(count)} only in {who}")
    if outcome.first_missing is not None:
        clauses.append(f"the first of them at step {outcome.first_missing:,}")
    return f"{outcome.replay} differs from {outcome.original}: {'; '.join(clauses)}."


def _lines(count: int) -> str:
    return f"{count:,} line{'' if count == 1 else 's'}"


def _number(value: float | None) -> str:
    return "not finite" if value is None else repr(value)


def _put_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Columns for people, set in by two blanks."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        put("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
