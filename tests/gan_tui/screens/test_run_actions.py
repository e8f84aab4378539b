"""Every action of the runs browser, by its key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from engine.protocol.codec import encode
from engine.protocol.events import Sampled
from engine.protocol.remarks import Remarks, read_remarks, write_remarks
from engine.protocol.rundir import RunDirectory, read_identity, write_identity
from gan_tui.actions.browser import RUNS
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.run_rows import read_rows
from gan_tui.departures import Begin, GoOn, LookAt, RunsDeparture
from gan_tui.runs_app import RunsApp
from gan_tui.screens.checkpoints import CheckpointPicker
from gan_tui.screens.help import HelpScreen
from gan_tui.screens.new_run import NewRunDialog
from gan_tui.screens.prompts import FilterDialog
from gan_tui.screens.run_prompts import DeleteDialog, LineDialog
from gan_tui.screens.runs import RunsScreen
from gan_tui.state.appearance import Appearance
from gan_tui.state.imaging import Imaging
from gan_tui.terminal.pictures import Drawing
from tests.gan_tui.conftest import make_run, write_checkpoint
from tests.gan_tui.drawings import write_sheet
from tests.gan_tui.fake_runs import AROUND, NOW, FakeRuns, branch, row, shelf
from tests.gan_tui.hostile import HOSTILE, obeyed
from tests.gan_tui.screens.settled import settle

Browsing: TypeAlias = Pilot[RunsDeparture | None]
Check: TypeAlias = Callable[[Browsing, FakeRuns], Awaitable[None]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of the first run of the shelf, with two checkpoints and a sheet, where its row says it is."""
    monkeypatch.chdir(tmp_path)
    run = make_run(tmp_path / "runs")
    for step in (10_000, 20_000):
        write_checkpoint(run, step)
    names = write_sheet(run.samples / "step-00020000.png", 0.9)
    sheet = Sampled(seq=2, step=20_000, time=NOW, path="samples/step-00020000.png", tile=64, rows=names)
    with run.events.open("ab") as file:
        file.write(encode(sheet) + b"\n")
    yield run.root


@asynccontextmanager
async def browsing(feed: FakeRuns, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Browsing]:
    async with RunsApp(feed, AROUND, rest=0).run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot


def shown(pilot: Browsing) -> RunsScreen:
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, RunsScreen)
    return screen


def on(pilot: Browsing) -> str:
    """The name of the run under the cursor."""
    return shown(pilot).table.key.removeprefix("runs/")


def names(pilot: Browsing) -> list[str]:
    return [line.name for line in shown(pilot).table._lines]


def facts(pilot: Browsing) -> dict[str, str]:
    return {fact.label: " / ".join(fact.lines) for fact in shown(pilot).details.facts.facts}


def text(pilot: Browsing) -> str:
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def press(pilot: Browsing, *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


def said(pilot: Browsing) -> str:
    return shown(pilot).footer.remark


# ------------------------------------------------------------------------------------------------- an action each


async def leaves(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "q")
    assert (pilot.app.return_code, pilot.app.return_value) == (0, None)


async def opens(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "end")
    while on(pilot) != "cups":
        await press(pilot, "up")
    await press(pilot, "enter")
    assert "is damaged" in said(pilot), "what does not say what it is cannot be looked at"
    await press(pilot, "home", "enter")
    assert pilot.app.return_value == LookAt(run=RunDirectory(Path("runs/horse2zebra")))


async def begins(pilot: Browsing, feed: FakeRuns) -> None:
    """A new run, of the selected run's preset or another; nothing is made before the browser is left."""
    await press(pilot, "n")
    assert isinstance(pilot.app.screen, NewRunDialog)
    assert "▌horse2zebra" in text(pilot)
    await press(pilot, *"quickstart", "tab", *"second", "tab", *"run.steps=7", "enter")
    departure = pilot.app.return_value
    assert isinstance(departure, Begin)
    assert (departure.new.name, departure.new.prepared.preset) == ("second", "quickstart")
    assert departure.new.prepared.config.run.steps == 7


async def resumes(pilot: Browsing, feed: FakeRuns) -> None:
    """From a checkpoint that is chosen; a live run is not resumed, and one without checkpoints begins again."""
    await press(pilot, "r")
    assert said(pilot) == "horse2zebra is training: Enter attaches to it, b makes a branch of it."
    feed.put(row("horse2zebra"))
    await settle(pilot)
    assert said(pilot) == "", "it is not trained any more"
    await press(pilot, "r")
    assert isinstance(pilot.app.screen, CheckpointPicker)
    await press(pilot, "down", "enter")
    run = RunDirectory(Path("runs/horse2zebra"))
    assert pilot.app.return_value == GoOn(run=run, checkpoint="10000", request=ResumeRequest())


async def branches(pilot: Browsing, feed: FakeRuns) -> None:
    """Also of a run that is trained."""
    await press(pilot, "down", "b")
    assert said(pilot) == "horse2zebra-from-20000 has no checkpoint to branch from."
    await press(pilot, "up", "b")
    assert isinstance(pilot.app.screen, LineDialog)
    for typed, objection in (("loss.cycl=5 ", "Did you mean loss.cycle"), ('loss.identity="2', "quotation mark")):
        pilot.app.screen.query_one(Input).value = typed
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, LineDialog)
        shown = " ".join(text(pilot).split())
        assert objection in shown
        assert "--set" not in shown, "that is a command's word"
    pilot.app.screen.query_one(Input).value = "'loss.cycle_a= 5' loss.cycle_b=4"
    await press(pilot, "enter")
    assert isinstance(pilot.app.screen, CheckpointPicker)
    await press(pilot, "enter")
    request = ResumeRequest(branch=True, settings=("loss.cycle_a= 5", "loss.cycle_b=4"))
    run = RunDirectory(Path("runs/horse2zebra"))
    assert pilot.app.return_value == GoOn(run=run, checkpoint="20000", request=request)


