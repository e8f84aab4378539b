"""Every action of the table, by its key."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from io import StringIO
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest
from msgspec.structs import replace
from PIL import Image
from rich.console import Console
from textual.command import CommandList, CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input, Static

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import folder_name
from engine.protocol.rundir import RunDirectory
from gan_tui.actions.table import ACTIONS
from gan_tui.app import Dashboard
from gan_tui.client.control_sets import read_sets, save_set, sets_file
from gan_tui.departures import Browse, Departure, Detached, Ended, ResumeFrom
from gan_tui.screens.alerts import AlertsScreen
from gan_tui.screens.before_after import BeforeAfterScreen
from gan_tui.screens.beside import BesideDialog
from gan_tui.screens.checkpoints import CheckpointPicker
from gan_tui.screens.dashboard import DashboardScreen
from gan_tui.screens.export import ExportDialog
from gan_tui.screens.help import HelpScreen
from gan_tui.screens.log import LogScreen
from gan_tui.screens.machine import MachineScreen
from gan_tui.screens.picture import PictureScreen
from gan_tui.screens.prompts import FilterDialog, NoteDialog, ValueDialog
from gan_tui.screens.stop import StopDialog
from gan_tui.screens.wishes import BehindWanted
from gan_tui.state.gallery import Spot
from gan_tui.state.log_lines import News
from gan_tui.state.plot_choice import PlotChoice
from gan_tui.state.run_view import Origin
from gan_tui.widgets.controls import ControlsPane
from gan_tui.widgets.picture_grid import PictureGrid
from tests.gan_tui.conftest import GONE, MakeDashboard
from tests.gan_tui.drawings import TILE
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.machines import h200, reading
from tests.gan_tui.recorded import BEGAN, COMPONENTS, LOG_EVERY, STEPS_PER_EPOCH, Recording
from tests.gan_tui.screens.settled import settle

Driver: TypeAlias = Pilot[Departure]
Check: TypeAlias = Callable[[Driver, FakeFeed], Awaitable[None]]


def deck(pilot: Driver) -> DashboardScreen:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, DashboardScreen)
    return screen


def screen_text(pilot: Driver) -> str:
    """What the texts of the topmost screen say."""
    shown = (static.content for static in pilot.app.screen.query(Static) if static.display)
    console = Console(width=200, file=StringIO(), color_system=None)
    with console.capture() as capture:
        for content in shown:
            console.print(content)  # type: ignore[arg-type]  # Texts and tables
    return capture.get()


def footer_text(pilot: Driver) -> str:
    return " ".join("".join(text for text, _ in deck(pilot).footer.lines(200)[0]).split())


def later(feed: FakeFeed) -> Recording:
    """Goes on with the recording that a feed has played."""
    return Recording(seq=count(feed.snapshot().last_seq + 1))


async def press(pilot: Driver, *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


async def detaches(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "q")
    assert pilot.app.return_value == Detached(status="training")


async def leaves_for_all_runs(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "B")
    assert pilot.app.return_value == Browse(left=Detached(status="training"))


async def pauses_and_continues(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "P")
    assert feed.sent == [cmd.Pause()]
    assert "pausing…" in deck(pilot)._tags()
    feed.answer("paused after step 49,200")
    await pilot.pause()
    assert deck(pilot).footer.remark == "paused after step 49,200", "the answer may come before the news"
    feed.play(ev.Paused(**Recording().when(0) | {"seq": 10_000, "step": 49_200}, by="you"))
    await press(pilot, "P")
    assert feed.sent[-1] == cmd.Continue()
    assert deck(pilot).footer.remark == "paused after step 49,200"
    feed.play(ev.Continued(**Recording().when(0) | {"seq": 10_001, "step": 49_200}, by="somebody else"))
    await settle(pilot)
    assert deck(pilot).footer.remark == "", "it is not paused any more"


async def saves(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "S")
    assert feed.sent == [cmd.SaveCheckpoint()]
    feed.answer("checkpoint of step 49,201 taken")
    await pilot.pause()
    assert deck(pilot).footer.remark == "checkpoint of step 49,201 taken"


async def lists_checkpoints(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "R")
    assert isinstance(pilot.app.screen, CheckpointPicker)
    await press(pilot, "down", "enter")
    assert pilot.app.return_value is None
    assert "stop it first (X)" in deck(pilot).footer.remark
    feed.play(ev.Stopped(**Recording().when(0) | {"seq": 10_000, "step": 49_200}, by="you", saved=True))
    feed.relink("record")
    await press(pilot, "R", "down", "enter")
    assert pilot.app.return_value == ResumeFrom(step=30_000)


async def asks_how_to_stop(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "X")
    assert isinstance(pilot.app.screen, StopDialog)
    await press(pilot, "escape")
    await press(pilot, "X", "c")
    assert feed.sent == []
    await press(pilot, "X", "enter")
    await press(pilot, "X", "s")
    await press(pilot, "X", "k")
    assert feed.sent == [cmd.Stop(how="epoch"), cmd.Stop(how="save"), cmd.Stop(how="discard")]


async def writes_a_note(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "m")
    assert isinstance(pilot.app.screen, NoteDialog)
    await press(pilot, "h", "i", "space", "q", "enter")
    await press(pilot, "m", "escape")
    await press(pilot, "m", "enter")
    assert feed.sent == [cmd.WriteNote(text="hi q")]


async def shows_the_log(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "l")
    screen = await log_screen(pilot)
    assert screen.view.render_line(screen.view.size.height - 1).text.rstrip().endswith("checkpoint of step 48,500")
    await press(pilot, "slash", *"IMAGE", "enter")
    assert screen.view.finding == "/IMAGE 50/50"
    await press(pilot, "N")
    assert screen.view.finding == "/IMAGE 49/50"
    assert "49/50" in str(screen.query_one("#log").border_subtitle)
    await press(pilot, "g")
    assert screen.view.render_line(0).text.startswith("2026-05-12 12:03:00,120 INFO")
    assert not screen.view.follows
    screen.post_message(LogScreen.Moved(News(("checkpoint of step 48,500 is there", "more"))))
    await settle(pilot)
    assert screen.view.scroll_offset.y == 0, "who has scrolled back is left there"
    await press(pilot, "G")
    assert screen.view.render_line(screen.view.size.height - 1).text.rstrip() == "more"
    await press(pilot, "escape")
    assert screen.view.finding == ""
    await press(pilot, "escape")
    assert pilot.app.screen is deck(pilot)


async def log_screen(pilot: Driver) -> LogScreen:
    """The log panel, once it has read the log."""
    screen = pilot.app.screen
    assert isinstance(screen, LogScreen)
    while not screen.view.virtual_size.height:
        await pilot.pause()
    return screen


async def selects_the_previous_control(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "left_square_bracket")
    selected = deck(pilot).controls.selected
    assert selected is not None
    assert selected.name == "checkpoint.keep"


async def selects_the_next_control(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "right_square_bracket")
    selected = deck(pilot).controls.selected
    assert selected is not None
    assert selected.name == "loss.cycle_a"
    await pilot.click(ControlsPane, offset=(5, 4))
    selected = deck(pilot).controls.selected
    assert selected is not None
    assert selected.name == "loss.cycle_b", "the third line below the columns' names"
    for size in ((80, 24), (120, 40)):
        await pilot.resize_terminal(*size)
        await settle(pilot)
        assert deck(pilot).focused is deck(pilot).controls
        assert deck(pilot).controls.size.width, "the pane that was clicked is the one that is shown"


async def nudges_down(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "minus", "minus")
    assert deck(pilot).controls.drafts == {"loss.adversarial": 0.9}
    assert feed.sent == []


async def nudges_up_and_back(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "plus")
    assert deck(pilot).controls.drafts == {"loss.adversarial": 1.05}
    await press(pilot, "minus")
    assert deck(pilot).controls.drafts == {}


async def types_a_value(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "equals_sign")
    assert isinstance(pilot.app.screen, ValueDialog)
    pilot.app.screen.query_one(Input).value = "-3"
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, ValueDialog)
    pilot.app.screen.query_one(Input).value = "many"
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, ValueDialog)
    pilot.app.screen.query_one(Input).value = "2.5"
    await press(pilot, "enter")
    assert deck(pilot).controls.drafts == {"loss.adversarial": 2.5}
    selected = deck(pilot).controls.selected
    assert selected is not None
    deck(pilot).controls.draft(selected, 1.23456789)
    await press(pilot, "equals_sign", "enter")
    assert deck(pilot).controls.drafts == {"loss.adversarial": 1.23456789}, "nothing was typed"


async def applies_all_drafts_at_one_step(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "enter")
    assert feed.sent == []
    await press(pilot, "plus", "right_square_bracket", "minus", "enter")
    assert feed.sent == [cmd.SetControls(values={"loss.adversarial": 1.05, "loss.cycle_a": 7.5})]
    assert deck(pilot).controls.border_subtitle == "applying…"
    feed.answer("in force from step 49,201")
    changes = (
        ev.Change(name="loss.adversarial", old=1.0, new=1.05),
        ev.Change(name="loss.cycle_a", old=8.0, new=7.5),
    )
    feed.play(ev.Nudged(seq=10_000, step=49_201, time=2e9, changes=changes, by="you"))
    await pilot.pause()
    assert deck(pilot).controls.drafts == {}
    assert deck(pilot).footer.remark == "in force from step 49,201"


async def drops_drafts(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "plus", "escape", "enter")
    assert deck(pilot).controls.drafts == {}
    assert feed.sent == []


async def nudges_far_down(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "left_parenthesis")
    assert deck(pilot).controls.drafts == {"loss.adversarial": 0.75}


async def nudges_far_up(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "right_parenthesis", "right_parenthesis")
    assert deck(pilot).controls.drafts == {"loss.adversarial": 1.5}


async def prepares_the_default(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "D")
    assert deck(pilot).controls.drafts == {}, "it is in force"
    await press(pilot, "right_square_bracket", "D", "enter")
    assert feed.sent == [cmd.SetControls(values={"loss.cycle_a": 10.0})]


async def undoes(pilot: Driver, feed: FakeFeed) -> None:
    newest = feed.snapshot().nudges[-1]
    await press(pilot, "u")
    text = screen_text(pilot)
    assert "loss.cycle_a 8 → 10" in text
    assert "not the weights" in text
    assert "checkpoint of step 30,000" in text, "complete when the nudge came"
    await press(pilot, "escape")
    assert feed.sent == []
    await press(pilot, "u", "c")
    assert isinstance(picker := pilot.app.screen, CheckpointPicker)
    assert picker.table.ordered_rows[picker.table.cursor_row].key == folder_name(30_000), (
        "its preflight is to be seen before anything is resumed"
    )
    await press(pilot, "enter")
    assert "stop it first (X)" in deck(pilot).footer.remark
    await press(pilot, "u", "enter")
    assert feed.sent == [cmd.Undo(of=newest.seq)]
    feed.refuse("undo", "finds no nudge to take back")
    await pilot.pause()
    assert deck(pilot).footer.remark == "undo: finds no nudge to take back"
    changes = (ev.Change(name="loss.cycle_a", old=8.0, new=10.0),)
    feed.play(ev.Nudged(seq=10_000, step=49_201, time=2e9, changes=changes, by="you", undoes=newest.seq))
    await press(pilot, "u")
    assert "loss.identity 1 → 0.5" in screen_text(pilot), "the one before it is next"
    await press(pilot, "escape")
    changes = (ev.Change(name="loss.identity", old=1.0, new=0.5),)
    feed.play(ev.Nudged(seq=10_001, step=49_202, time=2e9, changes=changes, by="you", undoes=1))
    await press(pilot, "u")
    assert deck(pilot).footer.remark == "There is no nudge to take back."
    feed.play(Recording().nudge(49_300, "loss.identity", 0.5, 1.0, seq=10_002))
    feed.play(ev.Finished(**Recording().when(0) | {"seq": 10_003, "step": 49_400}))
    feed.relink("record")
    await press(pilot, "u", "enter")
    assert "No engine works on this run" in screen_text(pilot)
    assert len(feed.sent) == 1
    await press(pilot, "c", "enter")
    assert pilot.app.return_value == ResumeFrom(step=40_000)


async def shows_what_changed_since_a_nudge(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "e")
    text = screen_text(pilot)
    assert "step 30,000  loss.cycle_a 10 → 8 (you)" in text
    assert "200 lines before: 20,000 to 30,000 · as many after: 30,000 to 40,000" in text
    assert "▼ lower" in text
    assert "≈ noise" in text
    await press(pilot, "comma")
    assert "step 18,000  loss.identity 0.5 → 1 (you)" in screen_text(pilot)
    assert "“colours invert”" in screen_text(pilot)
    await press(pilot, "full_stop", "full_stop")
    changes = (ev.Change(name="loss.cycle_a", old=8.0, new=5.0),)
    feed.play(ev.Nudged(seq=10_000, step=49_200, time=2e9, changes=changes, by="you"))
    await settle(pilot)
    assert "Not enough yet: 0 of 12 lines of metrics since." in screen_text(pilot)
    feed.play(*(Recording().metrics(49_200 + 50 * line, seq=10_000 + line) for line in range(1, 13)))
    await settle(pilot)
    assert "12 lines before" in screen_text(pilot), "the screen follows the run"
    assert feed.sent == []


async def keeps_sets_of_controls(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "p")
    assert "No set has been saved yet" in screen_text(pilot)
    frame = pilot.app.screen.query_one("#dialog")
    assert frame.border_subtitle == "s save · Esc close", "there is nothing to prepare"
    await press(pilot, "s")
    assert frame.border_subtitle == "Enter save · Esc back"
    await press(pilot, *"one", "enter")
    assert "one is saved, with 11 values" in screen_text(pilot)
    assert frame.border_subtitle == "Enter prepare · s save · d delete · Esc close"
    saved = read_sets(sets_file())
    assert saved["one"] == feed.snapshot().values
    save_set(sets_file(), "two", {"loss.cycle_a": 5.0, "loss.identity": 1.0, "loss.l1": 2.0, "optim.lr_g": 7.0})
    await press(pilot, "escape", "p", "down")
    text = screen_text(pilot)
    assert "1 to change, 1 as they are, 2 left out: loss.cycle_a 5" in text
    assert "loss.l1: this run has no such control" in text
    assert "optim.lr_g: 7 is out of range" in text
    await press(pilot, "enter")
    assert deck(pilot).controls.drafts == {"loss.cycle_a": 5.0}
    assert deck(pilot).footer.remark.startswith("two: 1 to change, 1 as they are, 2 left out. Left out: loss.l1")
    await press(pilot, "p", "d")
    assert "d again deletes one." in screen_text(pilot)
    await press(pilot, "down", "d")
    assert list(read_sets(sets_file())) == ["one", "two"], "another one is highlighted since"
    await press(pilot, "s", "escape", "d")
    assert list(read_sets(sets_file())) == ["one", "two"], "of something else it was spoken since"
    await press(pilot, "d")
    assert list(read_sets(sets_file())) == ["one"]
    sets_file().write_text("one = 3")
    await press(pilot, "escape", "p")
    assert "has 'one' where a set is expected" in screen_text(pilot)
    await press(pilot, "s", *"three", "enter")
    assert sets_file().read_text() == "one = 3", "a file that is not understood is not written to"
    assert feed.sent == []


async def takes_control_over(pilot: Driver, feed: FakeFeed) -> None:
    ana = ev.Holder(viewer="hers", by="ana@box", where="pts/3")
    await press(pilot, "T")
    assert "Control is free" in deck(pilot).footer.remark
    feed.hand_to(ana)
    await pilot.pause()
    assert "held by ana@box (pts/3)" in deck(pilot)._tags()
    offered = {hint.label for hint in deck(pilot).footer._hints}
    assert offered >= {"take over", "checkpoints"}
    assert not offered & {"pause", "apply", "undo"}
    for key in ("P", "S", "X", "u"):
        await press(pilot, key)
        assert deck(pilot).footer.remark == "Control is held by ana@box (pts/3). T takes it over."
    await press(pilot, "plus", "enter", "v")
    assert deck(pilot).controls.border_subtitle == "1 staged · T take over · Esc drop"
    assert feed.sent == [cmd.TakeSample()], "who watches may look, and note"
    await press(pilot, "T")
    assert "ana@box (pts/3) holds control" in screen_text(pilot)
    await press(pilot, "escape", "T", "enter")
    assert feed.sent[1:] == [cmd.Hold(take=True)]
    feed.hand_to(ev.Holder(viewer="me", by="kay@box", where="pts/5"))
    await press(pilot, "enter")
    assert feed.sent[-1] == cmd.SetControls(values={"loss.adversarial": 1.05}), "what was prepared is there still"
    feed.hand_to(ana)
    await pilot.pause()
    assert deck(pilot).footer.remark == "ana@box (pts/3) has taken over control. T takes it back."


async def accepts_a_suggestion(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "a")
    assert deck(pilot).footer.remark == "No open alert suggests a nudge."
    feed.play(*later(feed).found(49_250))
    await press(pilot, "a")
    assert deck(pilot).controls.drafts == {"loss.cycle_a": 16.0}
    assert deck(pilot).footer.remark == "collapse: loss.cycle_a 8 → 16. Enter applies, Esc drops."
    assert feed.sent == []
    await press(pilot, "enter")
    assert feed.sent == [cmd.SetControls(values={"loss.cycle_a": 16.0}, why="sentinel collapse")]
    await press(pilot, "plus", "enter")
    both = {"loss.cycle_a": 16.0, "loss.adversarial": 1.05}
    assert feed.sent[-1] == cmd.SetControls(values=both, why="sentinel collapse")
    await press(pilot, "escape", "plus", "a", "enter")
    assert feed.sent[-1] == cmd.SetControls(values=both, why="sentinel collapse")
    (control,) = (control for control in feed.snapshot().controls if control.name == "loss.cycle_a")
    deck(pilot).controls.draft(control, 15.0)
    deck(pilot).controls.draft(control, 16.0)
    await press(pilot, "enter")
    assert feed.sent[-1] == cmd.SetControls(values=both), "what was suggested was taken back meanwhile"
    await press(pilot, "a", "escape")
    deck(pilot).controls.draft(control, 16.0)
    await press(pilot, "enter")
    assert feed.sent[-1] == cmd.SetControls(values={"loss.cycle_a": 16.0}), "the same values, but prepared by hand"


async def lists_alerts(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "A")
    screen = pilot.app.screen
    assert isinstance(screen, AlertsScreen)
    keys = screen.query_one("#alerts")
    assert keys.border_subtitle == "Esc close", "there is none to choose"
    feed.play(*later(feed).found(49_250))
    await settle(pilot)
    assert keys.border_subtitle == "a accept the suggestion · ↑ ↓ choose · Esc close"
    assert [fact.label for fact in screen.facts.facts] == ["found", "cause", "suggested", "to do", "state"]
    rows = [str(screen.list.get_option_at_index(place).prompt).split()[:3] for place in range(3)]
    assert rows == [["!", "collapse", "fake_B"], ["!", "stall", "the"], ["✔", "spike", "G_A"]]
    await press(pilot, "down", "a")
    assert pilot.app.screen is screen, "a stall that suggests nothing"
    await press(pilot, "up", "a")
    assert deck(pilot).controls.drafts == {"loss.cycle_a": 16.0}
    await press(pilot, "escape", "A", "escape")
    assert pilot.app.screen is deck(pilot)
    assert deck(pilot).controls.drafts == {}


async def switches_the_y_axis(pilot: Driver, feed: FakeFeed) -> None:
    assert str(deck(pilot).plot.border_subtitle).startswith("log y")
    await press(pilot, "y")
    assert str(deck(pilot).plot.border_subtitle).startswith("linear y")


async def cycles_smoothing(pilot: Driver, feed: FakeFeed) -> None:
    seen = []
    for _ in range(3):
        await press(pilot, "s")
        seen.append(str(deck(pilot).plot.border_subtitle).split(" · ")[1])
    assert seen == ["smoother", "raw", "smooth"]


def plot_text(pilot: Driver) -> str:
    plot = deck(pilot).plot
    return "\n".join(plot.render_line(y).text for y in range(plot.size.height))


def title(pilot: Driver) -> str:
    shown = deck(pilot).plot._border_title
    assert shown is not None
    return shown.plain


async def shows_the_next_group(pilot: Driver, feed: FakeFeed) -> None:
    assert "cycle_A" in plot_text(pilot)
    await press(pilot, "g")
    assert title(pilot).startswith("generators 2/")
    assert "cycle_A" in plot_text(pilot)
    assert "D_A" not in plot_text(pilot)


async def shows_the_group_before(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "G")
    assert title(pilot) == "data wait 10/10"
    assert "linear y" in deck(pilot).plot.border_subtitle
    assert "data_wait 0.012" in plot_text(pilot)


async def filters_series_as_words_are_typed(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "slash", *"cyc")
    assert isinstance(pilot.app.screen, FilterDialog)
    assert title(pilot) == "losses 1/10 · /cyc"
    assert "cycle_A" in plot_text(pilot)
    assert "G_A" not in plot_text(pilot)
    await press(pilot, "enter")
    assert pilot.app.screen is deck(pilot)
    await press(pilot, "slash", *"D", "escape")
    assert "cycle_A" in plot_text(pilot), "as it was before"


async def labels_the_x_axis_otherwise(pilot: Driver, feed: FakeFeed) -> None:
    for scale, label in (("epoch", " 40 "), ("time", "10m"), ("step", "40k")):
        await press(pilot, "x")
        assert f"x {scale}" in deck(pilot).plot.border_subtitle
        assert label in plot_text(pilot)


async def draws_another_run_behind(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "c")
    assert isinstance(pilot.app.screen, BesideDialog)
    await settle(pilot)
    await press(pilot, "enter")
    assert title(pilot) == "losses 1/10 · behind: zebra2horse"
    rows = [line for line in plot_text(pilot).splitlines() if "cycle_A" in line]
    assert len(rows[0].split("cycle_A")[1].split()) == 2, "its value and the other run's"
    await press(pilot, "c")
    await settle(pilot)
    await press(pilot, "up", "enter")
    assert title(pilot) == "losses 1/10"


async def looks_closer(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "z", "z")
    assert "newest part" in deck(pilot).plot.border_subtitle
    assert "10k" not in plot_text(pilot)


async def looks_from_further_away(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "z", "z", "Z", "Z")
    assert deck(pilot).plot.choice == PlotChoice()


async def goes_to_what_was_before(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "shift+left")
    assert deck(pilot).plot.choice == PlotChoice(), "the whole course is there already"
    await press(pilot, "z", *["shift+left"] * 9)
    ticks = plot_text(pilot).splitlines()[-1].split()
    assert ticks[0] in ("5k", "10k"), "from the first line on"
    assert "40k" not in ticks
    assert "a part" in deck(pilot).plot.border_subtitle


async def goes_to_what_came_after(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "z", "shift+left", "shift+right")
    assert "newest part" in deck(pilot).plot.border_subtitle


async def reads_values_at_a_cursor(pilot: Driver, feed: FakeFeed) -> None:
    newest = plot_text(pilot)
    await press(pilot, *["left"] * 20)
    step = deck(pilot).plot._cursor_step()
    assert step is not None
    said = str(deck(pilot).plot.border_subtitle)
    line = int(said.split()[1].replace(",", ""))
    assert step - LOG_EVERY < line <= step, "the line there or before"
    assert f" · epoch {line / STEPS_PER_EPOCH:.1f} · " in said or " · ◆ checkpoint" in said
    before = [line.split()[-1] for line in newest.splitlines() if "G_A " in line]
    assert before != [line.split()[-1] for line in plot_text(pilot).splitlines() if "G_A " in line]
    newest_sheet = max(sheet.step for sheet in feed.snapshot().sheets if sheet.step <= step)
    assert str(deck(pilot).samples.border_subtitle).startswith(f"step {newest_sheet:,} ")


async def goes_on_with_the_cursor(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "left", "left", "left", "right")
    two_back = deck(pilot).plot._cursor_step()
    await press(pilot, "0", "left", "left", "left")
    three_back = deck(pilot).plot._cursor_step()
    assert two_back is not None
    assert three_back is not None
    assert three_back < two_back


async def shows_the_newest_part(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "w")
    assert "newest part" in deck(pilot).plot.border_subtitle
    await press(pilot, "w")
    assert deck(pilot).plot.choice == PlotChoice()


async def shows_the_whole_course(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "left", "z", "z", *["left"] * 60)
    assert "step 49,000" not in str(deck(pilot).samples.border_subtitle)
    await press(pilot, "0")
    assert deck(pilot).plot.choice == PlotChoice()
    assert str(deck(pilot).samples.border_subtitle).startswith("step 49,000 · 5/5")


async def goes_to_the_older_sheet(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "2", "comma")
    assert str(deck(pilot).samples.border_subtitle).startswith("step 40,000 · 4/5")
    await press(pilot, *["less_than_sign"] * 9)
    assert str(deck(pilot).samples.border_subtitle).startswith("step 10,000 · 1/5")
    assert deck(pilot).plot.cursor_step is None, "where no values are read out none are to be"
    if pilot.app.size.width == 120:  # the plot and the samples are seen at once
        await press(pilot, "left", "comma", "comma")
        assert deck(pilot).plot.cursor_step == 30_000
        await press(pilot, "x", "x", "comma")
        assert deck(pilot).plot.cursor_step == 20_000, "on the axis of time too"


async def goes_to_the_newer_sheet(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "comma", "comma", "full_stop")
    assert str(deck(pilot).samples.border_subtitle).startswith("step 40,000 · 4/5")
    await press(pilot, "full_stop", "full_stop")
    assert str(deck(pilot).samples.border_subtitle).startswith("step 49,000 · 5/5")


def first_picture(pilot: Driver) -> str:
    """The caption that is pointed at."""
    samples = deck(pilot).samples
    lines = (samples.render_line(y).text for y in range(samples.size.height))
    return next((line.split("▸")[1].split()[0] for line in lines if "▸" in line), "")


async def selects_the_next_picture(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "n")
    assert (deck(pilot).samples.selected, first_picture(pilot)) == (Spot(0, 1), "fake")
    assert "rows 1–2/8" in str(deck(pilot).samples.border_subtitle)
    await press(pilot, *"nnnnn")
    assert (deck(pilot).samples.selected, first_picture(pilot)) == (Spot(2, 0), "real")
    assert "rows 3–4/8" in str(deck(pilot).samples.border_subtitle)
    await press(pilot, *"NN")
    await a_click_selects_and_a_second_one_opens(pilot, feed)


async def a_click_selects_and_a_second_one_opens(pilot: Driver, feed: FakeFeed) -> None:
    samples = deck(pilot).samples
    assert samples.arrangement is not None
    where = samples.arrangement.placements[1]
    inside = (where.x + samples.gutter.left + 2, where.y + samples.gutter.top + 2)
    await pilot.click(samples, offset=inside)
    await settle(pilot)
    assert samples.selected == Spot(1, 0)
    await pilot.click(samples, offset=inside, times=2)
    await settle(pilot)
    assert isinstance(pilot.app.screen, PictureScreen)
    assert pilot.app.screen.told.startswith("real B · row 2/8")


async def selects_the_picture_before(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, *"nN")
    assert (deck(pilot).samples.selected, first_picture(pilot)) == (Spot(0, 0), "real")
    await press(pilot, "N")
    assert (deck(pilot).samples.selected, first_picture(pilot)) == (Spot(7, 2), "rec")


def captions_of(grid: PictureGrid) -> list[str]:
    """What stands over the pictures, row by row."""
    lines = (" ".join(grid.render_line(y).text.split()) for y in range(grid.size.height))
    return [line for line in lines if "real" in line]


async def shows_a_picture_large(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "o")
    screen = pilot.app.screen
    assert isinstance(screen, PictureScreen)
    assert screen.told == "fake B · row 1/8 · step 49,000 · 5/5"
    newer = feed.snapshot().sheets[0]
    when = Recording().when(0) | {"seq": 10_000, "step": 49_300}
    feed.play(ev.Sampled(**when, path=newer.path, tile=newer.tile, rows=newer.rows))
    await settle(pilot)
    assert screen.told == "fake B · row 1/8 · step 49,300 · 6/6", "the newest is followed"
    await press(pilot, "r")
    assert captions_of(screen.grid) == ["real A → fake B"]
    await press(pilot, "comma", "comma", "n", "n")
    assert captions_of(screen.grid) == ["real B"]
    assert screen.told == "real B · row 2/8 · step 40,000 · 4/6"
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        await press(pilot, "E", "enter")
        assert "horse2zebra-real_B-2-40000.png is written, " in str(screen.query_one("#frame").border_subtitle)
        with Image.open("horse2zebra-real_B-2-40000.png") as picture:
            assert picture.size == (TILE, TILE)
        await press(pilot, "E", "down", "enter")
        assert (
            Path("horse2zebra-samples-40000.png").stat().st_size > Path("horse2zebra-real_B-2-40000.png").stat().st_size
        )
    await press(pilot, "escape")
    assert pilot.app.screen is deck(pilot)
    assert deck(pilot).samples.selected == Spot(1, 0)
    assert str(deck(pilot).samples.border_subtitle).startswith("step 40,000 · 4/6")


async def shows_before_and_after_a_nudge(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "b")
    screen = pilot.app.screen
    assert isinstance(screen, BeforeAfterScreen)
    newest = [
        "▼ step 30,000 · loss.cycle_a 10 → 8 (you)",
        "before: step 30,000 · after: step 49,000, 19,000 steps later, 2/2",
    ]
    assert screen.told == newest
    await press(pilot, "comma")
    assert screen.told[1].endswith("after: step 40,000, 10,000 steps later, 1/2")
    await press(pilot, "left_square_bracket")
    assert screen.told[0].startswith("▼ step 18,000 · loss.identity 0.5 → 1")
    assert screen.told[1] == "before: step 10,000 · after: step 30,000, 12,000 steps later, 2/4"
    await press(pilot, "full_stop")
    assert screen.told[2] == "between them also ▼ 30,000 loss.cycle_a 10 → 8 (you)"
    assert captions_of(screen.grid) == ["real A → before (fake B) after", "real B → before (fake A) after"]
    await press(pilot, "n")
    assert captions_of(screen.grid)[0] == "real A → before (rec A) after"
    await press(pilot, "escape")
    assert pilot.app.screen is deck(pilot)


async def asks_for_a_sheet(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "v")
    assert feed.sent == [cmd.TakeSample()]


async def freezes_the_display_alone(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "f")
    feed.play(Recording().metrics(49_250, seq=10_000))
    await pilot.pause()
    assert "DISPLAY FROZEN" in deck(pilot)._tags()
    assert deck(pilot)._shown.step == 49_200
    await press(pilot, "f")
    assert deck(pilot)._shown.step == 49_250
    assert feed.sent == []


async def takes_the_next_theme(pilot: Driver, feed: FakeFeed) -> None:
    before = deck(pilot).styles.background
    await press(pilot, "t")
    assert pilot.app.theme == "light"
    assert deck(pilot).styles.background != before
    assert deck(pilot).footer.remark == 'Theme light. To keep it: theme = "light" under [display] in config.toml'
    await press(pilot, *"ttt")
    assert pilot.app.theme == "monochrome"
    assert pilot.app.has_class("-plain")
    await press(pilot, "t")
    assert pilot.app.theme == "dark"
    assert not pilot.app.has_class("-plain")


def focuses(key: str, expected: str, before: str = "") -> Check:
    async def check(pilot: Driver, feed: FakeFeed) -> None:
        await press(pilot, *([before] if before else []), key)
        assert type(pilot.app.focused).__name__ == expected

    return check


def board_text(pilot: Driver) -> str:
    assert isinstance(pilot.app.screen, MachineScreen)
    return "\n".join("".join(char for char, _ in row) for row in pilot.app.screen.board._grid)


async def shows_the_machine(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "M")
    text = board_text(pilot)
    for told in ("NVIDIA H200", "41.3 of 151 GB", "host · 64 cores", "fastest", "device", "last 10 min"):
        assert told in text
    assert "3%" not in text.partition("host")[0].splitlines()[2]
    gpu = h200(0.0, Random(0), slowed=("heat",))
    live = ev.Tick(
        step=49_200, epoch=37, throughput=61.0, state="paused", time=BEGAN + 900, last_seq=9_999,
        machine=replace(reading(0.0, Random(0)), gpus=(replace(gpu, busy=0.03),)),
    )  # fmt: skip
    feed.play(live)
    await settle(pilot)
    text = board_text(pilot)
    assert "‖ PAUSED" in text
    assert "3%" in text.partition("host")[0].splitlines()[2]
    assert "! slowed by heat" in text
    await press(pilot, "w", "w")
    assert "whole run" in board_text(pilot)
    await press(pilot, "M")
    assert pilot.app.screen is deck(pilot)
    assert "".join(text for text, _ in deck(pilot).pace.lines(60)[0]) == "gpu     –   41/151 GB"
    await press(pilot, "M", "escape")
    assert pilot.app.screen is deck(pilot)


async def opens_the_palette(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "colon")
    assert isinstance(pilot.app.screen, CommandPalette)
    found = pilot.app.screen.query_one(CommandList)
    await press(pilot, *"leave")
    text = " ".join(found.render_line(y).text.strip() for y in range(3))
    assert text.endswith("training continues and gan-tui attach comes back to it."), "to its last word"
    await press(pilot, "escape", "escape", "ctrl+p")
    assert isinstance(pilot.app.screen, CommandPalette)


async def exports_what_is_on_screen(pilot: Driver, feed: FakeFeed) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        await press(pilot, "g", "E")
        dialog = pilot.app.screen
        assert isinstance(dialog, ExportDialog)
        typed = dialog.query_one(Input)
        assert typed.value == "horse2zebra-plot-49200.svg"
        await press(pilot, "enter")
        assert "horse2zebra-plot-49200.svg is written, " in deck(pilot).footer.remark
        assert "generators" in Path("horse2zebra-plot-49200.svg").read_text()
        await press(pilot, "E", "down", "down", "down")
        dialog = pilot.app.screen
        typed = dialog.query_one(Input)
        assert typed.value == "horse2zebra-samples-49000.png"
        Path(typed.value).write_bytes(b"mine")
        await press(pilot, "enter")
        assert pilot.app.screen is dialog, "it asks before it writes over a file"
        assert Path(typed.value).read_bytes() == b"mine"
        await press(pilot, "enter")
        assert pilot.app.screen is deck(pilot)
        assert Path("horse2zebra-samples-49000.png").read_bytes().startswith(b"\x89PNG")
        await press(pilot, "E")
        typed = pilot.app.screen.query_one(Input)
        nobodys, too_long = ("~nobody-here/a.svg", "the home of nobody here"), ("a" * 300, "File name too long")
        for nowhere, told in (("/", "is a folder"), nobodys, too_long):
            typed.value = nowhere
            await press(pilot, "enter")
            assert told in str(pilot.app.screen.query_one("#said", Static).content)
        typed.value = "/"
        await press(pilot, "down", "up")
        assert typed.value == "/"
        typed.value = "none/mine.csv"
        await press(pilot, "enter")
        assert "is no folder" in str(pilot.app.screen.query_one("#said", Static).content)
        typed.value = "mine.csv"
        await press(pilot, "enter")
        assert (
            Path("mine.csv").read_text()
            == "run,step,epoch,time,seconds,"
            + ",".join(f"losses/{name}" for name in COMPONENTS if not name.startswith("D"))
            + "\n"
        ), "the record of this run has no line"
        assert not Path("none").exists()
        shutil.rmtree(folder)
        await press(pilot, "E")
        typed = pilot.app.screen.query_one(Input)
        assert typed.value == "~/horse2zebra-plot-49200.svg", "the folder that it goes to is not the one that was"
        typed.value = f"/{'a' * 300}"
        await press(pilot, "enter")
        said = str(pilot.app.screen.query_one("#said", Static).content)
        assert said.startswith("/aaa")
        assert "cannot be written (File name too long)" in said


async def calls_for_news_otherwise(pilot: Driver, feed: FakeFeed) -> None:
    said = []
    for _ in range(4):
        await press(pilot, "exclamation_mark")
        said.append(deck(pilot).footer.remark)
    assert [told.partition(" To keep it: ")[0] for told in said] == [
        "An alert, or the run's end, is told on the desktop.",
        "An alert, or the run's end, is told on the desktop and rings the bell.",
        "Notifications are off.",
        "An alert, or the run's end, rings the bell.",
    ]
    ways = [told.partition(" To keep it: ")[2].partition(" under ")[0] for told in said]
    assert ways == ['notify = "desktop"', 'notify = "both"', 'notify = "off"', 'notify = "bell"']


async def explains_an_interrupt(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "ctrl+c")
    assert deck(pilot).footer.remark == "q leaves the dashboard and training continues; X stops the run."


async def shows_help(pilot: Driver, feed: FakeFeed) -> None:
    await press(pilot, "question_mark")
    assert isinstance(pilot.app.screen, HelpScreen)
    await press(pilot, "escape")
    assert isinstance(pilot.app.screen, DashboardScreen)


CHECKS: dict[str, Check] = {
    "detach": detaches,
    "pause": pauses_and_continues,
    "save": saves,
    "checkpoints": lists_checkpoints,
    "stop": asks_how_to_stop,
    "note": writes_a_note,
    "runs": leaves_for_all_runs,
    "engine-log": shows_the_log,
    "control-previous": selects_the_previous_control,
    "control-next": selects_the_next_control,
    "nudge-down": nudges_down,
    "nudge-up": nudges_up_and_back,
    "value": types_a_value,
    "apply": applies_all_drafts_at_one_step,
    "drop": drops_drafts,
    "undo": undoes,
    "accept": accepts_a_suggestion,
    "alerts": lists_alerts,
    "nudge-far-down": nudges_far_down,
    "nudge-far-up": nudges_far_up,
    "default": prepares_the_default,
    "effect": shows_what_changed_since_a_nudge,
    "control-sets": keeps_sets_of_controls,
    "take-over": takes_control_over,
    "log": switches_the_y_axis,
    "smooth": cycles_smoothing,
    "group-next": shows_the_next_group,
    "group-previous": shows_the_group_before,
    "filter": filters_series_as_words_are_typed,
    "scale": labels_the_x_axis_otherwise,
    "compare": draws_another_run_behind,
    "zoom-in": looks_closer,
    "zoom-out": looks_from_further_away,
    "pan-left": goes_to_what_was_before,
    "pan-right": goes_to_what_came_after,
    "cursor-left": reads_values_at_a_cursor,
    "cursor-right": goes_on_with_the_cursor,
    "newest": shows_the_newest_part,
    "whole": shows_the_whole_course,
    "older": goes_to_the_older_sheet,
    "newer": goes_to_the_newer_sheet,
    "picture-next": selects_the_next_picture,
    "picture-previous": selects_the_picture_before,
    "picture": shows_a_picture_large,
    "before-after": shows_before_and_after_a_nudge,
    "sample": asks_for_a_sheet,
    "freeze": freezes_the_display_alone,
    "pane-1": focuses("1", "LossPlot", before="3"),
    "pane-2": focuses("2", "SamplePane"),
    "pane-3": focuses("3", "ControlsPane"),
    "pane-4": focuses("4", "JournalPane"),
    "pane-next": focuses("tab", "SamplePane"),
    "pane-previous": focuses("shift+tab", "JournalPane"),
    "theme": takes_the_next_theme,
    "machine": shows_the_machine,
    "palette": opens_the_palette,
    "export": exports_what_is_on_screen,
    "notify": calls_for_news_otherwise,
    "interrupt": explains_an_interrupt,
    "help": shows_help,
}


ALSO_NARROW = (
    "pause", "checkpoints", "stop", "note", "value", "apply", "undo", "alerts", "older", "freeze", "pane-1", "pane-2",
    "pane-3", "pane-4", "pane-next", "pane-previous", "palette", "help",
)  # fmt: skip
"""Where the panes are tabs: what goes to a pane or opens something, and one action of each kind besides."""


def test_every_action_has_a_check_and_no_key_has_two() -> None:
    assert set(CHECKS) == {action.id for action in ACTIONS}
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("action", "size"),
    [
        *[pytest.param(action.id, (120, 40), id=f"{action.id}-wide") for action in ACTIONS],
        *[pytest.param(action, (80, 24), id=f"{action}-narrow") for action in ALSO_NARROW],
    ],
)
async def test_action(action: str, size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    app = make_dashboard(feed)
    async with app.run_test(size=size) as pilot:
        await app.workers.wait_for_complete()
        await CHECKS[action](pilot, feed)


async def test_a_run_behind_that_has_gone_is_said_and_changes_nothing(
    feed: FakeFeed, run_dir: Path, make_dashboard: MakeDashboard
) -> None:
    async with make_dashboard(feed).run_test(size=(120, 40)) as pilot:
        before = title(pilot)
        deck(pilot).post_message(BehindWanted(RunDirectory(run_dir.parent / GONE)))
        await settle(pilot)
        assert deck(pilot).footer.remark == f"run {GONE}: has gone"
        assert title(pilot) == before


async def test_a_new_sheet_does_not_take_the_samples_away_from_the_cursor(
    feed: FakeFeed, make_dashboard: MakeDashboard
) -> None:
    async with make_dashboard(feed).run_test(size=(120, 40)) as pilot:
        await press(pilot, "left")
        newest = feed.snapshot().sheets[-1]
        assert f"step {newest.step:,} " in str(deck(pilot).samples.border_subtitle)
        when = Recording().when(0) | {"seq": 10_000, "step": 49_300}
        feed.play(ev.Sampled(**when, path=newest.path.replace("49000", "10000"), tile=newest.tile, rows=newest.rows))
        await settle(pilot)
        assert f"step {newest.step:,} " in str(deck(pilot).samples.border_subtitle)
        await press(pilot, "0")
        assert "step 49,300 " in str(deck(pilot).samples.border_subtitle)


async def test_read_only_refuses_every_command(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    async with make_dashboard(feed, readonly=True).run_test(size=(120, 40)) as pilot:
        for key in ("P", "S", "u", "v", "X", "m", "plus", "left_parenthesis", "=", "D", "a"):
            deck(pilot).say("")
            await press(pilot, key)
            assert deck(pilot).footer.remark.startswith("This view is read-only"), key
            assert isinstance(pilot.app.screen, DashboardScreen)
        for key in ("plus", "minus", "left_parenthesis", "right_parenthesis", "equals_sign", "D"):
            await press(pilot, key)
            assert deck(pilot).footer.remark.startswith("This view is read-only")
            assert isinstance(pilot.app.screen, DashboardScreen)
        controls = deck(pilot).controls
        assert (controls.drafts, controls.border_subtitle) == ({}, "1/11↓ · [ ] choose")
        feed.play(*later(feed).found(49_250))
        await settle(pilot)
        told = "".join(deck(pilot).health.render_line(y).text for y in range(3))
        assert ("suggested" in told, "accepts" in told) == (True, False)
        await press(pilot, "A")
        assert str(pilot.app.screen.query_one("#alerts").border_subtitle) == "↑ ↓ choose · Esc close"
        await press(pilot, "enter", "escape")
        save_set(sets_file(), "gentle", {"loss.cycle_a": 5.0})
        await press(pilot, "p")
        assert "Enter prepare" not in str(pilot.app.screen.query_one("#dialog").border_subtitle)
        await press(pilot, "enter", "escape")
        assert (controls.drafts, feed.sent) == ({}, [])
        assert deck(pilot).controls.drafts == {}
        assert "nudge" not in str(deck(pilot).controls.border_subtitle)
        assert feed.sent == []


async def test_read_only_starts_no_engine(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    feed.play(ev.Stopped(**Recording().when(0) | {"seq": 10_000, "step": 49_200}, by="you", saved=True))
    feed.relink("record")
    async with make_dashboard(feed, readonly=True).run_test(size=(120, 40)) as pilot:
        await press(pilot, "R")
        assert isinstance(pilot.app.screen, CheckpointPicker)
        keys = pilot.app.screen.query_one("#picker").border_subtitle
        assert keys == "g newest good · Tab details · Esc close"
        await press(pilot, "enter")
        assert deck(pilot).footer.remark.startswith("This view is read-only")
        assert pilot.app.return_value is None


async def test_a_lost_engine_is_a_state_with_a_way_on(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    async with make_dashboard(feed).run_test(size=(120, 40)) as pilot:
        feed.relink("lost", "the engine (pid 4242) ended without a word")
        await pilot.pause()
        assert deck(pilot).banner.display
        await press(pilot, "P")
        assert feed.sent == []
        assert deck(pilot).footer.remark.startswith("No engine works on this run. R lists the checkpoints")
        await press(pilot, "q")
        assert pilot.app.return_value == Ended(status="lost")


async def test_without_an_engine_only_what_needs_none_is_offered(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    async with make_dashboard(feed).run_test(size=(200, 50)) as pilot:
        assert footer_text(pilot).startswith("q detach P pause S save [ ] control - + nudge Enter apply u undo X stop")
        await press(pilot, "plus")
        feed.play(ev.Finished(**Recording().when(0) | {"seq": 10_000, "step": 49_200}))
        feed.relink("record")
        await settle(pilot)
        assert deck(pilot).controls.drafts == {}
        plot = "y log y s smoothing g series / filter x x axis c compare"
        assert footer_text(pilot) == f"q leave [ ] control R checkpoints f freeze {plot} B all runs ? help"
        for action in ACTIONS:
            if action.needs_engine:
                await press(pilot, action.keys[0])
                assert deck(pilot).footer.remark.startswith("No engine works on this run")
        assert pilot.app.screen is deck(pilot)
        assert deck(pilot).controls.drafts == {}
        assert feed.sent == []


async def test_read_only_offers_no_command(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    async with make_dashboard(feed, readonly=True).run_test(size=(200, 50)) as pilot:
        assert footer_text(pilot).startswith("q detach [ ] control R checkpoints")


async def test_a_branch_says_where_it_begins_also_where_the_header_has_no_room(make_dashboard: MakeDashboard) -> None:
    feed = FakeFeed(origin=Origin(run="horse[red]", step=12_000))
    async with make_dashboard(feed).run_test(size=(80, 24)) as pilot:
        title = deck(pilot).plot._border_title
        assert title is not None
        assert title.plain == "losses · from horse[red] @ 12,000"


async def test_an_unanswered_command_is_told(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    async with make_dashboard(feed).run_test(size=(80, 24)) as pilot:
        await press(pilot, "S")
        feed.leave_unanswered("The engine did not answer within 10 s.")
        await pilot.pause()
        assert deck(pilot).footer.remark == "The engine did not answer within 10 s."
        await press(pilot, "S")
        feed.refuse("run {pause|evil}", "has {detach|X}")
        await pilot.pause()
        assert deck(pilot).footer.remark == "run {pause|evil}: has {detach|X}", "not the words of this program"


async def test_the_feed_is_closed_at_the_end(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    app: Dashboard = make_dashboard(feed)
    async with app.run_test():
        assert not feed.closed
    assert feed.closed


async def test_the_palette_runs_actions(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    async with make_dashboard(feed).run_test(size=(120, 40)) as pilot:
        await press(pilot, "colon", *"save")
        await press(pilot, "enter")
        assert cmd.SaveCheckpoint() in feed.sent
