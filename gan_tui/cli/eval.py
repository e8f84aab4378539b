"""gan-tui eval: figures of a checkpoint's translations, kept with the run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from engine.config.splits import Split
from engine.protocol.weights import Weights
from gan_tui.cli import completion
from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.evaluation import DigitsJudged, Evaluation, Evaluations


class Row(NamedTuple):
    """One line of the table of digits: a digit, or all of them."""

    digit: str
    images: int
    translated: int
    untranslated: int


def evaluate(
    run: RunArgument,
    checkpoint: Annotated[
        str,
        typer.Option(
            metavar="STEP|latest|best|all",
            help="Which checkpoint; best:FIGURE by what was measured; all: each in turn.",
            autocompletion=completion.checkpoints,
        ),
    ] = "latest",
    figure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Measure this: l1 psnr ssim cycle identity accuracy fid kid, or fid_B ...; may repeat "
            "[default: all that data and method give, but fid and kid].",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        Split | None,
        typer.Option(help="Which images [default: test, or else val].", show_default=False),
    ] = None,
    images: Annotated[int, typer.Option(min=0, metavar="N", help="The first N images of each domain; 0 for all.")] = 0,
    weights: Annotated[
        Weights, typer.Option(help="shown: the moving average where the run keeps one; raw: without.")
    ] = "shown",
    device: Annotated[
        str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:1, mps.", autocompletion=completion.devices)
    ] = "auto",
    fid_weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The Inception network's weights, for fid and kid [default: $GAN_TUI_FID_WEIGHTS].",
            show_default=False,
        ),
    ] = None,
    download_weights: Annotated[
        bool, typer.Option("--download-weights", help="Fetch those weights (91 MB) where they are not there.")
    ] = False,
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
    """Measure what a checkpoint makes of images kept apart.

    Pairs give l1, psnr and ssim against the partner; methods that learn both ways give the cycle and the identity error
    of each domain; labelled digits give the accuracy of a classifier of the target (the judge) on translations. fid and
    kid are measured where they are asked for: they need gan-tui[fid] and the Inception network's weights. What a run
    cannot give is refused with the reason.

    Images are resized whole to data.crop, and translated in float32 with the noise that the run has at test time, the
    same each time. The figures are kept with the run. On a terminal they are a table; in a pipe a line of headings and
    then a line for each checkpoint. docs/evaluation.md says how each figure is defined.

    Examples:
        gan-tui eval facades
        gan-tui eval facades --checkpoint all --figure psnr --images 50
        gan-tui eval horse2zebra --figure fid --figure kid --download-weights
        gan-tui eval dtn-svhn2mnist --checkpoint best --device cuda --json

    Exit status:
        0  done
        1  the evaluation failed
        2  the request was wrong, such as a figure that the data cannot give

    Files:
        runs/NAME/evaluations.jsonl  the figures, a line for each evaluation

    Environment:
        GAN_TUI_FID_WEIGHTS  the Inception network's weights

    See also:
        gan-tui checkpoints, gan-tui resume, gan-tui compare
    """
    from engine.protocol.evaluation import EvaluateJob, Evaluations
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.jobs import run_job
    from gan_tui.client.locate import find_run, runs_folder
    from gan_tui.client.sender import sender_name

    directory = find_run(run, runs_folder(runs_dir))
    job = EvaluateJob(
        run=str(directory.root),
        checkpoint=checkpoint,
        by=sender_name(),
        device=device,
        weights=weights,
        split=split,
        images=images,
        figures=tuple(figure or ()),
        fid_weights=str(fid_weights.expanduser().absolute()) if fid_weights else "",
        download_weights=download_weights,
        judge_steps=judge_steps,
        retrain=retrain,
    )
    with telling() as tell:
        found = run_job(job, Evaluations, tell)
    if as_json:
        put_json(found)
        return
    if sys.stdout.isatty():
        _show(found)
    else:
        _put(found)
    say(_in_words(found.evaluations[-1]))


def rows(judged: DigitsJudged) -> list[Row]:
    """A line for each digit, and their sums."""
    digits = [Row(str(item.digit), item.images, item.translated, item.untranslated) for item in judged.digits]
    whole = Row(
        "all",
        sum(row.images for row in digits),
        sum(row.translated for row in digits),
        sum(row.untranslated for row in digits),
    )
    return [*digits, whole]


def _put(found: Evaluations) -> None:
    """Headings, then for each checkpoint its step, its figures, and those of which it has the best."""
    names = list(found.evaluations[0].figures)
    put("step", *names, "best")
    for evaluation, best in zip(found.evaluations, _bests(found), strict=True):
        values = (evaluation.figures[name] for name in names)
        put(str(evaluation.step), *("nan" if value is None else f"{value:.6g}" for value in values), ",".join(best))


def _bests(found: Evaluations) -> list[list[str]]:
    """For each checkpoint the figures of which it has the best; of a single one nothing is said."""
    from gan_tui.state.figures import best_of

    best = best_of([each.figures for each in found.evaluations]) if len(found.evaluations) > 1 else {}
    return [[name for name, at in best.items() if at == place] for place in range(len(found.evaluations))]


def _show(found: Evaluations) -> None:
    from rich.console import Console

    console = Console()
    if len(found.evaluations) > 1:
        console.print(_table_of_checkpoints(found))
        return
    [evaluation] = found.evaluations
    if evaluation.digits is not None:
        console.print(_table_of_digits(evaluation.digits))
        console.print()
    console.print(_table_of_figures(evaluation))


def _table_of_figures(evaluation: Evaluation) -> object:
    from rich.table import Table

    from gan_tui.state.figures import better_way, figure_text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for name, value in evaluation.figures.items():
        table.add_row(name, figure_text(name, value), better_way(name))
    return table


def _table_of_checkpoints(found: Evaluations) -> object:
    from rich.table import Table

    from gan_tui.state.figures import figure_text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("step", *found.evaluations[0].figures):
        table.add_column(heading, justify="right", no_wrap=True)
    for evaluation, best in zip(found.evaluations, _bests(found), strict=True):
        cells = (
            f"[bold]*{figure_text(name, value)}[/]" if name in best else figure_text(name, value)
            for name, value in evaluation.figures.items()
        )
        table.add_row(f"{evaluation.step:,}", *cells)
    table.caption = "* the best of these"
    table.caption_justify = "left"
    return table


def _table_of_digits(judged: DigitsJudged) -> object:
    from rich.table import Table

    lines = rows(judged)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("digit", "images", "translated", "untranslated"):
        table.add_column(heading, justify="right")
    for row in lines:
        shares = (_share(row.translated, row.images), _share(row.untranslated, row.images))
        table.add_row(row.digit, f"{row.images:,}", *shares, style="bold" if row is lines[-1] else "")
    return table


def _in_words(evaluation: Evaluation) -> str:
    """On which images, how long it took, and how good the judge is."""
    asked = evaluation.conditions
    counts = " and ".join(
        f"{number:,} of {name}" for name, number in (("A", asked.images_A), ("B", asked.images_B)) if number
    )
    took = f"Step {evaluation.step:,}: {asked.split} images, {counts}, in {evaluation.seconds:,.1f} s"
    few = " With so few images fid is too large; kid is not biased." if _has_few(evaluation) else ""
    if evaluation.digits is None:
        return f"{took}.{few}"
    judged = evaluation.digits
    judge = judged.judge
    known = f"{judge.trained_on:,} training images, {judge.steps:,} steps, seed {judge.seed}"
    how_good = f"{_share(judge.right, judge.images)} of {judge.images:,} test images of {judged.target}"
    what = f"{judged.source} translated to {judged.target}"
    return f"{took}, {what}. The judge names {how_good} rightly ({known}).{few}"


def _has_few(evaluation: Evaluation) -> bool:
    from engine.config.figures import family_of

    asked = evaluation.conditions
    fewest = min(asked.images_A, asked.images_B)
    return fewest < FEW_FOR_FID and any(family_of(name) == "fid" for name in evaluation.figures)


def _share(right: int, images: int) -> str:
    return f"{100 * right / images:.2f} %"


FEW_FOR_FID = 10_000
"""Images below which FID's bias is worth a word: its authors ask for 10,000 at least."""