async def compares(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "c")
    assert "◆ horse2zebra" in text(pilot)
    await press(pilot, "c")
    assert "◆" not in text(pilot)
    await press(pilot, "c", "down", "c")
    assert pilot.app.return_value == LookAt(
        run=RunDirectory(Path("runs/horse2zebra")), behind=RunDirectory(Path("runs/horse2zebra-from-20000"))
    )


async def puts_a_star(pilot: Browsing, feed: FakeRuns) -> None:
    feed.put(row("horse2zebra"))
    await settle(pilot)
    await press(pilot, "asterisk")
    assert read_remarks(RunDirectory(Path("runs/horse2zebra"))).starred
    assert feed.looks == 1
    feed.put(row("horse2zebra", starred=True))
    await settle(pilot)
    assert "★ horse2zebra" in text(pilot)
    await press(pilot, "asterisk")
    assert not read_remarks(RunDirectory(Path("runs/horse2zebra"))).starred
    feed.put(row("gone"))
    await settle(pilot)
    await press(pilot, "asterisk")
    assert said(pilot).startswith("run gone: cannot be written")


async def writes_a_note(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "m")
    assert isinstance(pilot.app.screen, LineDialog)
    await press(pilot, *" [b]!", "enter")
    run = RunDirectory(Path("runs/horse2zebra"))
    assert read_remarks(run).note == "the paper's weights, seed 3 [b]!"
    await press(pilot, "m", "escape")
    assert feed.looks == 1, "nothing was written"


async def deletes(pilot: Browsing, feed: FakeRuns) -> None:
    root = Path("runs/horse2zebra")
    await press(pilot, "d")
    assert isinstance(pilot.app.screen, DeleteDialog)
    assert "Delete horse2zebra?" in text(pilot)
    assert "2 checkpoints" in text(pilot)
    await press(pilot, "enter")
    assert root.exists(), "the harmless answer is the first"
    await press(pilot, "d", "escape", "d", "D")
    assert not root.exists()
    assert said(pilot) == "horse2zebra is deleted."
    assert feed.looks == 1


async def sorts(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "s", "s", "s")
    assert names(pilot)[0] == "cups"
    assert on(pilot) == "horse2zebra", "the cursor stays on its run"
    assert str(shown(pilot).list.border_subtitle).endswith("by name")


async def filters(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "slash", *"dtn")
    assert isinstance(pilot.app.screen, FilterDialog)
    assert names(pilot) == ["usps2mnist"]
    await press(pilot, "enter")
    assert on(pilot) == "usps2mnist"
    assert "lost" in facts(pilot), "the details follow"
    await press(pilot, "slash", *"zzz", "enter")
    assert "No run has these words" in text(pilot)
    await press(pilot, "enter", "r", "b", "c", "asterisk", "m", "d")
    assert isinstance(pilot.app.screen, RunsScreen)
    assert pilot.app.return_value is None


async def drops(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "slash", *"horse", "enter", "c", "escape")
    assert "◆" not in text(pilot)
    assert len(names(pilot)) == 3
    await press(pilot, "escape")
    assert len(names(pilot)) == 7


