"""How pictures are drawn: by the user's choice and by what the environment says of the terminal, which is never asked.

A terminal that is asked answers late over a slow link, and its answers arrive as key presses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Images: TypeAlias = Literal["auto", "half", "kitty", "sixel", "off"]
"""What a user can ask for."""
Protocol: TypeAlias = Literal["cells", "kitty", "sixel", "off"]
"""What draws a picture: characters in cells, one of the two protocols for pixels, or nothing."""
Cells: TypeAlias = Literal["half", "blocks", "shades", "ascii"]
"""What a cell shows: two pixels, one above the other; one pixel as its ground; or its brightness by a character of
block elements, or of ASCII."""
Palette: TypeAlias = Literal["full", "256", "grey"]
"""The colours that pixels are drawn in; grey is stretched to what can be told apart in a few characters."""

_FULL_BY_NAME = ("kitty", "ghostty", "alacritty", "foot", "wezterm", "contour", "direct", "iterm2")
"""Parts of the TERM of terminals that have all colours, which COLORTERM does not tell where ssh has left it behind."""
_NO_PLACEHOLDERS = {"WezTerm": "WezTerm", "vscode": "VS Code", "iTerm.app": "iTerm2"}
"""Terminals, by TERM_PROGRAM, that know kitty's protocol in part: not the placeholders, by which a picture is text."""


@dataclass(frozen=True, kw_only=True)
class Imaging:
    """How pictures are drawn here."""

    protocol: Protocol = "cells"
    cells: Cells = "half"
    """Also of thumbnails, which are always drawn in cells."""
    palette: Palette = "full"
    color_system: Literal["", "truecolor", "256", "standard"] = ""
    """What Textual is to be told of the terminal's colours; empty: nothing, it finds the same."""
    notice: str = ""
    """Why it is not what the user asked for."""


def imaging(asked: Images, environment: Mapping[str, str], *, ascii_only: bool = False) -> Imaging:
    """How pictures are drawn.

    Args:
        asked: the user's choice. Half-blocks are the automatic one: but for one large picture by kitty's protocol
            pixels cost 2.4 to 8.4 times their bytes (docs/dashboard.md). Asked for by name, half-blocks have colours
            whatever the environment says of them.
        environment: the process's.
        ascii_only: whether nothing but ASCII may be drawn.
    """
    if asked == "off":
        return Imaging(protocol="off")
    obstacle = _obstacle(asked, environment, ascii_only=ascii_only)
    if asked in ("kitty", "sixel") and not obstacle:
        # A picture's number travels as a colour, which has to arrive as it is.
        return Imaging(protocol="kitty" if asked == "kitty" else "sixel", color_system="truecolor")
    told, found = _colours(environment)
    colours = "256" if asked == "half" and found == "none" else found
    if colours == "none":
        if _dumb(environment):  # Textual takes it for one with all colours
            return Imaging(cells="ascii", palette="grey", color_system="standard", notice=obstacle)
        return Imaging(cells="ascii" if ascii_only else "shades", palette="grey", notice=obstacle)
    system: Literal["", "truecolor", "256"] = ""
    if colours != told:
        system = "truecolor" if colours == "full" else "256"
    cells: Cells = "blocks" if ascii_only else "half"
    return Imaging(cells=cells, palette="full" if colours == "full" else "256", color_system=system, notice=obstacle)


def _obstacle(asked: Images, environment: Mapping[str, str], *, ascii_only: bool) -> str:
    """Why the terminal cannot be sent pixels."""
    if asked not in ("kitty", "sixel"):
        return ""
    if environment.get("TMUX") or environment.get("TERM", "").startswith(("tmux", "screen")):
        return f"Pictures are half-blocks: {asked} does not pass through tmux or screen."
    if ascii_only:
        return f"Pictures are drawn in cells: {asked} is not ASCII."
    if "NO_COLOR" in environment:
        return f"Pictures are drawn in cells: {asked} needs colours, and NO_COLOR is set."
    program = environment.get("TERM_PROGRAM", "")
    if asked == "kitty" and program in _NO_PLACEHOLDERS:
        return f"Pictures are half-blocks: {_NO_PLACEHOLDERS[program]} lacks kitty's placeholders. Try --images sixel."
    return ""


_Colours: TypeAlias = Literal["full", "256", "none"]


def _colours(environment: Mapping[str, str]) -> tuple[_Colours, _Colours]:
    """The terminal's colours: those that Textual will find, and those that there are.

    Fewer than 256 are none: in sixteen a photograph is unrecognisable, in shades it is not.
    """
    if "NO_COLOR" in environment:
        return "none", "none"
    term = environment.get("TERM", "").strip().lower()
    set_by_hand = environment.get("TEXTUAL_COLOR_SYSTEM", "auto")
    by_hand: dict[str, _Colours] = {"truecolor": "full", "256": "256", "standard": "none"}
    if set_by_hand in by_hand:
        return by_hand[set_by_hand], by_hand[set_by_hand]
    if _dumb(environment):
        return "none", "none"
    if environment.get("COLORTERM", "").strip().lower() in ("truecolor", "24bit"):
        return "full", "full"
    told: _Colours = "256" if term.endswith("256color") or term.rpartition("-")[2] == "kitty" else "none"
    return told, "full" if any(part in term for part in _FULL_BY_NAME) else told


def _dumb(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM", "").strip().lower() in ("", "dumb", "unknown")
