"""Keys that come in one burst, as over a slow link, do what they do when they come one by one."""

from __future__ import annotations

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from engine.protocol import commands as cmd
from gan_tui.departures import Departure
from gan_tui.screens.prompts import NoteDialog
from gan_tui.screens.stop import StopDialog
from tests.gan_tui.conftest import MakeDashboard
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.screens.settled import settle

NAMES = {"\r": "enter", "\x1b": "escape", "=": "equals_sign", "/": "slash", ".": "full_stop", " ": "space"}


async def burst(pilot: Pilot[Departure], text: str) -> None:
    """Have all keys there before the first is handled."""
    for char in text:
        pilot.app.post_message(events.Key(NAMES.get(char, char), char))
    await settle(pilot)


async def test_a_burst_of_keys(make_dashboard: MakeDashboard, feed: FakeFeed) -> None:
    app = make_dashboard(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await burst(pilot, "=0.7\r\r")
        assert feed.sent == [cmd.SetControls(values={"loss.adversarial": 0.7})], (
            "the second Enter applies what is prepared"
        )
        await burst(pilot, "\x1bmPaused q here")
        assert isinstance(app.screen, NoteDialog)
        assert app.screen.query_one(Input).value == "Paused q here"
        await burst(pilot, "\r\r/cyc\r\r")
        assert feed.sent[1] == cmd.WriteNote(text="Paused q here")
        assert len(feed.sent) == 2
        assert app.screen is app.screen_stack[0], "the second Enter has closed nothing"
        await burst(pilot, "Xc?\x1bXs")
        assert feed.sent[2:] == [cmd.Stop(how="save")]


async def test_a_dialog_is_answered_once(make_dashboard: MakeDashboard, feed: FakeFeed) -> None:
    app = make_dashboard(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await burst(pilot, "X")
        dialog = app.screen
        assert isinstance(dialog, StopDialog)
        dialog.dismiss("save")
        dialog.dismiss("discard")
        await settle(pilot)
        assert feed.sent == [cmd.Stop(how="save")]
