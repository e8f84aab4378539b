"""Colours as tokens: a dark and a light theme, each with eight colours that colour-blind people can tell apart."""

from __future__ import annotations

from textual.theme import Theme

SERIES = 8
"""How many series colours a theme has; a plot with more begins again, and its labels tell the series apart."""

# Okabe and Ito's palette ("Color Universal Design", 2008), lightened for a dark ground and darkened for a light one;
# its black becomes grey.
_ON_DARK = ("#56B4E9", "#E69F00", "#00C08B", "#F0E442", "#4C8DFF", "#FF7A33", "#E59BC4", "#C8CDD4")
_ON_LIGHT = ("#0B79B8", "#A86F00", "#00775A", "#857B00", "#1F4FD0", "#B84700", "#A3447A", "#3C4248")


BESIDE = 0.5
"""How much of a colour is left in that of the same series of another run; the rest is the ground's."""


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02X}" for a, b in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _tokens(colours: tuple[str, ...], *, frame: str, faint: str, ground: str, accent: str) -> dict[str, str]:
    return {
        **{f"series-{number}": colour for number, colour in enumerate(colours)},
        **{f"beside-{number}": _mixed(colour, ground, BESIDE) for number, colour in enumerate(colours)},
        "frame": frame,
        "faint": faint,
        "input-cursor-background": accent,
        "scrollbar": frame,
        "scrollbar-hover": faint,
        "scrollbar-active": accent,
        "scrollbar-background": ground,
        "scrollbar-background-hover": ground,
        "scrollbar-background-active": ground,
        "scrollbar-corner-color": ground,
    }


DARK = Theme(
    name="gan-dark",
    primary="#56B4E9",
    secondary="#7C8CA6",
    accent="#E69F00",
    warning="#E6B450",
    error="#FF6B4A",
    success="#00C08B",
    foreground="#D7DCE4",
    background="#11141A",
    surface="#161A22",
    panel="#1E2430",
    dark=True,
    variables=_tokens(_ON_DARK, frame="#3A4354", faint="#6B778C", ground="#11141A", accent="#56B4E9"),
)

LIGHT = Theme(
    name="gan-light",
    primary="#0B79B8",
    secondary="#55637A",
    accent="#A86F00",
    warning="#946200",
    error="#B3261E",
    success="#00775A",
    foreground="#1D232C",
    background="#FAFAF7",
    surface="#F2F2ED",
    panel="#E6E7E2",
    dark=False,
    variables=_tokens(_ON_LIGHT, frame="#B6BBC4", faint="#6E7684", ground="#FAFAF7", accent="#0B79B8"),
)

THEMES = (DARK, LIGHT)
