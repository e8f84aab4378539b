"""gan-tui translate: images through the networks of a run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gan_tui.cli.options import AsJson, RunsFolder
from gan_tui.cli.output import put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.translation import Existing, Translation, Written

INTERRUPTED = 130
"""Exit status after Ctrl-C."""

_LIST = "-"
"""Stands for a list of images on stdin."""


def translate(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run's name, unique beginning, or path; or the folder of a checkpoint."),
    ],
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Image files, folders of them, and patterns such as 'photos/**/*.jpg'; - reads a list from stdin.",
            show_default=False,
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            "-o", "--out", metavar="OUT", help="A folder; for a single image also a file.", show_default=False
        ),
    ],
    checkpoint: Annotated[
        str | None, typer.Option(metavar="STEP", help="A step, latest or best [default: latest].", show_default=False)
    ] = None,
    direction: Annotated[
        Literal["AtoB", "BtoA"],
        typer.Option(help="A and B as the run's sheets name them; where data.direction is BtoA, A is the data's B."),
    ] = "AtoB",
    size: Annotated[
        str,
        typer.Option(
            metavar="own|trained|N|WxH",
            help="Scale images first: to the run's crop, to a shorter side of N pixels, or to exactly WxH.",
        ),
    ] = "own",
    restore: Annotated[
        bool, typer.Option("--restore", help="Scale translations back to the size of their images.")
    ] = False,
    tile: Annotated[
        str,
        typer.Option(
            metavar="auto|off|N",
            help="Translate in pieces of N pixels a side; auto: where an image is too large for the memory.",
        ),
    ] = "auto",
    overlap: Annotated[
        int | None,
        typer.Option(min=0, help="Pixels that pieces share [default: an eighth of their side].", show_default=False),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["png", "jpg", "webp"] | None,
        typer.Option(help="What to write [default: each image's own format, or png].", show_default=False),
    ] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Images hold A and B side by side: translate the half that is meant.")
    ] = False,
    sheet: Annotated[
        bool,
        typer.Option("--sheet", help="Also write NAME-sheet.png: image, translation, and that translated back."),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over what is there.")] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave out images whose translations are there.")
    ] = False,
    batch: Annotated[int, typer.Option(min=1, max=1024, help="Neighbouring images of one size taken at once.")] = 1,
    weights: Annotated[
        Literal["shown", "raw"],
        typer.Option(help="shown: as sheets show them, averaged where the run keeps an average (optim.ema)."),
    ] = "shown",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    show: Annotated[
        bool, typer.Option("--show/--no-show", help="Draw the translation of a single image on the terminal.")
    ] = True,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Translate images with a run's networks; images keep their size, transparency and metadata.

    The run may be training meanwhile. Images that cannot be read are told, and the others translated: exit status 1. In
    a pipe each line is an image and its translation.
    """
    from engine.protocol.translation import TranslateJob, Translation
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.jobs import run_job
    from gan_tui.client.locate import find_run_and_checkpoint, runs_folder

    directory, which = find_run_and_checkpoint(run, checkpoint, runs_folder(runs_dir))
    job = TranslateJob(
        run=str(directory.root), checkpoint=which, inputs=_named(inputs), out=os.fsencode(out), direction=direction,
        size=size, restore=restore, tile=tile, overlap=overlap, format=format, pairs=pairs, sheet=sheet,
        existing=_existing(overwrite, skip_existing), batch=batch, device=device, weights=weights,
    )  # fmt: skip
    try:
        with telling() as tell:
            found = run_job(job, Translation, tell)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    if as_json:
        put_json(found)
    elif sys.stdout.isatty():
        if show and len(found.written) == 1:
            _show(found.written[0])
    else:
        for written in found.written:
            put(written.input, written.output)
    say(in_words(found))
    if found.failed:
        raise typer.Exit(1)


def in_words(found: Translation) -> str:
    """What was done, in a sentence."""
    done = len(found.written)
    words = f"{_images(done)} translated {found.direction[0]} to {found.direction[-1]} at step {found.step:,}"
    if done == 1:
        words += f": {found.written[0].output}"
    elif done:
        words += f", {done / max(found.seconds, 1e-9):.3g} a second"
    words += f"; {_images(len(found.skipped))} left out, as there before" if found.skipped else ""
    words += f"; {_images(len(found.failed))} failed" if found.failed else ""
    return f"{words}."


def _images(count: int) -> str:
    return f"{count:,} image" if count == 1 else f"{count:,} images"


def _named(inputs: list[str]) -> tuple[bytes, ...]:
    """The inputs as bytes, a list on stdin in its place: names of files need not be text."""
    found: list[bytes] = []
    for given in inputs:
        if given != _LIST:
            found.append(os.fsencode(given))
            continue
        listed = sys.stdin.buffer.read()
        end = b"\0" if b"\0" in listed else b"\n"
        found += [name for name in listed.split(end) if name]
    return tuple(found)


def _existing(overwrite: bool, skip_existing: bool) -> Existing:
    from engine.errors import RequestError

    if overwrite and skip_existing:
        raise RequestError("--overwrite and --skip-existing", "exclude each other", "Leave one of them out.")
    return "overwrite" if overwrite else "skip" if skip_existing else "refuse"


def _show(written: Written) -> None:
    from gan_tui.cli.picture import show_picture

    path = Path(written.sheet or written.output)
    if path.is_file():  # a name that is no text is told otherwise than it is
        show_picture(path)
