"""What an evaluation came to, as a user sees it: tables on a terminal, lines in a pipe, and a sentence."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from gan_tui.cli.output import put
from gan_tui.state.plain_text import printable

if TYPE_CHECKING:
    from engine.protocol.evaluation import DigitsJudged, Evaluation, Evaluations

FEW_FOR_FID = 10_000
"""Images below which FID's bias is worth a word: its authors ask for 10,000 at least."""


class Row(NamedTuple):
    """One line of the table of digits: a digit, or all of them."""

    digit: str
    images: int
    translated: int
    untranslated: int


def show(found: Evaluations) -> None:
    """Write a table where stdout is a terminal, lines elsewhere."""
    if sys.stdout.isatty():
        _show(found)
    else:
        _put(found)


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


def in_words(evaluation: Evaluation) -> str:
    """On which images, how long it took, and how good the judge is."""
    asked = evaluation.conditions
    counts = " and ".join(
        f"{number:,} of {name}" for name, number in (("A", asked.images_A), ("B", asked.images_B)) if number
    )
    of = f" of {printable(asked.data)}" if asked.data else ""
    took = f"Step {evaluation.step:,}: {asked.split} images{of}, {counts}, in {evaluation.seconds:,.1f} s"
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
