"""How the dashboard is left: by the user, by an error of its own, or because its process is ended."""

from __future__ import annotations

import pytest

from engine.errors import WorkError
from engine.protocol import events as ev
from gan_tui.app import Dashboard, departure
from gan_tui.departures import Detached
from gan_tui.state.run_view import RunView
from tests.gan_tui.conftest import MakeDashboard
from tests.gan_tui.fake_feed import FakeFeed
from tests.gan_tui.recorded import Recording


class BrokenFeed(FakeFeed):
    """Fails when the dashboard wants to see something."""

    broken = False

    def snapshot(self) -> RunView:
        """Fail, once told to."""
        if self.broken:
            raise RuntimeError("no view")
        return super().snapshot()

    def start(self, notify: object) -> None:
        """Have the dashboard look, and fail."""
        assert callable(notify)
        self.broken = True
        notify()


def test_a_crash_of_the_dashboard_is_no_detaching(
    make_dashboard: MakeDashboard, capsys: pytest.CaptureFixture[str]
) -> None:
    app: Dashboard = make_dashboard(BrokenFeed())
    app.run(headless=True)
    with pytest.raises(WorkError, match=r"Training is not affected\. Come back: gan-tui attach r") as failure:
        departure(app, RunView(name="r"))
    assert failure.value.exit_code == 1
    assert failure.value.subject == "the dashboard"


@pytest.mark.parametrize("state", ["training", "paused"])
async def test_leaving_tells_how_the_run_is(state: str, recording: Recording, make_dashboard: MakeDashboard) -> None:
    feed = FakeFeed([ev.Training(**recording.when(0))])
    if state == "paused":
        feed.play(ev.Paused(**recording.when(1), by="you"))
    app: Dashboard = make_dashboard(feed)
    async with app.run_test() as pilot:
        await pilot.press("q")
    assert departure(app, RunView(name="r")) == Detached(status=state)  # type: ignore[arg-type]


def test_an_application_that_was_ended_counts_as_left(make_dashboard: MakeDashboard, feed: FakeFeed) -> None:
    assert departure(make_dashboard(feed), feed.snapshot()) == Detached(status="training")
