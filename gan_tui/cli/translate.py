"""gan-tui translate: images through the networks of a run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engine.protocol.weights import Weights
from gan_tui.cli import completion
from gan_tui.cli.options import CHECKPOINT, AsJson, RunsFolder
from gan_tui.cli.output import put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.translation import Existing, Translation, Written

_NETWORKS, _SIZES, _FILES = "Networks", "Sizes", "Files"
"""Groups of options."""
_LIST = "-"
"""Stands for a list of images on stdin."""


def translate(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run's name, unique beginning, or path; or the folder of a checkpoint.",
            autocompletion=completion.runs,
        ),
    ],
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Image files, folders of them, and patterns such as 'photos/**/*.jpg'; - reads names from stdin.",
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
        str | None,
        typer.Option(
            metavar=CHECKPOINT,
            help="Which checkpoint translates; best:FIGURE: by what eval has measured [default: latest].",
            autocompletion=completion.checkpoints,
            show_default=False,
            rich_help_panel=_NETWORKS,
        ),
    ] = None,
    direction: Annotated[
        Literal["AtoB", "BtoA"],
        typer.Option(
            help="A and B as the run's sheets have them: where data.direction is BtoA, A is the B of its data.",
            rich_help_panel=_NETWORKS,
        ),
    ] = "AtoB",
    weights: Annotated[
        Weights,
        typer.Option(
            help="Those that sheets show, which are averaged where the run keeps an average (optim.ema), or raw ones.",
            rich_help_panel=_NETWORKS,
        ),
    ] = "shown",
    device: Annotated[
        str,
        typer.Option(
            metavar="DEVICE",
            help="auto, cpu, cuda, cuda:1, mps.",
            autocompletion=completion.devices,
            rich_help_panel=_NETWORKS,
        ),
    ] = "auto",
    batch: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            max=1024,
            help="Neighbouring images of one size that are taken at once.",
            rich_help_panel=_NETWORKS,
        ),
    ] = 1,
    size: Annotated[
        str,
        typer.Option(
            metavar="own|trained|N|WxH",
            help="Scale images first: to a shorter side of N pixels, to exactly WxH, or to the run's crop.",
            rich_help_panel=_SIZES,
        ),
    ] = "own",
    restore: Annotated[
        bool,
        typer.Option("--restore", help="Scale translations back to the size of their images.", rich_help_panel=_SIZES),
    ] = False,
    tile: Annotated[
        str,
        typer.Option(
            metavar="N|auto|off",
            help="Translate in pieces of N pixels a side; auto: where an image is too large for the memory.",
            rich_help_panel=_SIZES,
        ),
    ] = "auto",
    overlap: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            help="Pixels that pieces share [default: an eighth of their side].",
            show_default=False,
            rich_help_panel=_SIZES,
        ),
    ] = None,
    pairs: Annotated[
        bool,
        typer.Option(
            "--pairs",
            help="Files hold a pair side by side: translate the half that is meant.",
            rich_help_panel=_FILES,
        ),
    ] = False,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["png", "jpg", "webp"] | None,
        typer.Option(
            help="What to write [default: each image's own format, or png].",
            show_default=False,
            rich_help_panel=_FILES,
        ),
    ] = None,
    sheet: Annotated[
        bool,
        typer.Option(
            "--sheet",
            help="Write NAME-sheet.png beside each: image, translation, and that translated back.",
            rich_help_panel=_FILES,
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Write over what is there.", rich_help_panel=_FILES)
    ] = False,
    skip_existing: Annotated[
        bool,
        typer.Option("--skip-existing", help="Leave out images whose translations are there.", rich_help_panel=_FILES),
    ] = False,
    show: Annotated[
        bool, typer.Option("--show/--no-show", help="Draw the translation of a single image on the terminal.")
    ] = True,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Translate images with the networks of a run.

    Images keep their size, transparency, EXIF and format. The run may be training meanwhile. A folder's tree is kept
    below OUT. An image that cannot be read is told of, and the others are translated. In a pipe each line is an image
    and its translation.

    Examples:
        gan-tui translate horse2zebra photo.jpg -o zebra.jpg
        gan-tui translate horse2zebra photos -o zebras --checkpoint best
        gan-tui translate horse2zebra 'photos/**/*.jpg' -o horses --direction BtoA
        gan-tui translate facades datasets/facades/test --pairs --sheet -o out
        gan-tui translate horse2zebra huge.png -o huge-zebra.png --tile 1024

    Exit status:
        0    all are translated
        1    some could not be, or the work failed
        2    the request was wrong, such as an output that is there
        130  interrupted; what was written is whole

    See also:
        gan-tui checkpoints, gan-tui eval
    """
    from engine.errors import INTERRUPTED
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
    say(in_words(found, out))
    if found.failed:
        raise typer.Exit(1)


def in_words(found: Translation, out: str) -> str:
    """What was done, in a sentence, and where several images lie now."""
    done = len(found.written)
    words = f"{_images(done)} translated {found.direction[0]} to {found.direction[-1]} at step {found.step:,}"
    if done == 1:
        words += f": {found.written[0].output}"
    elif done:
        words += f" into {out}, {done / max(found.seconds, 1e-9):.3g} a second"
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
