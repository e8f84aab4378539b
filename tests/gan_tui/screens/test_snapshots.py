"""How the screens look at three sizes, and at the smallest. Look at the pictures before accepting new ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from textual.app import App
from textual.pilot import Pilot

from engine.protocol import events as ev
from gan_tui.app import PickerApp
from tests.gan_tui.conftest import MakeDashboard, manifest_of
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.recorded import BEGAN, Recording

SIZES = [(80, 24), (120, 40), (200, 50)]
SnapCompare: TypeAlias = Callable[..., bool]
Run: TypeAlias = Callable[[Pilot[Any]], Awaitable[None]]

each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def after(*keys: str) -> Run:
    """Press keys once the pictures are there, and wait until all is drawn."""

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.app.workers.wait_for_complete()
        await pilot.press(*keys)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    return run


@each_size
def test_dashboard(
    size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after())


@pytest.mark.parametrize("pane", ["2", "3", "4"], ids=["samples", "controls", "journal"])
def test_one_pane_at_a_time(
    pane: str, feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=(80, 24), run_before=after(pane, "]", "+"))


def test_the_smallest_terminal(feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=(60, 15), run_before=after())


@each_size
@pytest.mark.parametrize("key", ["?", "X", "R", "="], ids=["help", "stop", "checkpoints", "value"])
def test_dialogs(
    key: str, size: tuple[int, int], feed: FakeFeed, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after(key))


@each_size
def test_start_up(
    size: tuple[int, int], recording: Recording, make_dashboard: MakeDashboard, snap_compare: SnapCompare
) -> None:
    feed = FakeFeed(recording.start_up())
    assert snap_compare(make_dashboard(feed), terminal_size=size, run_before=after())


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
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
def test_picker_on_its_own(size: tuple[int, int], snap_compare: SnapCompare) -> None:
    checkpoints = [manifest_of(step) for step in range(5_000, 50_000, 5_000)]
    app: App[int | None] = PickerApp("horse2zebra", checkpoints, now=BEGAN + 900)
    assert snap_compare(app, terminal_size=size, run_before=after("down"))
