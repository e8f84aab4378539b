"""gan-tui data: known sets of images, with what they are and on what terms, fetching them, and checking folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from engine.config.user_paths import at_home
from gan_tui.cli import completion, data_check
from gan_tui.cli.manual import Manual, ManualGroup
from gan_tui.cli.options import AsJson
from gan_tui.cli.output import put, put_json
from gan_tui.cli.wrapped import put_wrapped

if TYPE_CHECKING:
    from gan_tui.datasets.sets.known import KnownSet

app = typer.Typer(cls=ManualGroup, no_args_is_help=True, rich_markup_mode=None)
app.command("check", cls=Manual)(data_check.check)


def named_root(given: str) -> Path:
    """The folder of --root, with ~ expanded. Raises RequestError: it is empty, as an unset variable of the shell is."""
    from engine.errors import RequestError

    if not given:
        raise RequestError("--root", "is empty", "Name a folder for sets; . is the current one.")
    return at_home(given)


Root: TypeAlias = Annotated[
    Path, typer.Option("--root", metavar="DIR", parser=named_root, help="Folder that sets lie in, each under its name.")
]
UNKNOWN = "unknown"
WIDE = 110
"""Columns of a terminal that has room for words beside the figures."""


@app.callback()
def data() -> None:
    """Sets of images: known ones, fetching them, checking yours.

    Examples:
        gan-tui data list
        gan-tui data show horse2zebra
        gan-tui data fetch horse2zebra
        gan-tui data check ~/photos

    Exit status:
        0    done
        1    a set could not be fetched, where the same command goes on with it;
             or training would not get on with the folder that was checked
        2    there is no such set, or the request was wrong
        130  interrupted; the same command goes on

    Environment:
        GAN_TUI_DATA_MIRROR  addresses of mirrors, parted by blanks

    See also:
        gan-tui init, gan-tui presets, gan-tui train
    """


@app.command("list", cls=Manual)
def list_sets(root: Root = Path("datasets"), as_json: AsJson = False) -> None:
    """List the known sets of images.

    Of each: its name, what it is, images, size of the download, licence, whether it is here, and on a terminal which
    presets use it. Without a terminal the fields are parted by tabs.

    Examples:
        gan-tui data list
        gan-tui data list --json --root /scratch/datasets
    """
    from gan_tui.datasets.sets.known import catalogue

    sets = catalogue().sets.values()
    if as_json:
        put_json([_described(each, root) for each in sets])
    elif sys.stdout.isatty():
        _show_table([*sets], root)
    else:
        for each in sets:
            put(
                each.name, each.what, _images(each), each.size or UNKNOWN, _bytes(each), each.licence, _here(each, root)
            )


@app.command("show", cls=Manual)
def show_set(
    name: Annotated[str, typer.Argument(metavar="SET", help="A known set.", autocompletion=completion.sets)],
    root: Root = Path("datasets"),
    as_json: AsJson = False,
) -> None:
    """Show all that is known of a set.

    Where its files lie, their sizes and checksums, its terms, and what to cite.

    Examples:
        gan-tui data show horse2zebra
        gan-tui data show facades --json
    """
    from gan_tui.datasets.sets.known import addresses, catalogue, find_set
    from gan_tui.datasets.shipped import presets_on

    known = find_set(name, catalogue().sets)
    if as_json:
        put_json(_described(known, root))
        return
    put_wrapped(f"{known.name}: {known.what}", 4)
    facts = [
        ("images", f"{_images(known)}, {known.size or 'size ' + UNKNOWN}"),
        ("layout", f"{known.layout}; {', '.join(known.images) or UNKNOWN}"),
        ("download", _bytes(known)),
        ("here", _here(known, root)),
        ("presets", ", ".join(presets_on(known.name)) or "none of the shipped ones"),
        ("terms", known.terms),
        *(("cite", catalogue().citations[key]) for key in known.cite),
        ("home", catalogue().collections[known.collection].home),
    ]
    for file in known.files:
        checksum = f"SHA-256 {file.sha256}" if file.sha256 else f"MD5 {file.md5}" if file.md5 else f"checksum {UNKNOWN}"
        size = f"{file.bytes:,} bytes" if file.bytes is not None else _about(file.size)
        facts.append(("file", f"{file.name}: {size}, {checksum}"))
        facts.extend(("from", address) for address in addresses(file, known, ()))
    if known.files:
        facts.append(("note", "The addresses are published ones and were not tried when they were written down."))
    for what, fact in facts:
        line = f"  {what:<9} {fact}"
        if what in ("home", "from"):
            put(line)  # an address stays whole, to be copied
        else:
            put_wrapped(line, 12)


@app.command("fetch", cls=Manual)
def fetch_set(
    names: Annotated[
        list[str],
        typer.Argument(metavar="SET...", help="Known sets.", show_default=False, autocompletion=completion.sets),
    ],
    root: Root = Path("datasets"),
    mirrors: Annotated[
        list[str] | None,
        typer.Option(
            "--mirror",
            metavar="URL",
            help="Folder that has the files under their names; tried first; may repeat.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Download known sets, check them, and unpack them.

    Each comes to lie in a folder of its name below --root, whose path is printed. What broke off before is gone on
    with; a set that is here already is left alone.

    Mirrors are tried in the order given, then those of $GAN_TUI_DATA_MIRROR (parted by blanks), then those under
    [data] in config.toml, then the publishers.

    Examples:
        gan-tui data fetch horse2zebra
        gan-tui data fetch mnist usps --root /scratch/datasets
        gan-tui data fetch facades --mirror https://mirror.example.org/sets
    """
    from gan_tui.cli.fetching import fetch_sets
    from gan_tui.datasets.sets.known import catalogue, find_set

    sets = [find_set(name, catalogue().sets) for name in dict.fromkeys(names)]
    for each in fetch_sets(sets, root, mirrors or []):
        put(str(each.folder))


