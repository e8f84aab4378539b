"""gan-tui data check: what a folder of images is, what is wrong with it, and what would train it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from engine.config.user_paths import at_home
from gan_tui.cli import completion, ended_early
from gan_tui.cli.marks import put_marked
from gan_tui.cli.options import AsJson
from gan_tui.cli.output import put, put_json
from gan_tui.cli.wrapped import put_table, put_wrapped, wrapped

if TYPE_CHECKING:
    from gan_tui.datasets.check.schema import FolderFinding, Inspection, PartReport

SHOWN = {"problem": 8, "warning": 4, "note": 2}
"""Files of a finding that are told one by one; --json has all."""
_INDENT = 9
_MODES = {
    "1": "black and white", "L": "grey", "LA": "grey with alpha", "P": "palette", "RGBA": "RGB with alpha",
    "I": "32-bit grey", "F": "floating-point grey",
}  # fmt: skip


def named_folder(given: str) -> Path:
    """DIR as it was given, with ~ expanded; it need not be there.

    Raises:
        RequestError: nothing can have that name; or it is empty, as a variable of the shell that is not set is.
    """
    from engine.config.image_files import path_text
    from engine.errors import RequestError

    if not given:
        raise RequestError("DIR", "is empty", "Name a folder of images; . is the current one.")
    try:
        folder = at_home(given)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            folder.stat()
    except OSError as error:  # such as too long a name, or a loop of links
        fact = f"cannot be looked at ({error.strerror})"
        raise RequestError(path_text(Path(given)), fact, "Name a folder of images.") from error
    return folder


Folder: TypeAlias = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="A folder of images.", parser=named_folder, show_default=False),
]


def check(
    folder: Folder,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="PRESET",
            help="Check for this preset, a file or a shipped one.",
            show_default=False,
            autocompletion=completion.presets,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell what a folder of images is, and what is wrong with it.

    Every image is read. What suits the folder is said too: a shipped preset, or how to make one.

    A problem is what training would not begin with, or files that it cannot use: damaged images, pairs without a
    partner, a folder that is laid out otherwise. A warning is worth knowing: the same picture in train and test, few
    images, images smaller than the crop.

    Examples:
        gan-tui data check ~/photos
        gan-tui data check datasets/facades --preset facades
        gan-tui data check datasets/horse2zebra --json

    Exit status:
        0    no problem, whatever the warnings
        1    a problem
        2    there is no such folder or preset
        130  interrupted
    """
    from gan_tui.cli.job_progress import telling
    from gan_tui.datasets.check.inspection import inspect_folder

    config = None
    if preset is not None:
        from engine.config.load import read_toml, resolve
        from engine.config.presets import find_preset

        path = find_preset(preset)
        config = resolve(read_toml(path), path.name)
    with ended_early.saying("not all images were looked at"), telling(lines=False) as tell:
        found = inspect_folder(folder, tell, preset or "", config)
    if as_json:
        put_json(found)
    else:
        _tell(found)
    if found.problems:
        raise typer.Exit(1)


def _tell(found: Inspection) -> None:
    from gan_tui.datasets.proposal.choice import IN_WORDS

    put_wrapped(f"{found.root}: {IN_WORDS[found.kind]}" + (f", {found.images:,} in all" if found.images else ""), 4)
    if found.root != found.folder:
        put_wrapped(f"(the only set in {found.folder})", 4)
    if found.parts:
        put("")
        put_table([_HEADINGS, *map(_row, found.parts)], 2)
    for finding in found.findings:
        put("")
        _tell_finding(finding)
    put("")
    put_wrapped(_outcome(found), 4)
    for suggestion in found.suggestions:
        put(f"  {suggestion.command}")  # whole, to be copied
        put_wrapped(f"      {suggestion.why}", 6)


_HEADINGS = ["folder", "images", "sizes", "modes"]


def _row(part: PartReport) -> list[str]:
    number = f"{part.images:,}" + (f" ({part.unreadable:,} unreadable)" if part.unreadable else "")
    modes = ", ".join(
        _MODES.get(mode, mode) + (f" {count:,}" if len(part.modes) > 1 else "") for mode, count in part.modes.items()
    )
    return [part.name, number, _sizes(part), modes + _classes(part)]


def _sizes(part: PartReport) -> str:
    sizes = part.sizes
    if sizes is None:
        return "-"
    common, smallest, largest = (f"{width}x{height}" for width, height in (sizes.common, sizes.smallest, sizes.largest))
    if sizes.distinct == 1:
        return f"all {common}"
    return f"{sizes.distinct:,} from {smallest} to {largest}, most {common} ({sizes.common_images:,})"


def _classes(part: PartReport) -> str:
    if not part.classes:
        return ""
    least, most = (choose(part.classes, key=part.classes.__getitem__) for choose in (min, max))
    counts = f"from {part.classes[least]:,} of the {least} to {part.classes[most]:,} of the {most}"
    return f"; {len(part.classes)} digits, {counts}"


def _tell_finding(finding: FolderFinding) -> None:
    put_marked(wrapped(f"{finding.severity:{_INDENT}}{finding.fact}", _INDENT), finding.severity)
    shown = finding.files[: SHOWN[finding.severity]]
    for file in shown:
        put_wrapped(f"{'':{_INDENT + 2}}{file.path}" + (f": {file.fact}" if file.fact else ""), _INDENT + 4)
    if len(finding.files) > len(shown):
        put(f"{'':{_INDENT + 2}}and {len(finding.files) - len(shown):,} more, which --json lists")
    if finding.fix:
        put_wrapped(f"{'':{_INDENT}}{finding.fix}", _INDENT)


def _outcome(found: Inspection) -> str:
    counts = [(found.problems, "problem"), (found.warnings, "warning")]
    words = [f"{number:,} {noun}" + ("" if number == 1 else "s") for number, noun in counts if number]
    held = f", held against the preset {found.preset}" if found.preset else ""
    return f"{', '.join(words) or 'nothing wrong'}{held}"
