"""Known sets in words and figures, and the list of all of them on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from gan_tui.datasets.sets.known import KnownSet

UNKNOWN = "unknown"
WIDE = 110
"""Columns of a terminal that has room for words beside the figures."""


def images_text(known: KnownSet) -> str:
    """How many images each part of a set has."""
    return " ".join(f"{part} {number:,}" for part, number in known.images.items()) or f"number {UNKNOWN}"


def download_text(known: KnownSet) -> str:
    """How many bytes a set's files come to."""
    if known.refused:
        return "not offered"
    exact = all(file.bytes is not None for file in known.files)
    return bytes_text(known.bytes, exact=exact)


def bytes_text(size: int | None, *, exact: bool = False) -> str:
    """A number of bytes, which may be rough or not known."""
    from engine.sizes import size_text

    return UNKNOWN if size is None else ("" if exact else "about ") + size_text(size)


def here_text(known: KnownSet, root: Path) -> str:
    """Whether a set is in a folder of sets, or how much of it."""
    from gan_tui.datasets.sets.fetch import part_here

    if (root / known.name).is_dir():
        return "yes"
    part = part_here(known, root)
    return "no" if not part else f"{100 * part // known.bytes}% of it" if known.bytes else "a part"


def show_table(sets: Sequence[KnownSet], root: Path) -> None:
    """Write figures and words in columns; where there is no room for them, the words, or both, below each name.

    Args:
        sets: which.
        root: the folder that is looked into for them.
    """
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console()
    figures = [_figures(each, root) for each in sets]
    if console.width >= WIDE:
        console.print(_table(figures, [_words(each) for each in sets]))
        return
    table = _table(figures)
    below = [_sentence(each) for each in sets]
    if console.measure(table, options=console.options.update(max_width=WIDE)).maximum <= console.width:
        with console.capture() as drawn:
            console.print(table)
        heading, *lines = drawn.get().splitlines()
        console.print(Text.from_ansi(heading))
    else:
        lines = [each.name for each in sets]
        below = [
            f"images: {images}; download: {download}; here: {here}; {words}"
            for (_, images, download, here), words in zip(figures, below, strict=True)
        ]
    for line, words in zip(lines, below, strict=True):
        console.print(Text.from_ansi(line))
        console.print(Padding(Text(words, style="dim"), (0, 0, 0, 2)))


def _figures(known: KnownSet, root: Path) -> tuple[str, str, str, str]:
    """A set's name, number of images, download, and whether it is here."""
    images = f"{sum(known.images.values()):,}" if known.images else UNKNOWN
    return known.name, images, download_text(known), here_text(known, root)


def _words(known: KnownSet) -> tuple[str, str, str]:
    """What a set is, its licence, and the presets that use it, a line each."""
    from gan_tui.datasets.shipped import presets_on

    return known.what, known.licence, ",\n".join(presets_on(known.name))


def _sentence(known: KnownSet) -> str:
    what, licence, presets = _words(known)
    used = presets.replace("\n", " ")
    return f"{what}; licence: {licence}" + (f"; presets: {used}" if used else "")


def _table(figures: Sequence[tuple[str, ...]], words: Sequence[tuple[str, ...]] = ()) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    table.add_column("name", no_wrap=True, min_width=max(len(name) for name, *_ in figures))
    table.add_column("images", justify="right", no_wrap=True)
    table.add_column("download", justify="right", no_wrap=True)
    table.add_column("here", no_wrap=True)
    for heading in ("what", "licence", "presets") if words else ():
        table.add_column(heading, no_wrap=heading == "presets")  # their names stay whole
    for row, beside in zip_longest(figures, words, fillvalue=()):
        table.add_row(*map(Text, (*row, *beside)))
    return table
