"""What reaches a terminal of few colours, of none, and one that draws pixels: the dashboard in a process of its own."""

from __future__ import annotations

import re

import pytest

from engine.protocol.rundir import RunDirectory
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND
from tests.gan_tui.conftest import make_run
from tests.gan_tui.drawings import write_sheet
from tests.gan_tui.long_records import write_record
from tests.gan_tui.recorded import Recording

CAPTION = "fake B"


@pytest.fixture(scope="module")
def ended_run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    run = make_run(tmp_path_factory.mktemp("runs"))
    run.events.unlink()
    rows = write_sheet(run.samples / "step-00000500.png", 0.7)
    write_record(run, Recording().run(500, rows, (500,)))
    return run


def attached(run: RunDirectory, *options: str, **env: str) -> Terminal:
    return Terminal([*COMMAND, "attach", str(run.root), *options], env=env)


def colours_sent(terminal: Terminal) -> tuple[int, int]:
    """How often a colour of three channels was set, and one by number."""
    written = bytes(terminal.written)
    return len(re.findall(rb"[34]8;2;", written)), len(re.findall(rb"[34]8;5;", written))


def test_a_terminal_of_256_colours_is_sent_no_others(ended_run: RunDirectory) -> None:
    with attached(ended_run, COLORTERM="") as terminal:
        terminal.wait_for("real A", CAPTION)
        terminal.wait_until(lambda: "▀" in terminal.text, "a picture")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        full, numbered = colours_sent(terminal)
        assert full == 0
        assert numbered > 100


@pytest.mark.parametrize(
    ("env", "ramp"),
    [({"NO_COLOR": "1"}, "░▒▓█"), ({"TERM": "dumb", "COLORTERM": ""}, ".:-=+*#%@")],
    ids=["NO_COLOR", "dumb"],
)
def test_without_colours_brightness_is_a_character(ended_run: RunDirectory, env: dict[str, str], ramp: str) -> None:
    with attached(ended_run, **env) as terminal:
        terminal.wait_for("real A", CAPTION)
        terminal.wait_until(lambda: sum(map(terminal.text.count, ramp)) > 200, "a picture")
        assert "▀" not in terminal.text
        channels = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", terminal.written)
        assert all(red == green == blue for red, green, blue in channels), "shades of grey at most"
        assert b"8;5;" not in terminal.written


def test_pictures_that_are_off_are_told_and_everything_else_is_there(ended_run: RunDirectory) -> None:
    with attached(ended_run, "--images", "off") as terminal:
        terminal.wait_for("4 × real A · fake B · rec A", "step-00000500.png", "Pictures are off", "cycle_A")
        assert "▀" not in terminal.text


def test_kitty_is_sent_pictures_and_their_deletion(ended_run: RunDirectory) -> None:
    with attached(ended_run, "--images", "kitty", TERM="xterm-kitty", COLORTERM="") as terminal:
        terminal.wait_until(lambda: terminal.written.count(b"\x1b_Ga=T") >= 6, "pictures")
        terminal.wait_until(lambda: "\U0010eeee".encode() in terminal.written, "placeholders")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    numbers = re.findall(rb"\x1b_Ga=T,U=1,q=2,f=100,i=(\d+),", terminal.written)
    assert len(numbers) == len(set(numbers)) >= 6
    deleted = re.findall(rb"\x1b_Ga=d,d=I,q=2,i=(\d+)\x1b", terminal.written)
    assert set(numbers) < set(deleted)
    assert terminal.written.index(b"\x1b_Ga=d") < terminal.written.index(b"\x1b[?1049l"), "of the screen they are on"
    assert "▀".encode() not in terminal.written


def test_sixels_are_drawn_over_the_cells_that_were_kept_for_them(ended_run: RunDirectory) -> None:
    with attached(ended_run, "--images", "sixel", COLORTERM="") as terminal:
        terminal.wait_until(lambda: terminal.written.count(b"\x1bP0;1;0q") >= 6, "sixels")
        before = terminal.written.count(b"\x1bP0;1;0q")
        terminal.press("?")
        terminal.wait_until(lambda: b"every key" in terminal.written, "the help")
        terminal.press("escape")
        terminal.wait_until(lambda: terminal.written.count(b"\x1bP0;1;0q") > before, "sixels after the help")


def test_under_tmux_pictures_are_half_blocks_and_it_is_said(ended_run: RunDirectory) -> None:
    with attached(ended_run, "--images", "kitty", TMUX="/tmp/tmux,1,0") as terminal:
        terminal.wait_for("half-blocks: kitty does not pass through tmux")
        terminal.wait_until(lambda: "▀" in terminal.text, "a picture")
