"""The x axis: round numbers of steps, epochs and durations."""

from __future__ import annotations

import pytest

from gan_tui.state.axes import Range
from gan_tui.state.viewport import Scale
from gan_tui.state.x_axis import duration_label, x_ticks

NOON = 1_760_000_000.0


def labels(low: float, high: float, scale: Scale, count: int = 5, steps_per_epoch: int = 1000) -> list[str]:
    return [text for _, text in x_ticks(Range(low, high), scale, count, origin=NOON, steps_per_epoch=steps_per_epoch)]


def test_steps_and_epochs() -> None:
    assert labels(0, 50_000, "step") == ["0", "10k", "20k", "30k", "40k", "50k"]
    assert labels(0, 50_000, "epoch") == ["0", "10", "20", "30", "40", "50"]
    assert x_ticks(Range(0, 5000), "epoch", 5, origin=0, steps_per_epoch=1000)[1] == (1000, "1")
    assert labels(0, 2000, "epoch") == ["0", "0.5", "1", "1.5", "2"]
    assert labels(0, 50_000, "epoch", steps_per_epoch=0) == labels(0, 50_000, "step"), "nobody knows"


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        (10, ["0s", "2s", "4s", "6s", "8s", "10s"]),
        (3600, ["0s", "15m", "30m", "45m", "1h"]),
        (6 * 3600, ["0s", "2h", "4h", "6h"]),
        (10 * 86_400, ["0s", "2d", "4d", "6d", "8d", "10d"]),
    ],
)
def test_time_is_since_the_first_line_at_round_places(seconds: float, wanted: list[str]) -> None:
    assert labels(NOON, NOON + seconds, "time") == wanted


def test_a_part_of_the_time_begins_at_a_round_place_too() -> None:
    assert labels(NOON + 3700, NOON + 7300, "time") == ["1h15m", "1h30m", "1h45m", "2h"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.4, "0s"), (75, "1m15s"), (3600, "1h"), (90_061, "1d1h"), (86_460, "1d")]
)
def test_a_duration_by_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration_label(seconds) == text
