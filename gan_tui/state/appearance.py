"""How the screens are to look and which keys they take: what the user has chosen, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from gan_tui.state.imaging import Images, Imaging

ThemeName: TypeAlias = Literal["dark", "light", "colour-blind-dark", "colour-blind-light", "monochrome"]
Means: TypeAlias = Literal["off", "bell", "desktop", "both"]
"""How a user is called: not at all, by the terminal's bell, by a message on the desktop, or by both."""
THEME_NAMES: tuple[ThemeName, ...] = get_args(ThemeName)
"""In the order in which a key goes through them."""
LEAST_WIDTH, LEAST_HEIGHT = 60, 15
"""Columns and rows that the screens need."""


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """What an application is dressed in."""

    theme: ThemeName = "dark"
    ascii: bool = False
    """Whether nothing but ASCII may be drawn."""
    mouse: bool = True
    """Whether the terminal is to report the mouse."""
    images: Images = "auto"
    """How pictures are asked to be drawn."""
    imaging: Imaging = field(default_factory=Imaging)
    """What comes of it on this terminal."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other keys than the built-in ones, in Textual's spelling, by the id of the action."""
    notify: Means = "bell"
    """How the user is called for alerts and the run's end."""
    file: str = ""
    """Where a user would write a choice down, for words about it."""
