"""gan-tui eval: how often a classifier of the target domain names a translated digit rightly."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from gan_tui.cli import completion
from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.evaluation import Evaluation


class Row(NamedTuple):
    """One line of the table: a digit, or all of them."""

    digit: str
    images: int
    translated: int
    untranslated: int


def evaluate(
    run: RunArgument,
    checkpoint: Annotated[
        str,
        typer.Option(
            metavar="STEP|latest|best", help="Which checkpoint is judged.", autocompletion=completion.checkpoints
        ),
    ] = "latest",
    device: Annotated[
        str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:1, mps.", autocompletion=completion.devices)
    ] = "auto",
    judge_steps: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Steps in which the judge is trained [default: 1500].", show_default=False
        ),
    ] = None,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train the judge anew, even if it is kept.")] = False,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Judge a run's translations of digits.

    The source's test images are translated, and a judge names the digit in each: a classifier trained on the target's
    labelled images alone, which is kept in the user's cache folder for the next evaluation with the same target. Every
    digit takes part, also one that training left out. Printed are the shares of translated and untranslated images that
    the judge names rightly, by digit and overall.

    Examples:
        gan-tui eval dtn-svhn2mnist
        gan-tui eval dtn-svhn2mnist --checkpoint best --device cuda
        gan-tui eval dtn-svhn2mnist --json

    Exit status:
        0  done
        1  the evaluation failed
        2  the request was wrong, such as a run without digits

    See also:
        gan-tui checkpoints, gan-tui compare
    """
    from engine.protocol.evaluation import EvaluateJob, Evaluation
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.jobs import run_job
    from gan_tui.client.locate import find_run, runs_folder

    directory = find_run(run, runs_folder(runs_dir))
    job = EvaluateJob(
        run=str(directory.root), checkpoint=checkpoint, device=device, judge_steps=judge_steps, retrain=retrain
    )
    with telling() as tell:
        found = run_job(job, Evaluation, tell, folder=directory.root)
    if as_json:
        put_json(found)
        return
    if sys.stdout.isatty():
        _show_table(rows(found))
    else:
        for row in rows(found):
            put(row.digit, str(row.images), _share(row.translated, row.images), _share(row.untranslated, row.images))
    say(_in_words(found))


def rows(found: Evaluation) -> list[Row]:
    """A line for each digit, and their sums."""
    digits = [Row(str(item.digit), item.images, item.translated, item.untranslated) for item in found.digits]
    whole = Row(
        "all",
        sum(row.images for row in digits),
        sum(row.translated for row in digits),
        sum(row.untranslated for row in digits),
    )
    return [*digits, whole]


def _show_table(lines: list[Row]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("digit", "images", "translated", "untranslated"):
        table.add_column(heading, justify="right")
    for row in lines:
        shares = (_share(row.translated, row.images), _share(row.untranslated, row.images))
        table.add_row(row.digit, f"{row.images:,}", *shares, style="bold" if row is lines[-1] else "")
    Console().print(table)


def _in_words(found: Evaluation) -> str:
    """What was judged, and how good the judge is."""
    judge = found.judge
    known = f"{judge.trained_on:,} training images, {judge.steps:,} steps, seed {judge.seed}"
    how_good = f"{_share(judge.right, judge.images)} of {judge.images:,} test images of {found.target}"
    what = f"Step {found.step:,}: {found.source} translated to {found.target}"
    return f"{what}. The judge names {how_good} rightly ({known})."


def _share(right: int, images: int) -> str:
    return f"{100 * right / images:.2f} %"
