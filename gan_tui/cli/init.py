"""gan-tui init: a preset for a folder of images, with the reason of each value."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.config.user_paths import at_home
from gan_tui.cli import completion, data_check, ended_early
from gan_tui.cli.output import put, say

if TYPE_CHECKING:
    from gan_tui.client.new_preset import NewPreset

STDOUT = Path("-")
_Pair = tuple[str, str]


def init(
    folder: data_check.Folder,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Where to write, - for stdout [default: DIR's name.toml].",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            help="cyclegan, pix2pix, discogan, dtn or aegan [default: by the data].",
            autocompletion=completion.methods,
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The preset's, and so its runs' [default: DIR's].", show_default=False),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            min=8, max=4096, metavar="N", help="Side of what the networks see, in pixels.", show_default=False
        ),
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Whose memory counts: auto, cpu, cuda, cuda:1, mps.",
            autocompletion=completion.devices,
        ),
    ] = "auto",
    a: Annotated[
        Path | None,
        typer.Option("--A", metavar="FOLDER", help="Make DIR, of links: images of domain A.", show_default=False),
    ] = None,
    b: Annotated[
        Path | None, typer.Option("--B", metavar="FOLDER", help="Likewise of domain B.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the preset's file.")] = False,
) -> None:
    """Write a preset for a folder of images, with its reasons.

    The method follows from the kind of data (gan-tui data check tells which it is), the size from the images and the
    free memory, the epochs from how many there are, the cadences from the length of an epoch. It trains as it is.

    Two folders under any names become the two domains by --A and --B: DIR is made, with links to them. With --method
    pix2pix files of one name are a pair. Of a DIR that holds sets of digits, --A and --B name source and target.

    Examples:
        gan-tui init ~/photos/seasons
        gan-tui init seasons --A ~/photos/summer --B ~/photos/winter
        gan-tui init pairs --method pix2pix --size 128 -o pairs-128.toml
        gan-tui init datasets --A mnist_m --B mnist

    Exit status:
        0    the preset is written; the command that trains it is printed
        1    images cannot be read, or the file cannot be written
        2    there is no such folder, or no preset for what is in it
        130  interrupted; nothing was written

    See also:
        gan-tui data check, gan-tui presets, gan-tui train
    """
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.new_preset import material_in, propose, write_preset
    from gan_tui.datasets.proposal.proposals import workers_for
    from gan_tui.datasets.proposal.values import Wish

    target = _target(folder, output, name, force=force)
    wish = Wish(method=method, side=size, device=device, workers=workers_for(os.cpu_count() or 1))
    root = at_home(folder).absolute()
    with (
        ended_early.saying("nothing was written"),
        _laid_out(root, a, b, pairs=method == "pix2pix") as digits,
    ):
        with telling(lines=False) as tell:
            material = material_in(root, tell, digits)
        with telling() as tell:
            new = propose(material, wish, name or _plain_name(folder, target), tell)
        if target == STDOUT:
            sys.stdout.write(new.text)
        else:
            write_preset(target, new.text, replace=force)
    _tell(new, target)


def _target(folder: Path, output: Path | None, name: str | None, *, force: bool) -> Path:
    """The file to write, which is not there, unless it may be replaced."""
    from engine.config.image_files import path_text
    from engine.errors import RequestError
    from engine.protocol.rundir import NAME_PATTERN

    if output is not None and name is not None:
        raise RequestError("--name", "names the file, and so does --output", "Leave one of the two out.")
    if name is not None and not NAME_PATTERN.fullmatch(name):
        fix = "Use up to 100 letters, digits, . _ + -, a letter or digit first."
        raise RequestError(f"--name {name}", "has characters that a run name cannot have", fix)
    if output == STDOUT:
        return STDOUT
    target = at_home(output) if output else Path(f"{name or _plain_name(folder, None)}.toml")
    is_file = target.is_file()
    if os.path.lexists(target) and not (force and is_file):
        fix = "Name another with -o, or replace it with --force." if is_file else "Name a file with -o."
        raise RequestError(path_text(target), "is there already", fix)
    return target


def _plain_name(folder: Path, target: Path | None) -> str:
    """What the preset is called: as its file, or as the folder."""
    from engine.protocol.rundir import valid_name

    if target is not None and target != STDOUT:
        return target.stem
    return valid_name(at_home(folder).resolve().name)


@contextmanager
def _laid_out(root: Path, a: Path | None, b: Path | None, *, pairs: bool) -> Iterator[_Pair | None]:
    """The folder while it is looked at: as it is, made of links, or with two sets of digits in it that were named."""
    from engine.config.image_files import is_folder
    from engine.errors import RequestError
    from gan_tui.datasets.folders.layouts import recognise
    from gan_tui.datasets.folders.linked_set import linked_set

    if a is None or b is None:
        if a != b:
            raise RequestError("--A and --B", "go together, and one is missing", "Name the folder of each domain.")
        yield None
    elif is_folder(root) and recognise(root).kind == "digits":
        yield str(a), str(b)
    else:
        with linked_set(root, a, b, pairs=pairs) as digits:
            yield digits


def _tell(new: NewPreset, target: Path) -> None:
    from engine.config.image_files import path_text
    from gan_tui.client.new_preset import memory_in_words
    from gan_tui.datasets.proposal.material import WATCH_FEW, few_in_words

    proposal, pacing = new.proposal, new.proposal.pacing
    images = ", ".join(f"{count:,} in {part}" for part, count in new.material.images.items())
    length = f"{pacing.total_epochs:,} epochs of {pacing.steps_per_epoch:,} steps"
    say(f"{proposal.method} at {proposal.side} px, {length}; images: {images}.")
    say(memory_in_words(new.room))
    few = few_in_words(new.material.images)
    if few:
        say(f"warning: {few}. {WATCH_FEW}")
    if target == STDOUT:
        return
    file = shlex.quote(path_text(target))
    root = shlex.quote(path_text(new.material.root))
    say(f"Wrote {path_text(target)}. Look through the images (gan-tui data check {root}), or go on with:")
    put(f"gan-tui train {file}")
