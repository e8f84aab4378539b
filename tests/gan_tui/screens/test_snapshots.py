"""How the screens look at three sizes, and at the smallest. Look at the pictures before accepting new ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, set_star
from engine.protocol.machine import Stuck
from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.control_sets import save_set, sets_file
from gan_tui.picker import PickerApp
from gan_tui.screens.log import LogScreen
from tests.gan_tui import machines
from tests.gan_tui.conftest import MakeDashboard, make_run, write_checkpoint
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.recorded import BEGAN, PACE, Recording
from tests.gan_tui.screens.settled import settle
from tests.gan_tui.screens.test_link import SlowOutlet

SIZES = [(80, 24), (120, 40), (200, 50)]
SnapCompare: TypeAlias = Callable[..., bool]
Run: TypeAlias = Callable[[Pilot[Any]], Awaitable[None]]

each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def after(*keys: str) -> Run:
    """Press keys once the pictures are there, and wait until all is drawn."""

    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)

    return run


def steadily(*keys: str) -> Run:
    """Press keys as ``after`` does; the cursor of a line that is typed does not blink."""

    async def run(pilot: Pilot[Any]) -> None:
        await after(*keys)(pilot)
        for line in pilot.app.screen.query(Input):
            line.cursor_blink = False
        await pilot.pause()

    return run


@each_size
def test_dashboard(
    size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after())


@each_size
@pytest.mark.parametrize(
    "keys",
    [("g", *["left"] * 24), ("x", "w", "z"), ("slash", *"cyc")],
    ids=["cursor", "newest part", "filter"],
)
def test_plot(
    keys: tuple[str, ...],
    size: tuple[int, int],
    feed: FakeFeed,
    make_dashboard: MakeDashboard,
    snap_compare: SnapCompare,
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after(*keys))


@pytest.mark.parametrize("pane", ["2", "3", "4"], ids=["samples", "controls", "journal"])
def test_one_pane_at_a_time(
    pane: str, feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=(80, 24), run_before=after(pane, "]", "+"))


@pytest.mark.parametrize(
    "appearance",
    [{"theme": "light"}, {"theme": "colour-blind-dark"}, {"theme": "colour-blind-light"}, {"theme": "monochrome"}],
    ids=lambda appearance: appearance["theme"],
)
def test_themes(
    appearance: dict[str, str], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed, **appearance), terminal_size=(120, 40), run_before=after())


def test_ascii(feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare) -> None:
    assert snap_compare(make_dashboard(feed, ascii=True), terminal_size=(120, 40), run_before=after())


def test_no_colour(
    feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_dashboard(feed), terminal_size=(120, 40), run_before=after("3", "]", "+"))


def test_the_largest_terminal(feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=(300, 90), run_before=after())


def test_a_terminal_that_is_too_small(feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=(59, 14), run_before=after())


def test_the_smallest_terminal(feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=(60, 15), run_before=after())


@pytest.mark.parametrize("key", ["e", "b", "A"], ids=["effect", "before and after", "alerts"])
def test_screens_on_the_smallest_terminal(
    key: str,
    feed: FakeFeed,
    recording: Recording,
    make_dashboard: MakeDashboard,
    snap_compare: SnapCompare,
) -> None:
    feed.play(*recording.found(49_250))
    assert snap_compare(make_dashboard(feed), terminal_size=(60, 15), run_before=after(key))


@each_size
@pytest.mark.parametrize("key", ["?", "X", "R", "=", "E"], ids=["help", "stop", "checkpoints", "value", "export"])
def test_dialogs(
    key: str, size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after(key))


@each_size
@pytest.mark.parametrize("key", ["c", "colon"], ids=["run behind", "palette"])
def test_lists_to_choose_from(
    key: str, size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=steadily(key))


@each_size
def test_paused_with_the_curves_of_another_run_behind(
    size: tuple[int, int],
    feed: FakeFeed,
    recording: Recording,
    make_dashboard: MakeDashboard,
    snap_compare: SnapCompare,
) -> None:
    async def draw_behind(pilot: Pilot[Any]) -> None:
        await after("c")(pilot)
        await after("enter")(pilot)

    feed.play(ev.Paused(**recording.when(49_200), by="you"))
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=draw_behind)


@each_size
def test_a_note_on_a_stuck_step_while_another_viewer_holds_control(
    size: tuple[int, int],
    feed: FakeFeed,
    make_dashboard: MakeDashboard,
    snap_compare: SnapCompare,
) -> None:
    holder, view = ev.Holder(viewer="hers", by="ana@gpu-box", where="pts/3"), feed.snapshot()
    feed.play(
        ev.Tick(
            step=view.step,
            epoch=view.epoch,
            throughput=0.0,
            state="training",
            time=BEGAN + 900,
            last_seq=view.last_seq,
            stuck=Stuck(phase="data", seconds=125.0, usual=0.016),
            holder=holder,
        )
    )
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=steadily("m", *"legs [hind]"))


@each_size
def test_read_only_over_a_slow_link(
    size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    outlet = SlowOutlet()
    outlet.factor = 2.0
    app = make_dashboard(feed, readonly=True, outlet=outlet)
    assert snap_compare(app, terminal_size=size, run_before=after())


@each_size
def test_lost(size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare) -> None:
    feed.relink("lost", "the engine (pid 4242) ended without a word")
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after("P"))


@each_size
@pytest.mark.parametrize("keys", [("n",), ("o",), ("b",)], ids=["selected", "picture", "before and after"])
def test_samples(
    keys: tuple[str, ...],
    size: tuple[int, int],
    feed: FakeFeed,
    make_dashboard: MakeDashboard,
    snap_compare: SnapCompare,
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after("2", *keys))


@each_size
@pytest.mark.parametrize("key", ["", "A"], ids=["health", "alerts"])
def test_what_sentinels_have_found(
    key: str,
    size: tuple[int, int],
    feed: FakeFeed,
    recording: Recording,
    make_dashboard: MakeDashboard,
    snap_compare: SnapCompare,
) -> None:
    feed.play(*recording.found(49_250))
    keys = (key,) if key else ("3", "a")
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after(*keys))


@each_size
@pytest.mark.parametrize("key", ["u", "e", "p", "T"], ids=["undo", "effect", "control sets", "take over"])
def test_steering(
    key: str, size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    """Several values prepared; for a takeover, another viewer in control."""
    save_set(sets_file(), "gentle [cycle]", {"loss.cycle_a": 5.0, "loss.cycle_b": 5.0, "loss.l1": 100.0})
    save_set(sets_file(), "as published", {"loss.cycle_a": 10.0, "loss.identity": 0.5, "optim.lr_g": 2e-4})
    if key == "T":
        feed.hand_to(ev.Holder(viewer="hers", by="ana@gpu-box", where="pts/3"))
    prepared = ("]", ")", "]", "-", "]", "]", "+")
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after(*prepared, key))


@each_size
def test_log(size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare) -> None:
    async def search(pilot: Pilot[Any]) -> None:
        await after("l")(pilot)
        while isinstance(pilot.app.screen, LogScreen) and not pilot.app.screen.view.virtual_size.height:
            await pilot.pause()
        await after("slash", *"step")(pilot)

    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=search)


@each_size
def test_start_up(
    size: tuple[int, int], recording: Recording, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    feed = FakeFeed(recording.start_up())
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after())


@each_size
def test_failure(
    size: tuple[int, int],
    feed: FakeFeed,
    recording: Recording,
    make_dashboard: MakeDashboard,
    snap_compare: SnapCompare,
) -> None:
    reason = "CUDA out of memory: tried to allocate 2.1 GiB [of 141]"
    feed.play(ev.Failed(**recording.when(49_210), reason=reason, fix="Lower run.batch or data.crop."))
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after())


@each_size
def test_machine(
    size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after("M"))


def test_machine_on_the_smallest_terminal(
    feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=(60, 15), run_before=after("M"))


def test_machine_of_several_gpus_one_of_them_slowed(
    recording: Recording, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    noise = Random(3)
    lines = (recording.metrics(step, machine=machines.several(step / PACE, noise)) for step in range(150, 30_000, 150))
    feed = FakeFeed([*recording.start_up(), *lines])
    assert snap_compare(make_dashboard(feed), terminal_size=(120, 40), run_before=after("M", "w"))


def test_machine_without_a_gpu_that_waits_for_data(
    recording: Recording, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    noise, events = Random(3), list(recording.start_up())
    for step in range(150, 9_000, 150):
        events.append(recording.metrics(step, machine=machines.cpu_reading(step / PACE, noise)))
    feed = FakeFeed([*events, recording.checkpoint(9_000)])
    assert snap_compare(make_dashboard(feed), terminal_size=(80, 24), run_before=after("M"))


@pytest.fixture
def worn_run(tmp_path: Path) -> RunDirectory:
    """A run whose newest checkpoint is damaged and whose oldest does not say what it is."""
    run = make_run(tmp_path)
    folders = [write_checkpoint(run, step) for step in range(5_000, 50_000, 5_000)]
    (folders[-1] / "G_A.safetensors").write_bytes(bytes(40_999) + b"!")
    (folders[0] / MANIFEST).unlink()
    set_star(folders[3], True)
    return run


@each_size
@pytest.mark.parametrize("keys", [(), ("g",)], ids=["damaged", "good"])
def test_picker_on_its_own(
    keys: tuple[str, ...], size: tuple[int, int], worn_run: RunDirectory, snap_compare: SnapCompare
) -> None:
    app: App[int | None] = PickerApp(worn_run, ResumeRequest(settings=("loss.cycle_a=8",)), now=BEGAN + 900)
    assert snap_compare(app, terminal_size=size, run_before=after(*keys))


def test_picker_on_the_smallest_terminal(run_dir: Path, snap_compare: SnapCompare) -> None:
    app: App[int | None] = PickerApp(RunDirectory(run_dir), ResumeRequest(), now=BEGAN + 900)
    assert snap_compare(app, terminal_size=(60, 15), run_before=after("down"))
