"""What a terminal is sent to call its user: the bell, and a message on the desktop in the terminal's own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from gan_tui.state.appearance import Means
from gan_tui.state.notifying import Notice
from gan_tui.state.plain_text import printable

BELL = "\x07"
LONGEST = 240
"""Characters of a message; desktops cut longer ones."""

Way: TypeAlias = Literal["osc 9", "osc 777", "osc 99", ""]
"""Operating system command for a message on the desktop; empty where the terminal has none that is known to be safe."""


def way_of(environment: Mapping[str, str]) -> Way:
    """How the terminal takes messages, by what the environment says of it; it is never asked.

    Inside tmux and screen none is: what they hand through depends on their settings, and what they do not may be shown.
    A terminal that is only known to be like xterm gets OSC 9, which those that do not know it leave unseen.
    """
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if "TMUX" in environment or "STY" in environment or term.startswith(("tmux", "screen")):
        return ""
    if "KITTY_WINDOW_ID" in environment or term == "xterm-kitty":
        return "osc 99"
    if program in ("WezTerm", "ghostty") or term.startswith(("xterm-ghostty", "foot", "rxvt-unicode", "wezterm")):
        return "osc 777"
    return "osc 9" if term.startswith(("xterm", "alacritty", "iterm")) else ""


def call(notice: Notice, means: Means, way: Way) -> str:
    """What to write to the terminal; on a desktop that cannot be reached the bell stands in."""
    if means == "off":
        return ""
    message = "" if means == "bell" else _message(notice, way)
    return message + (BELL if means in ("bell", "both") or not message else "")


def in_words(means: Means, way: Way) -> str:
    """What the user is told when they choose."""
    match means:
        case "off":
            return "Notifications are off."
        case "bell":
            return "An alert, or the run's end, rings the bell."
        case _ if not way:
            return "This terminal is not known to take desktop messages (in tmux none does): the bell rings instead."
        case "desktop":
            return "An alert, or the run's end, is told on the desktop."
        case "both":
            return "An alert, or the run's end, is told on the desktop and rings the bell."


def _message(notice: Notice, way: Way) -> str:
    title, text = (_plain(part) for part in notice)
    match way:
        case "osc 9":
            return f"\x1b]9;{_plain(f'{title}: {text}')}\x1b\\"
        case "osc 777":
            return f"\x1b]777;notify;{title.replace(';', ',')};{text.replace(';', ',')}\x1b\\"
        case "osc 99":
            return f"\x1b]99;i=gan-tui:d=0;{title}\x1b\\\x1b]99;i=gan-tui:p=body;{text}\x1b\\"
        case "":
            return ""


def _plain(text: str) -> str:
    """Without anything that would end the command or begin another."""
    return printable(text)[:LONGEST]