def moves(keys: tuple[str, ...], to: str, before: tuple[str, ...] = ()) -> Check:
    async def check(pilot: Browsing, feed: FakeRuns) -> None:
        for key in keys:
            await press(pilot, "home", *before, key)
            assert on(pilot) == to

    return check


async def scrolls_the_details(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "tab")
    assert shown(pilot).details.has_focus
    await press(pilot, "shift+tab")
    assert shown(pilot).table.has_focus


async def opens_the_palette(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "colon")
    assert isinstance(pilot.app.screen, CommandPalette)
    assert "branch (b)" in text(pilot)
    assert "detach (q)" not in text(pilot), "it is the browser's table, not the dashboard's"
    await press(pilot, "escape", "ctrl+p", *"compare")
    await press(pilot, "enter")
    await press(pilot, "enter")
    assert said(pilot).startswith("horse2zebra is marked")


async def changes_the_theme(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "t")
    assert said(pilot).startswith("Theme light. To keep it: theme")


async def explains_an_interrupt(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "ctrl+c")
    assert said(pilot).startswith("q leaves the browser")


async def shows_help(pilot: Browsing, feed: FakeRuns) -> None:
    await press(pilot, "question_mark")
    assert isinstance(pilot.app.screen, HelpScreen)
    assert RUNS[0].help in text(pilot)


CHECKS: dict[str, Check] = {
    "runs-leave": leaves,
    "runs-open": opens,
    "runs-new": begins,
    "runs-resume": resumes,
    "runs-branch": branches,
    "runs-compare": compares,
    "runs-star": puts_a_star,
    "runs-note": writes_a_note,
    "runs-delete": deletes,
    "runs-sort": sorts,
    "runs-filter": filters,
    "runs-drop": drops,
    "runs-up": moves(("up", "k"), "horse2zebra", before=("down",)),
    "runs-down": moves(("down", "j"), "horse2zebra-from-20000"),
    "runs-page-up": moves(("pageup",), "horse2zebra", before=("end",)),
    "runs-page-down": moves(("pagedown",), "cups"),
    "runs-first": moves(("home",), "horse2zebra", before=("end",)),
    "runs-last": moves(("end",), "cups"),
    "runs-details": scrolls_the_details,
    "runs-theme": changes_the_theme,
    "runs-palette": opens_the_palette,
    "runs-interrupt": explains_an_interrupt,
    "runs-help": shows_help,
}


def test_every_action_has_a_check_and_no_key_has_two() -> None:
    assert set(CHECKS) == {action.id for action in RUNS}
    keys = [key for action in RUNS for key in action.keys]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("action", [action.id for action in RUNS])
async def test_action(action: str, folder: Path) -> None:
    feed = FakeRuns(shelf())
    async with browsing(feed) as pilot:
        await CHECKS[action](pilot, feed)


# ------------------------------------------------------------------------------------------------- what is shown


async def test_what_is_said_of_a_run(folder: Path) -> None:
    feed = FakeRuns(shelf())
    async with browsing(feed) as pilot:
        told = facts(pilot)
        assert told["note"] == "the paper's weights, seed 3"
        assert told["steps"].endswith("18% / 49,210 of 266,800, epoch 37")
        assert told["losses"].startswith("G_A      0.318   G_B      0.402")
        assert told["branches"] == "horse2zebra-from-20000 (paused)"
        assert told["saved"] == "2 checkpoints, newest of step 20,000"
        assert "samples of step 20,000" in text(pilot)
        await press(pilot, "down", "down")
        told = facts(pilot)
        assert told["failed"] == "CUDA out of memory: tried to allocate 2.1 GiB"
        assert told["from"] == "horse2zebra-from-20000 @ 30,000"
        assert told["saved"] == "0 checkpoints"
        assert "samples of step" not in text(pilot), "the pictures of another run are not shown with it"
        feed.put(shelf()[2], row("new", created=NOW))
        await settle(pilot)
        assert on(pilot) == "horse2zebra-from-20000-from-30000", "the cursor stays where it was"
        feed.put(shelf()[2], problem="runs cannot be read (Stale file handle)")
        await settle(pilot)
        assert said(pilot) == "runs cannot be read (Stale file handle)"
        assert "runs · not up to date: runs cannot be read (Stale file handle)" in text(pilot)
        feed.put(shelf()[2])
        await settle(pilot)
        assert "not up to date" not in text(pilot)
        feed.put(problem="runs cannot be read (Permission denied)")
        await settle(pilot)
        assert "runs cannot be read (Permission denied)" in text(pilot)


