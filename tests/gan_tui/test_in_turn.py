"""Keys that come in one burst, as over a slow link, do what they do when they come one by one."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from engine.protocol import commands as cmd
from gan_tui import in_turn
from gan_tui.departures import Departure
from gan_tui.screens.prompts import NoteDialog
from gan_tui.screens.stop import StopDialog
from gan_tui.widgets.controls import ControlsPane
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


async def test_a_paste_behind_a_key(make_dashboard: MakeDashboard, feed: FakeFeed) -> None:
    app = make_dashboard(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.post_message(events.Key("m", "m"))
        app.post_message(events.Paste("from the clipboard"))
        await settle(pilot)
        assert app.screen.query_one(Input).value == "from the clipboard"


async def test_a_click_behind_a_key(make_dashboard: MakeDashboard, feed: FakeFeed) -> None:
    app = make_dashboard(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        beneath = app.screen
        focused, controls = beneath.focused, beneath.query_one(ControlsPane)
        x, y = controls.region.bottom_right
        app.post_message(events.Key("X", "X"))
        for event in (events.MouseDown, events.MouseUp):
            app.post_message(event(None, x - 2, y - 2, 0, 0, 1, False, False, False))
        await settle(pilot)
        assert isinstance(app.screen, StopDialog)
        assert beneath.focused is focused is not controls


async def test_looks_that_come_back_twice(
    make_dashboard: MakeDashboard, feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_turn, "PATIENCE_SECONDS", 0.0)  # each is missed, and comes back all the same
    app = make_dashboard(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("y")
        for _ in range(10):
            await pilot.pause()
        assert app.at_rest
        await burst(pilot, "m")
        assert isinstance(app.screen, NoteDialog)


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
