"""Colours as tokens: the themes, each with eight colours for series."""

from __future__ import annotations

from textual.theme import Theme

from gan_tui.state.appearance import ThemeName

SERIES = 8
"""How many series colours a theme has; a plot with more begins again, and its labels tell the series apart."""

# Okabe and Ito's palette ("Color Universal Design", 2008), lightened for a dark ground and darkened for a light one;
# its black becomes grey. What is moved for colour-blind people is moved until every two colours are 22 apart or more in
# CIELAB, also as protanopes and deuteranopes see them (Machado, Oliveira and Fernandes 2009).
_ON_DARK = ("#56B4E9", "#E69F00", "#00C08B", "#F0E442", "#4C8DFF", "#FF7A33", "#E59BC4", "#C8CDD4")
_ON_LIGHT = ("#0B79B8", "#A67135", "#00775A", "#857B00", "#1F4FD0", "#9E3300", "#A3447A", "#3C4248")
_APART_ON_DARK = ("#56B4E9", "#FFD581", "#41BF84", "#F5E841", "#4C8DFF", "#FF7A33", "#B7729A", "#C8CDD4")
_APART_ON_LIGHT = ("#0779B8", "#BC7C00", "#198161", "#968B4D", "#1F4FD0", "#A03800", "#722E78", "#3C4248")
_GREYS = ("#FFFFFF", "#9A9A9A", "#D8D8D8", "#808080", "#EDEDED", "#ABABAB", "#C4C4C4", "#8C8C8C")
"""Neighbours are far apart; beyond that the labels tell the series apart."""

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
    name="dark",
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
    name="light",
    primary="#0B79B8",
    secondary="#55637A",
    accent="#966300",
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

COLOUR_BLIND_DARK = Theme(
    name="colour-blind-dark",
    primary="#56B4E9",
    secondary="#8A97AD",
    accent="#F0E442",
    warning="#F0E442",
    error="#FF7A33",
    success="#56B4E9",
    foreground="#E4E7EC",
    background="#11141A",
    surface="#161A22",
    panel="#1E2430",
    dark=True,
    variables=_tokens(_APART_ON_DARK, frame="#465062", faint="#8591A6", ground="#11141A", accent="#56B4E9"),
)

COLOUR_BLIND_LIGHT = Theme(
    name="colour-blind-light",
    primary="#0A64A0",
    secondary="#55637A",
    accent="#80600A",
    warning="#80600A",
    error="#5E0F00",
    success="#0A64A0",
    foreground="#14181F",
    background="#FAFAF7",
    surface="#F2F2ED",
    panel="#E6E7E2",
    dark=False,
    variables=_tokens(_APART_ON_LIGHT, frame="#A2A8B3", faint="#5B6371", ground="#FAFAF7", accent="#0A64A0"),
)

MONOCHROME = Theme(
    name="monochrome",
    primary="#FFFFFF",
    secondary="#C8C8C8",
    accent="#FFFFFF",
    warning="#FFFFFF",
    error="#FFFFFF",
    success="#FFFFFF",
    foreground="#F2F2F2",
    background="#000000",
    surface="#000000",
    panel="#333333",
    dark=True,
    variables=_tokens(_GREYS, frame="#7A7A7A", faint="#B0B0B0", ground="#000000", accent="#FFFFFF"),
)

THEMES: dict[ThemeName, Theme] = {
    "dark": DARK,
    "light": LIGHT,
    "colour-blind-dark": COLOUR_BLIND_DARK,
    "colour-blind-light": COLOUR_BLIND_LIGHT,
    "monochrome": MONOCHROME,
}