async def test_a_refusal_to_delete_names_the_users_keys(folder: Path) -> None:
    write_remarks(RunDirectory(Path("runs/horse2zebra")), Remarks(starred=True))
    own = replace(AROUND, appearance=Appearance(keys={"runs-star": ("f4",)}))
    async with RunsApp(FakeRuns(shelf()), own, rest=0).run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "d")
        assert said(pilot) == "run horse2zebra: has a star and is kept. Take that away: F4"


async def test_the_cursor_begins_where_one_has_come_from_and_a_remark_is_made() -> None:
    feed = FakeRuns()
    app = RunsApp(feed, AROUND, begin_at="runs/facades", remark=("facades has finished.", "plain"), rest=0)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        feed.put(*shelf())
        await settle(pilot)
        assert on(pilot) == "facades"
        assert said(pilot) == "facades has finished."
        feed.put(*[each for each in shelf() if each.name != "facades"])
        await settle(pilot)
        assert on(pilot) == "usps2mnist", "of a run that has gone the cursor stays in its place"


async def test_a_click_goes_to_a_run_and_a_second_one_opens_it() -> None:
    async with browsing(FakeRuns(shelf())) as pilot:
        await pilot.click(shown(pilot).table, offset=(10, 4))
        assert on(pilot) == "facades"
        await pilot.click(shown(pilot).table, offset=(10, 4), times=2)
        await settle(pilot)
        assert pilot.app.return_value == LookAt(run=RunDirectory(Path("runs/facades")))


async def test_without_pictures_there_are_none(folder: Path) -> None:
    around = replace(AROUND, drawing=Drawing(imaging=Imaging(protocol="off")))
    async with RunsApp(FakeRuns(shelf()), around, rest=0).run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert facts(pilot)["saved"].startswith("2 checkpoints")
        assert "samples of step" not in text(pilot)


async def test_a_terminal_that_is_too_small_says_so_also_over_a_dialog() -> None:
    async with browsing(FakeRuns(shelf())) as pilot:
        for keys in ((), ("slash",)):
            await press(pilot, *keys)
            await pilot.resize_terminal(59, 20)
            await settle(pilot)
            assert "59 x 20 is too small" in text(pilot)
            assert "q leaves; no run is touched." in text(pilot)
            assert "horse2zebra" not in text(pilot)
            await pilot.resize_terminal(120, 40)
            await settle(pilot)
            assert "too small" not in text(pilot)


async def test_the_details_scroll_while_they_have_the_keys() -> None:
    async with browsing(FakeRuns(shelf()), size=(80, 24)) as pilot:
        await press(pilot, "tab", "down", "down")
        assert on(pilot) == "horse2zebra"
        assert shown(pilot).details.scroll_offset.y > 0
        await press(pilot, "tab", "down")
        assert on(pilot) == "horse2zebra-from-20000"
        assert shown(pilot).details.scroll_offset.y == 0, "another run is read from its beginning"


async def test_hostile_names_are_text(tmp_path: Path) -> None:
    """Markup, controls, wide characters; damaged ones too. Every line is as wide as the screen."""
    rows = [
        row(HOSTILE, method=HOSTILE, preset=HOSTILE, device=HOSTILE, note=HOSTILE, reason=HOSTILE, state="failed",
            losses={HOSTILE: 1.0}, starred=True),
        branch("[bold]odd[", "日本語のとても長い名前の実験その一とその二とその三", 5),
        row("[bold]odd[", path="runs/evil[/]", losses={"[b]": None}),
    ]  # fmt: skip
    async with browsing(FakeRuns(rows, folder=f"/{HOSTILE}")) as pilot:
        for key in ("home", "down", "down", "m", "escape", "c", "question_mark"):
            await press(pilot, key)
            lines = pilot.app.screen._compositor.render_strips()
            assert obeyed("".join(strip.text for strip in lines)) == []
            assert {strip.cell_length for strip in lines} == {120}
        await press(pilot, "escape", "slash", *"]odd[")
        assert len(names(pilot)) == 2


async def test_a_hostile_run_on_the_disk_is_a_line(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    write_identity(run, msgspec.structs.replace(read_identity(run), device=HOSTILE, reason=HOSTILE, preset=HOSTILE))
    run.root.rename(tmp_path / HOSTILE)
    async with browsing(FakeRuns(read_rows(tmp_path))) as pilot:
        assert obeyed(text(pilot).replace("\n", "")) == []
        assert "evil" in text(pilot)
