"""Whatever a record, a folder or a host is called, the terminal is sent text."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import tomli_w
from textual.app import App
from textual.pilot import Pilot

from engine.config.controls import controls_of
from engine.config.methods import CycleGanConfig
from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, Manifest, StoredFile, folder_name
from engine.protocol.events import StagedChange
from engine.protocol.rundir import RunDirectory, read_identity, write_identity
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.control_sets import sets_file
from gan_tui.picker import PickerApp
from tests.gan_tui.conftest import MakeDashboard, make_run
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.hostile import HOSTILE, obeyed
from tests.gan_tui.recorded import Recording
from tests.gan_tui.screens.settled import settle


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


@pytest.mark.parametrize("keys", ["", "m", "=", "X", "R", "?", "3", "4"])
async def test_a_hostile_record(keys: str, recording: Recording, make_dashboard: MakeDashboard) -> None:
    feed = FakeFeed(
        [
            ev.Started(**recording.early(0), pid=1, host=HOSTILE),
            hostile_announcement(recording),
            ev.Training(**recording.when(0)),
            recording.metrics(50, losses={HOSTILE: 1.0}),
            recording.metrics(100, losses={HOSTILE: 2.0}),
            ev.Note(**recording.when(100), text=HOSTILE, by=HOSTILE),
            ev.Alert(**recording.when(100), subject=HOSTILE, fact=HOSTILE, fix=HOSTILE),
            ev.Sampled(**recording.when(100), path=HOSTILE, tile=64, rows=((HOSTILE,),)),
        ],
        name=HOSTILE,
    )
    async with make_dashboard(feed).run_test(size=(120, 40)) as pilot:
        await pilot.press(*keys)
        await no_control_characters(pilot)
        feed.refuse(HOSTILE, HOSTILE, HOSTILE) if feed.sent else feed.relink("lost", HOSTILE)
        await no_control_characters(pilot)


async def test_hostile_nudges_holders_and_sets(recording: Recording, make_dashboard: MakeDashboard) -> None:
    moved = (ev.Change(name=HOSTILE, old=2.0, new=1.0),)
    sets_file().parent.mkdir(parents=True)
    sets_file().write_text(tomli_w.dumps({HOSTILE: {HOSTILE: 3.0, "loss.cycle_a": 5.0}}))
    feed = FakeFeed(
        [
            hostile_announcement(recording),
            ev.Training(**recording.when(0)),
            *(recording.metrics(step, losses={HOSTILE: 1.0}) for step in range(50, 1001, 50)),
            ev.Nudged(**recording.when(1000), changes=moved, by=HOSTILE, why=HOSTILE),
            *(recording.metrics(step, losses={HOSTILE: 2.0}) for step in range(1050, 2001, 50)),
        ],
        name=HOSTILE,
    )
    async with make_dashboard(feed).run_test(size=(120, 40)) as pilot:
        for key in ("e", "u", "p"):
            await pilot.press(key)
            await no_control_characters(pilot)
            assert pilot.app.screen.is_modal
            await pilot.press("escape")
        feed.hand_to(ev.Holder(viewer=HOSTILE, by=HOSTILE, where=HOSTILE))
        feed.play(ev.TakenOver(**recording.when(2000), by=HOSTILE, where=HOSTILE, before=HOSTILE))
        await no_control_characters(pilot)
        await pilot.press("P")
        await no_control_characters(pilot)
        await pilot.press("T")
        await no_control_characters(pilot)
        assert pilot.app.screen.is_modal


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
