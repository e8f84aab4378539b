"""What the dashboard does on a slow link: it says so while it lasts, draws less, and never lets the user wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.protocol.commands import SetControls
from engine.protocol.rundir import RunDirectory
from gan_tui.app import Dashboard
from gan_tui.screens.picture import PictureScreen
from gan_tui.state.outlet import NoOutlet
from gan_tui.state.tempo import Tempo
from gan_tui.surroundings import Surroundings, Watched
from gan_tui.widgets.plot import LossPlot
from gan_tui.widgets.samples import SamplePane
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.recorded import Recording
from tests.gan_tui.screens.settled import settle


class SlowOutlet(NoOutlet):
    """A terminal behind a link that is as slow as a test says."""

    def __init__(self) -> None:
        self.factor = 1.0

    def slow(self) -> bool:
        """Whether there is anything to slow down."""
        return self.factor > 1

    def stretch(self) -> float:
        """As it was set."""
        return self.factor


def header(pilot: Pilot[Any]) -> str:
    lines = pilot.app.screen.header.lines(200)  # type: ignore[attr-defined]  # the dashboard is the only screen
    return "".join(text for text, _ in lines[0])


class HeldOutlet(NoOutlet):
    """A terminal that takes what it is sent when a test says so."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def once_sent(self, call: Callable[[], object]) -> None:
        """Wait for the test."""
        self.calls.append(call)


async def test_a_large_picture_is_said_to_be_drawn_until_the_terminal_has_it(
    feed: FakeFeed, run_dir: Path, recording: Recording
) -> None:
    outlet = HeldOutlet()
    world = Surroundings(outlet=outlet, tempo=Tempo(text=0, curves=0))
    app = Dashboard(Watched(feed=feed, run=RunDirectory(run_dir)), world)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("o")
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, PictureScreen)
        assert screen.told.endswith("drawing…")
        [first] = outlet.calls
        await pilot.press("comma")
        await settle(pilot)
        first()
        await settle(pilot)
        assert screen.told.endswith("drawing…"), "another one by now"
        outlet.calls[-1]()
        await settle(pilot)
        assert screen.told.endswith("4/5")


async def test_on_a_link_that_keeps_up_that_is_soon_gone(feed: FakeFeed, run_dir: Path) -> None:
    app = Dashboard(Watched(feed=feed, run=RunDirectory(run_dir)), Surroundings(tempo=Tempo(text=0, curves=0)))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("o")
        await settle(pilot)
        assert isinstance(pilot.app.screen, PictureScreen)
        assert "drawing" not in pilot.app.screen.told


async def test_a_slow_link_is_told_of_while_it_lasts_and_an_answer_waits_for_no_pace(
    feed: FakeFeed, run_dir: Path, recording: Recording
) -> None:
    outlet = SlowOutlet()
    world = Surroundings(outlet=outlet, tempo=Tempo(text=0, curves=0))
    app = Dashboard(Watched(feed=feed, run=RunDirectory(run_dir)), world)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "slow link" not in header(pilot)
        outlet.factor = 2.0
        feed.play(recording.metrics(49_250))
        await settle(pilot)
        assert "slow link" in header(pilot)
        outlet.factor = 1.0
        feed.play(recording.metrics(49_300))
        await settle(pilot)
        assert "slow link" not in header(pilot)

    outlet, far = SlowOutlet(), Tempo(text=1e6, curves=1e6)
    app = Dashboard(Watched(feed=feed, run=RunDirectory(run_dir)), Surroundings(outlet=outlet, tempo=far))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        feed.play(recording.metrics(49_350))
        await settle(pilot)
        assert "49,350" not in header(pilot), "it keeps its pace"
        feed.send(SetControls(values={"loss.cycle_a": 5.0}))
        feed.answer("in force from step 49,351")
        await settle(pilot)
        assert "49,350" in header(pilot), "but not when the user waits for an answer"


async def test_what_a_record_holds_is_drawn_as_soon_as_it_is_read(run_dir: Path, recording: Recording) -> None:
    feed = FakeFeed(link="reading")
    world = Surroundings(tempo=Tempo(text=1e6, curves=1e6))
    app = Dashboard(Watched(feed=feed, run=RunDirectory(run_dir)), world)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        plot = app.screen.query_one(LossPlot)
        assert plot.display
        assert "reading the record" in str(plot.border_subtitle)
        lines = [recording.metrics(step) for step in (48_900, 49_000)]
        sheet = recording.sheet(49_000, (("real A",),))
        feed.play(*lines, sheet)
        await settle(pilot)
        assert plot.selection("") is None, "half a record keeps to the pace"
        feed.relink("live")
        await settle(pilot)
        assert "READING" not in header(pilot)
        assert "reading" not in str(plot.border_subtitle)
        assert plot.selection("") is not None
        assert app.screen.query_one(SamplePane).sheet == sheet


@pytest.mark.parametrize("stretch", [1.0, 2.0, 4.0, 8.0])
def test_curves_give_way_before_text_and_pictures_most(stretch: float) -> None:
    tempo = Tempo()
    text, curves = tempo.of_text(stretch) / tempo.text, tempo.of_curves(stretch) / tempo.curves
    assert text <= curves <= tempo.of_pictures(stretch) / tempo.curves
    assert (text == 1) == (stretch <= 4)