def _described(known: KnownSet, root: Path) -> dict[str, Any]:
    """All that is known of a set, for JSON."""
    import msgspec

    from gan_tui.datasets.sets.known import addresses, catalogue
    from gan_tui.datasets.shipped import presets_on

    return {
        **msgspec.to_builtins(known),
        "cite": [catalogue().citations[key] for key in known.cite],
        "home": catalogue().collections[known.collection].home,
        "files": [{**msgspec.to_builtins(file), "urls": addresses(file, known, ())} for file in known.files],
        "presets": list(presets_on(known.name)),
        "here": (root / known.name).is_dir(),
    }


def _show_table(sets: list[KnownSet], root: Path) -> None:
    """Everything in columns; where those would be too narrow for words, the words below each line of figures."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from gan_tui.datasets.shipped import presets_on

    console = Console()
    wide = console.width >= WIDE
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    table.add_column("name", no_wrap=True, min_width=max(len(each.name) for each in sets))
    table.add_column("images", justify="right", no_wrap=True)
    table.add_column("download", justify="right", no_wrap=True)
    table.add_column("here", no_wrap=True)
    for heading in ("what", "licence", "presets") if wide else ():
        table.add_column(heading)
    below = []
    for each in sets:
        number = f"{sum(each.images.values()):,}" if each.images else UNKNOWN
        words = [each.what, each.licence, ", ".join(presets_on(each.name))]
        table.add_row(*map(Text, (each.name, number, _bytes(each), _here(each, root), *(words if wide else ()))))
        below.append(f"{each.what}; licence: {each.licence}" + (f"; presets: {words[2]}" if words[2] else ""))
    if wide:
        console.print(table)
        return
    with console.capture() as drawn:
        console.print(table)
    heading, *figures = drawn.get().splitlines()
    console.print(Text.from_ansi(heading))
    for line, words_below in zip(figures, below, strict=True):
        console.print(Text.from_ansi(line))
        console.print(Padding(Text(words_below, style="dim"), (0, 0, 0, 2)))


def _images(known: KnownSet) -> str:
    return " ".join(f"{part} {number:,}" for part, number in known.images.items()) or f"number {UNKNOWN}"


def _bytes(known: KnownSet) -> str:
    if known.refused:
        return "not offered"
    exact = all(file.bytes is not None for file in known.files)
    return _about(known.bytes, exact=exact)


def _about(size: int | None, *, exact: bool = False) -> str:
    from engine.sizes import size_text

    return UNKNOWN if size is None else ("" if exact else "about ") + size_text(size)


def _here(known: KnownSet, root: Path) -> str:
    from gan_tui.datasets.sets.fetch import part_here

    if (root / known.name).is_dir():
        return "yes"
    part = part_here(known, root)
    return "no" if not part else f"{100 * part // known.bytes}% of it" if known.bytes else "a part"
