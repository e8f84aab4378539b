"""What applications are dressed in: keys of the user's own, nothing but ASCII, meaning without colour, any size."""

from __future__ import annotations

from typing import Any

import pytest
from textual.command import CommandPalette
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from engine.protocol.rundir import RunDirectory
from gan_tui.actions.table import ACTIONS
from gan_tui.client.branch import ResumeRequest
from gan_tui.picker import PickerApp
from gan_tui.screens.checkpoints import CheckpointPicker
from gan_tui.screens.dashboard import DashboardScreen
from gan_tui.screens.help import HelpScreen
from gan_tui.screens.run_prompts import LineDialog
from gan_tui.state.appearance import Appearance
from tests.gan_tui.conftest import MakeDashboard
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.recorded import BEGAN
from tests.gan_tui.screens.settled import settle

LEAVING = {"detach", "runs"}
"""Actions after which there is no screen."""


def screen_text(pilot: Pilot[Any]) -> str:
    """What is on the screen, line by line."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def strange(text: str) -> str:
    """The characters that are not ASCII."""
    return "".join(sorted({char for char in text if not char.isascii()}))


async def press(pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


async def test_keys_of_the_users_own(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    keys = {
        "pause": ("S",),
        "save": ("P",),
        "detach": ("f10",),
        "help": ("ü",),
        "control-next": ("j",),
        "default": ("K",),
        "checkpoints-note": ("f9",),
        "stop-save": ("y",),
    }
    app = make_dashboard(feed, keys=keys)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        footer = screen_text(pilot).splitlines()[-1]
        assert footer.startswith(" F10 detach  S pause  P save  [ j control  - + nudge")
        assert footer.rstrip().endswith("ü help")
        await press(pilot, "P", "q", "question_mark")
        assert [type(each).__name__ for each in feed.sent] == ["SaveCheckpoint"], "what was bound before is free"
        await press(pilot, "j", "ctrl+c")
        assert "F10 leaves the dashboard and training continues; X stops the run." in screen_text(pilot)
        assert " · [ j choose" in screen_text(pilot)
        assert "  K 10  = 0…" in screen_text(pilot)
        await press(pilot, "ü")
        assert isinstance(app.screen, HelpScreen)
        assert "        S  Pause training" in screen_text(pilot)
        [group] = [each for each in app.screen.query(Static) if str(each.content) == "Checkpoint picker"]
        group.scroll_visible(animate=False, top=True)
        await settle(pilot)
        assert "       F9  note" in screen_text(pilot)
        await press(pilot, "escape", "R")
        assert "* star · F9 note · g newest good" in screen_text(pilot)
        await press(pilot, "m")
        assert isinstance(app.screen, CheckpointPicker), "which is free now"
        await press(pilot, "f9")
        assert isinstance(app.screen, LineDialog)
        await press(pilot, "escape", "escape", "X")
        assert " y  Save and stop " in screen_text(pilot)
        await press(pilot, "y")
        assert [type(each).__name__ for each in feed.sent] == ["SaveCheckpoint", "Stop"]
        await press(pilot, "colon", *"pause")
        assert "pause (S)" in screen_text(pilot)
        await press(pilot, "escape", "f10")
        assert app.return_value is not None


async def test_the_palette_lists_every_action_and_nothing_else(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    app = make_dashboard(feed)
    async with app.run_test(size=(120, 60)) as pilot:
        await press(pilot, "colon")
        assert isinstance(app.screen, CommandPalette)
        listed = app.screen.query_one(OptionList)
        found = [str(option.prompt).splitlines()[0] for option in listed.options]
        assert sorted(found) == sorted(f"{action.label} ({action.shown})" for action in ACTIONS)


async def test_nothing_but_ascii_is_drawn_on_any_screen(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    """Every action by its key, from the dashboard; what it opens is closed again."""
    app = make_dashboard(feed, ascii=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for action in ACTIONS:
            if action.id in LEAVING:
                continue
            await pilot.press(action.keys[0])
            if not isinstance(app.screen, DashboardScreen):
                await settle(pilot)
                assert strange(screen_text(pilot)) == "", action.id
                await pilot.press("escape")
            assert strange(screen_text(pilot)) == "", action.id
            assert isinstance(app.screen, DashboardScreen), f"{action.id} opens what Escape does not close"
        await press(pilot, "1")
        text = screen_text(pilot)
    assert "horse2zebra | * TRAINING" in text
    assert "#= losses" in text
    assert "+- samples" in text


async def test_the_picker_draws_nothing_but_ascii_too(run_dir: object) -> None:
    run, request = RunDirectory(run_dir), ResumeRequest()  # type: ignore[arg-type]
    app = PickerApp(run, request, now=BEGAN + 900, appearance=Appearance(ascii=True, theme="light"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert app.theme == "light"
        assert strange(screen_text(pilot)) == ""
        assert "40,000" in screen_text(pilot)
        await pilot.resize_terminal(59, 40)
        await settle(pilot)
        assert "40,000" not in screen_text(pilot)
        assert "59 x 40 is too small" in screen_text(pilot)
        await pilot.resize_terminal(60, 15)
        await settle(pilot)
        assert "40,000" in screen_text(pilot)


async def test_a_run_whose_name_is_not_ascii_keeps_its_width(make_dashboard: MakeDashboard) -> None:
    app = make_dashboard(FakeFeed(name="斑馬-été"), ascii=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        first = screen_text(pilot).splitlines()[0]
        assert first.startswith(" ????-ete | ")
        assert len(first) == 80


async def test_without_colour_the_frame_tells_where_keys_go(
    feed: FakeFeed, make_dashboard: MakeDashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_dashboard(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "3")
        assert "┏━ controls" in screen_text(pilot)
        assert "╭─ losses" in screen_text(pilot)
        await press(pilot, "1")
        assert "╭─ controls" in screen_text(pilot)
        assert "┏━ losses" in screen_text(pilot)
        colours = {
            (style.color, style.bgcolor)
            for strip in pilot.app.screen._compositor.render_strips()
            for _, style, _ in strip
            if style
        }
        told = [each.triplet for pair in colours for each in pair if each is not None and each.triplet is not None]
        assert told
        assert all(len(set(triplet)) == 1 for triplet in told)


async def test_any_size(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    """From nothing to a wall, with a dialog open or not; what is too small says so, and comes back as it was."""
    app = make_dashboard(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "3")
        for size in ((59, 15), (60, 14), (20, 5), (3, 2), (1, 1)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert "horse2zebra" not in screen_text(pilot)
            assert screen_text(pilot).split()[:1] == [str(size[0])] or size[0] < 20
        await press(pilot, "question_mark")
        assert "every key" not in screen_text(pilot)
        await press(pilot, "escape", "X", "escape", "equals_sign")
        await pilot.resize_terminal(59, 20)
        await settle(pilot)
        assert "59 x 20 is too small" in screen_text(pilot)
        assert "Enter prepare" not in screen_text(pilot)
        await pilot.resize_terminal(60, 20)
        await press(pilot, "3")
        assert "Enter prepare" in screen_text(pilot)
        assert app.screen.query_one(Input).value == "3", "what is typed goes where it went"
        await press(pilot, "escape")
        for size in ((60, 15), (300, 90), (60, 15), (120, 40)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert "horse2zebra" in screen_text(pilot).splitlines()[0]
            assert "controls" in screen_text(pilot)
            assert all(len(line) == size[0] for line in screen_text(pilot).splitlines())
        assert type(app.focused).__name__ == "ControlsPane"
        assert [action.keys for action in ACTIONS if action.id == "pane-3"] == [("3",)]
        await pilot.resize_terminal(80, 24)
        app.screen.post_message(Resize(Size(120, 40), Size(120, 40)))  # the echo of the size before comes last
        await settle(pilot)
        while app.screen.outer_size != (80, 24):
            await pilot.pause()
        await settle(pilot)
        assert [len(line) for line in screen_text(pilot).splitlines()] == [80] * 24


@pytest.mark.parametrize("key", ["M", "o", "l", "b", "e", "A"])
async def test_whatever_is_open_says_that_it_is_too_small(
    key: str, feed: FakeFeed, make_dashboard: MakeDashboard
) -> None:
    async with make_dashboard(feed).run_test(size=(120, 40)) as pilot:
        await press(pilot, key)
        assert not isinstance(pilot.app.screen, DashboardScreen)
        await pilot.resize_terminal(59, 20)
        await settle(pilot)
        assert "59 x 20 is too small" in screen_text(pilot)
        await pilot.resize_terminal(6, 5)
        await settle(pilot)
        await pilot.resize_terminal(60, 20)
        await settle(pilot)
        assert "too small" not in screen_text(pilot)
