"""What is said of a run when its dashboard was left: how it goes on, and how to come back."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.protocol.commands import Stop
from gan_tui.cli.show import left_there, watch
from gan_tui.departures import Departure, Detached, Ended, ResumeFrom
from gan_tui.state.appearance import Appearance
from tests.engine.train.here import after_step, train_here
from tests.gan_tui.client.locked import locked
from tests.runs import make_run

RESUME = "gan-tui resume tiny"


@pytest.mark.parametrize(
    ("departure", "said"),
    [
        (Detached(status="training"), "tiny on box goes on training. Come back: gan-tui attach box.access"),
        (Detached(status="connecting"), "tiny on box goes on by itself. Come back: gan-tui attach box.access"),
        (Ended(status="stopped"), f"tiny on box has ended, and is resumed there: {RESUME}"),
        (Ended(status="finished"), f"tiny on box has ended, and is resumed there: {RESUME}"),
        (
            Ended(status="lost"),
            "tiny on box has lost its engine, as far as is seen from here; engine.log there may say why. "
            f"Look again: gan-tui attach box.access. Go on there: {RESUME}",
        ),
    ],
    ids=str,
)
def test_a_distant_run_is_said_to_have_ended_where_its_engine_says_so(departure: Departure, said: str) -> None:
    assert left_there(departure, "tiny on box", again="box.access", resume=RESUME) == said


def test_an_engine_that_is_leaving_is_waited_for_before_its_run_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, departures = make_run(tmp_path), iter([ResumeFrom(step=2), Detached(status="training")])
    train_here(run, script=after_step(2, Stop()))
    monkeypatch.setattr("gan_tui.app.run_dashboard", lambda *_: next(departures))
    monkeypatch.setattr("gan_tui.client.launch.start_engine", lambda run: None)
    left = list[Departure]()
    user = threading.Thread(target=lambda: left.append(watch(run, Appearance(), readonly=False)[1]), daemon=True)
    with locked(run):
        user.start()
        user.join(0.3)
        assert user.is_alive()
    user.join(30)
    assert left == [Detached(status="training")]
