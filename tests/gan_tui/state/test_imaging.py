"""How pictures are drawn, by what was asked for and what the environment says."""

from __future__ import annotations

import pytest
from rich.console import Console

from gan_tui.state.imaging import Images, Imaging, imaging

FULL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
POOR = {"TERM": "xterm-256color"}
KITTY = {"TERM": "xterm-kitty", "COLORTERM": "truecolor"}
PIXELS = {"color_system": "truecolor"}


@pytest.mark.parametrize(
    ("asked", "environment", "expected"),
    [
        ("auto", FULL, Imaging()),
        ("auto", POOR, Imaging(palette="256")),
        ("auto", KITTY, Imaging()),
        ("auto", {"TERM": "xterm-kitty"}, Imaging(color_system="truecolor")),
        ("auto", {"TERM": "alacritty"}, Imaging(color_system="truecolor")),
        ("auto", {"TERM": "xterm"}, Imaging(cells="shades", palette="grey")),
        (
            "auto",
            {"TERM": "dumb", "COLORTERM": "truecolor"},
            Imaging(cells="ascii", palette="grey", color_system="standard"),
        ),
        ("auto", {}, Imaging(cells="ascii", palette="grey", color_system="standard")),
        ("auto", FULL | {"NO_COLOR": ""}, Imaging(cells="shades", palette="grey")),
        ("auto", POOR | {"TEXTUAL_COLOR_SYSTEM": "truecolor"}, Imaging()),
        ("half", FULL, Imaging()),
        ("half", {"TERM": "xterm"}, Imaging(palette="256", color_system="256")),
        ("off", FULL, Imaging(protocol="off")),
        ("kitty", KITTY, Imaging(protocol="kitty", **PIXELS)),
        ("kitty", POOR, Imaging(protocol="kitty", **PIXELS)),
        ("sixel", POOR, Imaging(protocol="sixel", **PIXELS)),
    ],
)
def test_what_is_asked_for_is_what_is_drawn(asked: Images, environment: dict[str, str], expected: Imaging) -> None:
    assert imaging(asked, environment) == expected


@pytest.mark.parametrize(
    ("asked", "environment", "cells", "word"),
    [
        ("kitty", KITTY | {"TMUX": "/tmp/tmux-0/default,1,0"}, "half", "tmux"),
        ("sixel", {"TERM": "screen-256color"}, "half", "screen"),
        ("kitty", FULL | {"TERM_PROGRAM": "WezTerm"}, "half", "--images sixel"),
        ("kitty", FULL | {"TERM_PROGRAM": "vscode"}, "half", "VS Code"),
        ("sixel", FULL | {"NO_COLOR": "1"}, "shades", "NO_COLOR"),
    ],
)
def test_what_cannot_be_had_is_told(asked: Images, environment: dict[str, str], cells: str, word: str) -> None:
    found = imaging(asked, environment)
    assert (found.protocol, found.cells) == ("cells", cells)
    assert word in found.notice


def test_sixels_are_not_refused_where_placeholders_are() -> None:
    assert imaging("sixel", FULL | {"TERM_PROGRAM": "WezTerm"}).protocol == "sixel"


def test_in_ascii_a_cell_is_a_coloured_space_or_a_letter() -> None:
    assert imaging("auto", FULL, ascii_only=True).cells == "blocks"
    assert imaging("auto", {"TERM": "xterm"}, ascii_only=True).cells == "ascii"
    assert imaging("kitty", KITTY, ascii_only=True).cells == "blocks"


@pytest.mark.parametrize("term", ["xterm-256color", "xterm-kitty", "tmux-256color", "xterm", "linux", "dumb", "vt100"])
@pytest.mark.parametrize("colorterm", ["", "truecolor", "24bit"])
def test_the_colours_that_textual_finds_are_known(term: str, colorterm: str) -> None:
    environment = {"TERM": term, "COLORTERM": colorterm}
    found = Console(color_system="auto", force_terminal=True, _environ=environment).color_system
    drawn = imaging("auto", environment)
    if drawn.color_system:  # Textual is told
        assert found != drawn.color_system
    elif drawn.cells == "half":
        assert found == {"full": "truecolor", "256": "256"}[drawn.palette]
    else:
        assert found in ("standard", None)
