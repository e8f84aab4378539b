"""Whatever a record, a folder or a host is called, the terminal is sent text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
import tomli_w
from textual.app import App
from textual.command import CommandPalette
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from engine.config.controls import controls_of
from engine.config.methods import CycleGanConfig
from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, Manifest, StoredFile, folder_name
from engine.protocol.events import StagedChange
from engine.protocol.rundir import RunDirectory, read_identity, write_identity
from gan_tui.app import Dashboard
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.control_sets import sets_file
from gan_tui.picker import PickerApp
from gan_tui.screens.alerts import AlertsScreen
from gan_tui.screens.before_after import BeforeAfterScreen
from gan_tui.screens.beside import BesideDialog
from gan_tui.screens.checkpoints import CheckpointPicker
from gan_tui.screens.control_sets import ControlSetsDialog
from gan_tui.screens.effect import EffectScreen
from gan_tui.screens.export import ExportDialog
from gan_tui.screens.help import HelpScreen
from gan_tui.screens.log import LogScreen
from gan_tui.screens.machine import MachineScreen
from gan_tui.screens.picture import PictureScreen
from gan_tui.screens.prompts import FilterDialog, NoteDialog, ValueDialog
from gan_tui.screens.stop import StopDialog
from gan_tui.screens.takeover import TakeOverDialog
from gan_tui.screens.undo import UndoDialog
from gan_tui.state.tempo import Tempo
from gan_tui.surroundings import Surroundings, Watched
from tests.gan_tui import machines
from tests.gan_tui.conftest import MakeDashboard, another_feed, make_run
from tests.gan_tui.drawings import TILE, write_sheet
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.hostile import HOSTILE, obeyed
from tests.gan_tui.recorded import Recording
from tests.gan_tui.screens.settled import settle

SHEETS = (50, 2000)
OPENED = {
    "m": NoteDialog, "equals_sign": ValueDialog, "X": StopDialog, "R": CheckpointPicker, "question_mark": HelpScreen,
    "M": MachineScreen, "A": AlertsScreen, "c": BesideDialog, "E": ExportDialog, "l": LogScreen, "o": PictureScreen,
    "b": BeforeAfterScreen, "colon": CommandPalette, "slash": FilterDialog, "e": EffectScreen, "u": UndoDialog,
    "p": ControlSetsDialog,
}  # fmt: skip
"""What keys open over the dashboard."""


def screen_text(app: App[object]) -> str:
    """Everything on the screen, as it is written to the terminal."""
    width, height = app.size
    assert (width, height) == (120, 40)
    return "".join(segment.text for strip in app.screen._compositor.render_strips() for segment in strip)


async def no_control_characters(pilot: Pilot[object]) -> None:
    await settle(pilot)
    text = screen_text(pilot.app)
    assert "evil" in text
    assert obeyed(text) == []


def hostile_announcement(recording: Recording) -> ev.Announced:
    first, *rest = controls_of(CycleGanConfig())
    controls = (msgspec.structs.replace(first, name=HOSTILE, doc=HOSTILE, unit=HOSTILE), *rest)
    return ev.Announced(
        **recording.early(4.0), controls=controls, values={}, staged=(), rates={}, components=(HOSTILE,), epochs=1,
        steps_per_epoch=100, total_steps=100, device=HOSTILE, parameters={HOSTILE: 1_000},
    )  # fmt: skip


@pytest.fixture
def hostile_run(tmp_path: Path) -> RunDirectory:
    """A run of a hostile name, with such a log, such a run beside it, and two sheets of samples."""
    for name in (f"{HOSTILE} too", HOSTILE):
        make_run(tmp_path).root.rename(tmp_path / name)
    run = RunDirectory(tmp_path / HOSTILE)
    run.log.write_text(f"{HOSTILE}\n" * 3)
    for step in SHEETS:
        write_sheet(run.root / f"{HOSTILE}{step}.png", 1.0, count=1)
    return run


def hostile_course(recording: Recording) -> Iterator[ev.Event]:
    """All that a record tells, from the start to a nudge that has had its effect."""
    first = controls_of(CycleGanConfig())[0]
    machine = machines.reading(0.0, Random(0))
    gpu = msgspec.structs.replace(machine.gpus[0], name=HOSTILE, slowed=(HOSTILE,))
    machine = msgspec.structs.replace(machine, gpus=(gpu,))
    rows = (("real_A", HOSTILE, HOSTILE), ("real_B", HOSTILE, HOSTILE))
    yield ev.Started(**recording.early(0), pid=1, host=HOSTILE)
    yield hostile_announcement(recording)
    yield ev.Training(**recording.when(0))
    for step in range(50, 2001, 50):
        yield recording.metrics(step, losses={HOSTILE: step / 1000}, machine=machine)
        if step in SHEETS:
            yield ev.Sampled(**recording.when(step), path=f"{HOSTILE}{step}.png", tile=TILE, rows=rows)
        if step == 1000:
            moved = (ev.Change(name=HOSTILE, old=2.0, new=1.0),)
            yield ev.Nudged(**recording.when(step), changes=moved, by=HOSTILE, why=HOSTILE)
    yield ev.Note(**recording.when(2000), text=HOSTILE, by=HOSTILE)
    yield ev.Alert(**recording.when(2000), subject=HOSTILE, fact=HOSTILE, fix=HOSTILE)
    found = {"sentinel": HOSTILE, "cause": HOSTILE, "suggestion": {HOSTILE: first.default, "loss.cycle_a": 5.0}}
    yield ev.Alert(**recording.when(2000), subject=HOSTILE, fact=HOSTILE, **found)


async def test_a_hostile_record(hostile_run: RunDirectory, recording: Recording) -> None:
    """On every pane and in all that can be opened; also where an engine refuses, and ends."""
    sets_file().parent.mkdir(parents=True)
    sets_file().write_text(tomli_w.dumps({HOSTILE: {HOSTILE: 3.0, "loss.cycle_a": 5.0}}))
    feed = FakeFeed(hostile_course(recording), name=HOSTILE)
    world = Surroundings(tempo=Tempo(text=0, curves=0), follow=another_feed)
    async with Dashboard(Watched(feed=feed, run=hostile_run), world).run_test(size=(120, 40)) as pilot:
        await no_control_characters(pilot)
        dashboard = pilot.app.screen
        for key, screen in OPENED.items():
            await pilot.press(key)
            await no_control_characters(pilot)
            assert type(pilot.app.screen) is screen, key
            await pilot.press("escape")
            await settle(pilot)
            assert pilot.app.screen is dashboard, key
        for key in ("4", "3", "2", "1", "a", "t", "exclamation_mark"):
            await pilot.press(key)
            await no_control_characters(pilot)
        await pilot.press("o", "E")
        await no_control_characters(pilot)
        assert obeyed(pilot.app.screen.query_one(Input).value) == []
        await pilot.press("escape", "escape", "slash")
        pilot.app.screen.query_one(Input).post_message(Paste(HOSTILE))
        await no_control_characters(pilot)
        assert "/evil" in screen_text(pilot.app)
        await pilot.press("escape", "c")
        await settle(pilot)
        await pilot.press("enter")
        await no_control_characters(pilot)
        assert "behind: evil" in screen_text(pilot.app)
        await pilot.press("v")
        feed.refuse(HOSTILE, HOSTILE, HOSTILE)
        await no_control_characters(pilot)
        feed.hand_to(ev.Holder(viewer=HOSTILE, by=HOSTILE, where=HOSTILE))
        feed.play(ev.TakenOver(**recording.when(2000), by=HOSTILE, where=HOSTILE, before=HOSTILE))
        for key in ("P", "T"):
            await pilot.press(key)
            await no_control_characters(pilot)
        assert type(pilot.app.screen) is TakeOverDialog
        feed.relink("lost", HOSTILE)
        await pilot.press("escape")
        await no_control_characters(pilot)


async def test_a_hostile_start_and_failure(recording: Recording, make_dashboard: MakeDashboard) -> None:
    feed = FakeFeed([ev.Phase(**recording.early(0), name=HOSTILE, detail=HOSTILE)], name=HOSTILE)
    async with make_dashboard(feed).run_test(size=(120, 40)) as pilot:
        await no_control_characters(pilot)
        await pilot.press("S")
        feed.refuse(HOSTILE, HOSTILE)
        await no_control_characters(pilot)
        feed.play(ev.Failed(**recording.early(1), reason=HOSTILE, fix=HOSTILE))
        await no_control_characters(pilot)


@pytest.mark.parametrize("rows", [0, 1])
async def test_hostile_checkpoints(rows: int, tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.root.rename(tmp_path / HOSTILE)
    run = RunDirectory(tmp_path / HOSTILE)
    identity = read_identity(run)
    write_identity(run, msgspec.structs.replace(identity, preset=HOSTILE, device=HOSTILE, versions={"torch": HOSTILE}))
    staged = StagedChange(at_step=9, values={HOSTILE: 1.0}, by=HOSTILE)
    manifest = Manifest(
        run="r", step=1, epoch=1, images=1, time=0.0, reason="schedule", losses={HOSTILE: 1.0}, controls={},
        lr={HOSTILE: 1.0}, staged=(staged,), files={HOSTILE: StoredFile(sha256="", size=1)},
    )  # fmt: skip
    for step in range(rows):
        folder = run.checkpoints / folder_name(step + 1)
        folder.mkdir(parents=True)
        (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    async with PickerApp(run, ResumeRequest(), now=0.0).run_test(size=(120, 40)) as pilot:
        await no_control_characters(pilot)
        await pilot.press("enter")
        await no_control_characters(pilot)
