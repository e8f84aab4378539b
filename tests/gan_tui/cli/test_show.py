"""What is said of a run when its dashboard was left: how it goes on, and how to come back."""

from __future__ import annotations

import pytest

from gan_tui.cli.show import left_there
from gan_tui.departures import Departure, Detached, Ended

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
