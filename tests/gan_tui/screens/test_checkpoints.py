"""The checkpoint picker: what it shows of each checkpoint, and what it lets a user do with it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from engine.protocol.checkpoints import MANIFEST, folder_name, is_starred, note_on
from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.picker import PickerApp
from gan_tui.screens.checkpoints import CheckpointPicker
from gan_tui.themes import DARK
from gan_tui.widgets.checkpoint_details import CheckpointDetails
from gan_tui.widgets.checkpoint_table import CheckpointTable
from gan_tui.widgets.fact_sheet import FactSheet
from gan_tui.widgets.thumbnail import Thumbnail
from tests.gan_tui.client.locked import locked
from tests.gan_tui.conftest import MakeDashboard, make_run, write_checkpoint
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.recorded import BEGAN
from tests.gan_tui.screens.settled import settle
from tests.until import PATIENCE

Picking = Pilot[int | None]


@pytest.fixture
def run(run_dir: Path, tmp_path: Path) -> RunDirectory:
    """A copy of the run with checkpoints of steps 10,000 to 40,000 that may be changed."""
    shutil.copytree(run_dir, tmp_path / "horse2zebra")
    return RunDirectory(tmp_path / "horse2zebra")


@asynccontextmanager
async def picking(run: RunDirectory, *settings: str) -> AsyncIterator[Picking]:
    app = PickerApp(run, ResumeRequest(settings=settings), now=BEGAN + 900)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        yield pilot


async def press(pilot: Picking, *keys: str) -> None:
    await pilot.press(*keys)
    await settle(pilot)


def screen(pilot: Picking) -> CheckpointPicker:
    found = pilot.app.screen
    assert isinstance(found, CheckpointPicker)
    return found


def facts(pilot: Picking) -> dict[str, str]:
    """What the details say, by label."""
    sheet = screen(pilot).query_one(FactSheet)
    return {fact.label: " / ".join(fact.lines) for fact in sheet.facts}


def said(pilot: Picking) -> str:
    return str(screen(pilot).query_one("#said", Static).render())


def rows(pilot: Picking) -> list[str]:
    """Step and marks of each row."""
    table = screen(pilot).query_one(CheckpointTable)
    return [" ".join(f"{cells[0]} {cells[1]}".split()) for cells in map(table.get_row_at, range(table.row_count))]


def folder_of(run: RunDirectory, step: int) -> Path:
    return run.checkpoints / folder_name(step)


def flip_a_bit(run: RunDirectory, step: int) -> None:
    path = folder_of(run, step) / "G_A.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


async def test_the_newest_is_highlighted_and_read(run: RunDirectory) -> None:
    async with picking(run) as pilot:
        assert rows(pilot) == ["40,000 best", "30,000", "20,000", "10,000"]
        told = facts(pilot)
        assert told["goes on"] == "in place, with step 40,001"
        assert told["files"] == "whole: 2 files, SHA-256 as written"
        assert told["left"] == "226,800 steps, 171 epochs"
        assert told["next lr"] == "G 0.002  D 0.001  (base rate × 1)"
        assert told["controls"] == "loss.identity 1 (config.toml 0.5)"
        assert "run.seed 3 (file 0)" in told["preset"]
        assert said(pilot) == ""
        await press(pilot, "enter")
        assert pilot.app.return_value == 40_000


async def test_an_older_one_makes_a_branch(run: RunDirectory) -> None:
    async with picking(run, "loss.cycle_a=8") as pilot:
        await press(pilot, "down", "down")
        told = facts(pilot)
        assert told["goes on"] == "in a branch, horse2zebra-from-20000"
        assert told["asked for"] == "loss.cycle_a 10 → 8"
        await press(pilot, "enter")
        assert pilot.app.return_value == 20_000


async def test_keys_in_a_burst_resume_from_where_the_cursor_ends(run: RunDirectory) -> None:
    async with picking(run) as pilot:
        await press(pilot, "down", "down", "down", "up", "enter")
        assert pilot.app.return_value == 20_000


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_nothing_is_chosen(run: RunDirectory, key: str) -> None:
    async with picking(run) as pilot:
        await press(pilot, "down", key)
        assert pilot.app.return_value is None
        assert not isinstance(pilot.app.screen, CheckpointPicker)


async def test_a_damaged_one_is_refused_and_the_newest_good_one_offered(run: RunDirectory) -> None:
    flip_a_bit(run, 40_000)
    async with picking(run) as pilot:
        assert rows(pilot)[:2] == ["40,000 damaged", "30,000 best"]
        assert "damaged file G_A.safetensors" in facts(pilot)["problem"]
        await press(pilot, "enter")
        assert pilot.app.return_value is None
        assert "has a damaged file G_A.safetensors" in said(pilot)
        assert said(pilot).endswith("g goes to the newest good one, step 30,000.")
        await press(pilot, "g")
        assert said(pilot) == ""
        assert facts(pilot)["goes on"] == "in place, with step 30,001"
        assert "checkpoint step-00040000: has a damaged file" in facts(pilot)["warning"]
        await press(pilot, "enter")
        assert pilot.app.return_value == 30_000


async def test_one_that_does_not_say_what_it_is(run: RunDirectory) -> None:
    manifest = folder_of(run, 40_000) / MANIFEST
    whole = manifest.read_bytes()
    manifest.write_bytes(b"{")
    async with picking(run) as pilot:
        assert rows(pilot)[:2] == ["40,000 unreadable", "30,000 best"]
        assert facts(pilot) == {"files": "has no readable manifest.json (Input data was truncated)"}
        await press(pilot, "enter", "asterisk")
        assert said(pilot).startswith("step-00040000 has no readable manifest.json (Input data was truncated).")
        assert not is_starred(folder_of(run, 40_000))
        manifest.write_bytes(whole)
        await press(pilot, "enter")
        assert rows(pilot)[:2] == ["40,000 best", "30,000"]
        assert facts(pilot)["goes on"] == "in place, with step 40,001"
        await press(pilot, "enter")
        assert pilot.app.return_value == 40_000


async def test_where_none_is_good(run: RunDirectory) -> None:
    for step in (10_000, 20_000, 30_000):
        shutil.rmtree(folder_of(run, step))
    weights = folder_of(run, 40_000) / "G_A.safetensors"
    whole = weights.read_bytes()
    flip_a_bit(run, 40_000)
    async with picking(run) as pilot:
        await press(pilot, "enter", "g")
        assert said(pilot).endswith("There is no good one.")
        weights.write_bytes(whole)
        await press(pilot, "enter")
        assert pilot.app.return_value == 40_000


async def test_a_star_is_set_and_taken_away(run: RunDirectory) -> None:
    async with picking(run) as pilot:
        await press(pilot, "down", "asterisk")
        assert is_starred(folder_of(run, 30_000))
        assert rows(pilot)[1] == "30,000 ★"
        headline = screen(pilot).details.headline
        assert str(headline.render()).endswith("★")
        await press(pilot, "up", "asterisk", "down", "asterisk")
        assert rows(pilot)[:2] == ["40,000 ★ best", "30,000"]
        assert not is_starred(folder_of(run, 30_000))


async def test_a_note_is_written_and_taken_away(run: RunDirectory) -> None:
    async with picking(run) as pilot:
        await press(pilot, "down", "m", *"[b] good", "enter")
        assert note_on(folder_of(run, 30_000)) == "[b] good"
        assert rows(pilot)[:2] == ["40,000 best", "30,000 note"]
        assert facts(pilot)["note"] == "[b] good"
        await press(pilot, "m", "escape", "m", *["backspace"] * 8, "enter")
        assert note_on(folder_of(run, 30_000)) == ""
        assert rows(pilot)[1] == "30,000"
        assert "note" not in facts(pilot)


async def test_a_star_that_cannot_be_set_is_told(run: RunDirectory) -> None:
    async with picking(run) as pilot:
        shutil.rmtree(folder_of(run, 40_000))
        await press(pilot, "asterisk")
        assert said(pilot) == "step-00040000 is gone: a newer checkpoint has taken its place."
        assert rows(pilot)[0] == "30,000 best", "and what is gone is no longer listed"


async def test_a_read_only_view_sets_no_star(run: RunDirectory, feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    app = make_dashboard(feed, readonly=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await settle(pilot)
        await pilot.press("m")
        await settle(pilot)
        assert isinstance(app.screen, CheckpointPicker)
        await pilot.press("asterisk")
        await settle(pilot)
        assert "read-only" in str(app.screen.query_one("#said", Static).render())


async def test_a_mirror_says_where_the_checkpoints_are(feed: FakeFeed, make_dashboard: MakeDashboard) -> None:
    app = make_dashboard(feed, host="gpu-box")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("R")
        await settle(pilot)
        told = "Its checkpoints are on gpu-box, where it is resumed: gan-tui resume horse2zebra"
        assert told in "".join(strip.text for strip in app.screen._compositor.render_strips())


async def test_what_else_is_in_the_way_is_told(run: RunDirectory) -> None:
    async with picking(run, "generator.width=8") as pilot:
        assert facts(pilot)["problem"].startswith("generator.width: is 8")
        await press(pilot, "enter")
        assert said(pilot).startswith("generator.width: is 8, and the checkpoint's weights were trained with 16.")
        assert pilot.app.return_value is None


async def test_a_run_with_an_engine_at_work(run: RunDirectory) -> None:
    with ExitStack() as engine:
        engine.enter_context(locked(run))
        async with picking(run) as pilot:
            await press(pilot, "enter")
            assert said(pilot).startswith("run horse2zebra: is being trained now.")
            assert pilot.app.return_value is None
            engine.close()
            await press(pilot, "enter")
            assert pilot.app.return_value == 40_000, "what has passed is in nobody's way"


async def test_a_run_that_cannot_be_read_is_a_visible_state(run: RunDirectory) -> None:
    run.config.unlink()
    async with picking(run) as pilot:
        assert "config.toml: cannot be read" in facts(pilot)["problem"]
        await press(pilot, "enter")
        assert "config.toml: cannot be read" in said(pilot)


async def test_a_folders_name_is_text(run: RunDirectory) -> None:
    odd = RunDirectory(run.root.rename(run.root.with_name("[bold]odd[")))
    async with picking(odd) as pilot:
        shown = "".join(segment.text for strip in pilot.app.screen._compositor.render_strips() for segment in strip)
        assert "checkpoints · [bold]odd[" in shown
        assert facts(pilot)["goes on"] == "in place, with step 40,001"


async def test_a_run_without_checkpoints(tmp_path: Path) -> None:
    async with picking(make_run(tmp_path)) as pilot:
        assert said(pilot) == "horse2zebra has no checkpoint yet."
        await press(pilot, "enter", "asterisk", "g", "escape")
        assert pilot.app.return_value is None


async def test_a_picture_is_shown_where_there_is_one(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    for step in (10_000, 20_000):
        write_checkpoint(run, step)
    (folder_of(run, 10_000) / "thumbnail.png").write_bytes(b"no picture")
    async with picking(run) as pilot:
        thumbnail = screen(pilot).query_one(Thumbnail)
        assert (thumbnail.display, thumbnail.size) == (True, (30, 10))
        await press(pilot, "down")
        assert not thumbnail.display
        assert "truncated file thumbnail.png" in facts(pilot)["problem"]
        await press(pilot, "up")
        assert thumbnail.display


class Hasty(App[None]):
    """Opens the picker over nothing, with ages that are renewed every second."""

    def __init__(self, run: RunDirectory) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name
        self.picker = CheckpointPicker(run, ResumeRequest(), now=BEGAN + 900, ageing=1.0)

    def on_mount(self) -> None:
        self.push_screen(self.picker)


def seconds_of(age: str) -> int:
    """Of an age as it is shown, such as 1m 05s."""
    return sum(int(part[:-1]) * {"s": 1, "m": 60, "h": 3600}[part[-1]] for part in age.split())


async def test_ages_grow_while_it_is_open_and_the_user_stays_where_he_is(run: RunDirectory) -> None:
    app = Hasty(run)
    picker = app.picker
    async with app.run_test(size=(80, 18)) as pilot:
        await settle(pilot)
        await pilot.press("down", "down", "tab", "pagedown")
        await settle(pilot)
        scrolled = picker.details.scroll_offset.y
        assert scrolled > 0

        def age() -> str:
            return str(picker.table.get_row_at(2)[3]).strip()

        before = age()
        async with asyncio.timeout(PATIENCE):
            while age() == before:
                await pilot.pause(0.05)
        assert seconds_of(age()) > seconds_of(before)
        await settle(pilot)
        assert f"{age()} old" in str(picker.details.headline.render())
        assert picker.details.scroll_offset.y == scrolled


async def test_before_the_checkpoints_are_listed_it_says_so(run: RunDirectory) -> None:
    picker = CheckpointPicker(run, ResumeRequest(), now=BEGAN)
    assert picker.has_class("-reading"), "which hides what is empty yet"
    async with picking(run) as pilot:
        assert not screen(pilot).has_class("-reading")


async def test_the_mark_of_a_damaged_one_keeps_its_colour_under_the_cursor(run: RunDirectory) -> None:
    flip_a_bit(run, 40_000)
    async with picking(run) as pilot:
        await press(pilot, "down", "up")
        [strip] = [strip for strip in pilot.app.screen._compositor.render_strips() if "damaged  " in strip.text][:1]
        colours = {segment.text.strip(): segment.style.color for segment in strip if segment.style}
        error = screen(pilot).table.get_component_rich_style("checkpoints--bad").color
        assert colours["damaged"] == error
        assert colours["40,000"] != error


async def test_the_details_can_be_scrolled_by_keys(run: RunDirectory) -> None:
    app = PickerApp(run, ResumeRequest(), now=BEGAN + 900)
    async with app.run_test(size=(80, 18)) as pilot:
        await settle(pilot)
        await press(pilot, "tab", "pagedown")
        assert app.screen.query_one(CheckpointDetails).scroll_offset.y > 0
        await press(pilot, "enter")
        assert app.return_value == 40_000
