"""gan-tui plot: a run's curves as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from engine.config.user_paths import at_home
from gan_tui.cli import completion
from gan_tui.cli.options import RunArgument, RunsFolder
from gan_tui.cli.output import put, say


def plot(
    run: RunArgument,
    runs_dir: RunsFolder = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Ends with .svg, .png or .csv.", show_default="RUN-plot-STEP.svg"
        ),
    ] = None,
    group: Annotated[
        str,
        typer.Option(
            metavar="GROUP",
            help="One of the groups that g in the dashboard goes through; a wrong name lists them.",
            show_default="losses",
        ),
    ] = "",
    series: Annotated[
        str,
        typer.Option(metavar="WORDS", help="Only series in whose names one of the words occurs.", show_default=False),
    ] = "",
    log: Annotated[
        bool | None,
        typer.Option("--log/--linear", help="Whether the y axis is logarithmic.", show_default="as in the dashboard"),
    ] = None,
    smooth: Annotated[
        Literal["raw", "smooth", "smoother"], typer.Option(help="How much noise is taken out of curves.")
    ] = "smooth",
    x: Annotated[Literal["step", "epoch", "time"], typer.Option("--x", help="What the x axis counts.")] = "step",
    first: Annotated[
        int | None,
        typer.Option("--from", metavar="STEP", help="Begin at this step [default: the first].", show_default=False),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option("--to", metavar="STEP", help="End at this step [default: the newest].", show_default=False),
    ] = None,
    behind: Annotated[
        str | None,
        typer.Option(
            metavar="RUN2", help="Draw that run's curves behind.", show_default=False, autocompletion=completion.runs
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
) -> None:
    """Write a run's curves to a file: SVG, PNG or CSV.

    A chart (SVG, PNG) looks as the dashboard's plot does, with its markers; CSV has the recorded values, not
    smoothed. The path of the file is printed.

    Examples:
        gan-tui plot horse2zebra
        gan-tui plot horse2zebra --out losses.svg --series cycle
        gan-tui plot horse2zebra -o all.csv --from 10000 --to 20000
        gan-tui plot horse2zebra --behind warmer --linear --x epoch

    Exit status:
        0  written
        1  the file cannot be written
        2  the request was wrong, or the file is there and --force is not

    See also:
        gan-tui compare, gan-tui attach (E)
    """
    from engine.sizes import size_text
    from gan_tui.chart.files import format_of, unused, write_file
    from gan_tui.chart.plot_file import plot_content
    from gan_tui.chart.request import PlotRequest, selected
    from gan_tui.client.locate import find_run, runs_folder

    form = format_of(out) if out else "svg"
    folder = runs_folder(runs_dir)
    found, other = find_run(run, folder), find_run(behind, folder) if behind else None
    request = PlotRequest(
        group=group, series=series, log=log, smooth=smooth, scale=x, first=first, last=last, behind=other
    )
    selection = selected(found, request)
    step = (selection.history.extent() or (0, 0))[1]
    path = at_home(out) if out else unused(Path(), f"{found.name}-plot-{step:.0f}", "svg")
    size = write_file(path, plot_content(selection, form, found, other), over=force)
    say(f"{size_text(size)}, {len(selection.keys)} series")
    put(str(path))
