"""What a terminal is sent to call its user, and that it comes to it between frames."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from engine.protocol import events as ev
from engine.protocol.rundir import RunDirectory
from gan_tui.app import Dashboard
from gan_tui.state.appearance import Appearance, Means
from gan_tui.state.notifying import MEANS, Notice
from gan_tui.state.outlet import NoOutlet
from gan_tui.state.tempo import Tempo
from gan_tui.surroundings import Surroundings, Watched
from gan_tui.terminal.calling import Way, call, in_words, way_of
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.recorded import Recording

NOTICE = Notice("zebra: alert", "D; saturated\x1b]0;gotcha\x07")


@pytest.mark.parametrize(
    ("environment", "way"),
    [
        ({"TERM": "xterm-256color"}, "osc 9"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "osc 9"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "osc 777"),
        ({"TERM": "xterm-ghostty"}, "osc 777"),
        ({"TERM": "foot"}, "osc 777"),
        ({"TERM": "xterm-kitty"}, "osc 99"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "osc 99"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/tmux,1,0"}, ""),
        ({"TERM": "screen.xterm-256color"}, ""),
        ({"TERM": "linux"}, ""),
        ({}, ""),
    ],
)
def test_the_way_is_told_by_the_environment(environment: dict[str, str], way: Way) -> None:
    assert way_of(environment) == way


@pytest.mark.parametrize("way", ["osc 9", "osc 777", "osc 99"])
def test_a_message_is_one_that_the_terminal_can_read_and_nothing_else(way: Way) -> None:
    sent = call(NOTICE, "desktop", way)
    assert sent.startswith(f"\x1b]{way.removeprefix('osc ')};")
    assert sent.endswith("\x1b\\")
    ends = sent.count("\x1b\\")
    assert (sent.count("\x1b"), sent.count("\x07")) == (2 * ends, 0), "nothing of the text ends it or begins another"
    assert "zebra: alert" in sent
    assert "saturated" in sent
    assert call(NOTICE, "both", way) == sent + "\x07"


def test_the_bell_stands_in_where_there_is_no_desktop_and_off_is_silent() -> None:
    assert call(NOTICE, "desktop", "") == "\x07"
    assert "the bell rings instead" in in_words("desktop", "")
    assert call(NOTICE, "bell", "osc 9") == "\x07"
    assert call(NOTICE, "off", "osc 9") == ""
    assert len({in_words(means, "osc 9") for means in MEANS}) == len(MEANS)


class Terminal(NoOutlet):
    """What it is sent beside frames."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def after_frame(self, key: str, *pieces: bytes) -> None:
        """Note it."""
        self.sent.extend(pieces)


@pytest.mark.parametrize(("means", "presses"), [("bell", 0), ("off", 1)], ids=["told at the start", "chosen by key"])
async def test_only_news_calls(means: Means, presses: int, run_dir: Path, recording: Recording) -> None:
    terminal = Terminal()
    old = ev.Alert(**recording.when(1), subject="D", fact="saturated")
    feed = FakeFeed([ev.Training(**recording.when(0)), old])
    world = Surroundings(
        zone=UTC,
        tempo=Tempo(text=0, curves=0),
        messages="osc 9",
        outlet=terminal,
        appearance=Appearance(notify=means),
    )
    app = Dashboard(Watched(feed=feed, run=RunDirectory(run_dir)), world)
    async with app.run_test() as pilot:
        for _ in range(presses):
            await pilot.press("exclamation_mark")
        feed.play(recording.metrics(2))
        await pilot.pause()
        assert terminal.sent == []
        feed.play(ev.Alert(**recording.when(3), subject="D", fact="saturated"))
        await pilot.pause()
        assert terminal.sent == [b"\x07"]
