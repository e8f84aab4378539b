"""The terminal, as its environment tells of it: it is never asked, since late answers arrive as key presses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gan_tui.client.locales import is_ascii_locale
from gan_tui.doctor.finding import Finding, note, ok
from gan_tui.doctor.site import Site
from gan_tui.state.appearance import LEAST_HEIGHT, LEAST_WIDTH
from gan_tui.state.imaging import Imaging, imaging
from gan_tui.terminal.calling import way_of

SAMPLE = "⣀⣤⣶⣿⡇⠛⢹ ▀▄█▌ ░▒▓ ╭─┬─╮ ●✔✖◌"
"""Braille of plots, half-blocks of pictures, shades, frames, symbols of states."""
_PALETTES = {"full": "all (24 bit)", "256": "256", "grey": "none"}
_MULTIPLEXERS = {"tmux": "tmux", "screen": "screen", "zellij": "zellij"}


class Size(NamedTuple):
    """Of a terminal, in cells."""

    columns: int
    rows: int


def examine(site: Site, size: Size | None, *, utf8_mode: bool = False) -> Iterator[Finding]:
    """Look at the terminal.

    Args:
        site: where facts are read.
        size: of the terminal; None: there is none.
        utf8_mode: whether Python is in its UTF-8 mode.
    """
    if size is None:
        yield note("terminal", "none here: train shows plain lines, and attach needs one", "Over SSH: ssh -t")
        return
    only_ascii = is_ascii_locale(site.environ, utf8_mode=utf8_mode)
    term = site.environ.get("TERM", "")
    program = site.environ.get("TERM_PROGRAM", "")
    yield ok("terminal", f"TERM={term}{f', {program}' if program else ''}")
    if size.columns < LEAST_WIDTH or size.rows < LEAST_HEIGHT:
        fact = f"{size.columns} x {size.rows}, and a dashboard takes {LEAST_WIDTH} x {LEAST_HEIGHT} at least"
        yield note("size", fact, "Make the window larger, or its font smaller.")
    else:
        yield ok("size", f"{size.columns} x {size.rows}")
    yield _colours(site, imaging("auto", site.environ, ascii_only=only_ascii))
    yield from _pictures(site, only_ascii=only_ascii)
    if only_ascii:
        fix = "export LC_ALL=C.UTF-8 where the terminal does know UTF-8, or --no-ascii."
        yield note("locale", "is not UTF-8: screens are drawn in ASCII", fix)
    else:
        yield ok("locale", "UTF-8, or nothing else is said: if this is not drawn well, use --ascii:  " + SAMPLE)
    yield from _way_here(site)


def _colours(site: Site, found: Imaging) -> Finding:
    many = _PALETTES[found.palette]
    if "NO_COLOR" in site.environ:
        return ok("colours", "none, as NO_COLOR is set: states and curves are told apart by signs")
    if found.palette == "full":
        return ok("colours", many)
    fix = (
        "If the terminal has 24-bit colours: export COLORTERM=truecolor (ssh leaves it behind; SendEnv takes it along)."
    )
    return note("colours", f"{many}, by TERM and COLORTERM", fix)


def _pictures(site: Site, *, only_ascii: bool) -> Iterator[Finding]:
    """What --images auto takes and why, and whether pixels could be had."""
    automatic = imaging("auto", site.environ, ascii_only=only_ascii)
    cells = {"half": "half-blocks", "blocks": "blocks of ground colour", "shades": "shades", "ascii": "ASCII"}
    why = {
        "half": "pixels themselves cost a slow link several times the bytes",
        "blocks": "the locale knows no half-blocks",
        "shades": "there are too few colours",
        "ascii": "there are too few colours",
    }
    yield ok("pictures", f"--images auto draws {cells[automatic.cells]}: {why[automatic.cells]}")
    obstacles = {imaging(way, site.environ, ascii_only=only_ascii).notice for way in ("kitty", "sixel")} - {""}
    if obstacles:
        yield ok("pixels", " ".join(sorted(obstacles)))
    else:
        yield ok("pixels", "--images kitty or sixel can be tried; whether the terminal knows them is not asked")
    way = way_of(site.environ)
    yield ok("calls", f"--notify desktop uses {way.upper()}" if way else "--notify desktop rings the bell here")
    yield ok("frames", "Textual asks for synchronized output as a screen opens, and uses it where the terminal answers")


def _way_here(site: Site) -> Iterator[Finding]:
    """What lies between the process and the user's eyes."""
    above = " ".join(site.ancestors())
    for name, called in _MULTIPLEXERS.items():
        if (
            name in above
            or (name == "tmux" and site.environ.get("TMUX"))
            or (name == "screen" and site.environ.get("STY"))
        ):
            yield ok("multiplexer", f"{called}: not needed, and no harm; it carries no pixels and no desktop messages")
    if "mosh-server" in above:
        yield ok("connection", "mosh: it draws what has changed itself, and survives other networks and sleep")
    elif source := site.environ.get("SSH_CONNECTION", "").split():
        yield ok("connection", f"SSH, from {source[0]}: when it breaks the run goes on; gan-tui attach comes back")
