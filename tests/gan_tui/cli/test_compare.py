"""gan-tui compare: means over the steps that both runs have, and a plot with both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, gan_tui_here, refusal, succeeded
from tests.gan_tui.recorded import Recording
from tests.runs import make_run


def recorded(folder: Path, name: str, steps: range, losses: Mapping[str, float | None]) -> RunDirectory:
    run, recording = make_run(folder / "runs", name=name), Recording()
    lines = [recording.metrics(step, losses={**losses}) for step in steps]
    run.metrics.write_bytes(b"".join(encode(line) + b"\n" for line in lines))
    return run


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """One of them goes on longer, and has a loss that the other lacks."""
    recorded(tmp_path, "one", range(10, 1010, 10), {"G_A": 0.5, "D_A": 0.25, "nan": None})
    recorded(tmp_path, "two", range(10, 9010, 10), {"G_A": 1.0, "cycle_A": 2.0})
    return tmp_path


def test_losses_side_by_side(two: Path) -> None:
    done = gan_tui_here("compare", "one", "two", folder=two)
    rows = [line.split("\t") for line in succeeded(done).splitlines()]
    assert rows == [
        ["loss", "one", "two"],
        ["G_A", "0.500", "1.000"],
        ["D_A", "0.250", "–"],
        ["nan", "–", "–"],
        ["cycle_A", "–", "2.000"],
    ]
    assert done.stderr == "Means of steps 901 to 1,000\n"
    found = json.loads(succeeded(gan_tui_here("compare", "two", "one", "--json", folder=two)))
    assert (found["first"], found["from_step"], found["to_step"]) == ("two", 901, 1000)
    assert found["losses"][0] == {"name": "G_A", "first": 1.0, "second": 0.5}


def test_what_cannot_be_compared(two: Path) -> None:
    make_run(two / "runs", name="empty")
    recorded(two, "late", range(20_000, 20_100, 10), {"G_A": 1.0})
    assert "has no line of metrics yet" in refusal(gan_tui_here("compare", "one", "empty", folder=two))
    line = refusal(gan_tui_here("compare", "one", "late", folder=two))
    assert line.startswith("run late: begins at step 20,000, and the other run's record ends at 1,000")
    assert "with itself" in refusal(gan_tui_here("compare", "one", "one", folder=two))


def test_on_a_terminal_it_is_the_dashboard_with_both(two: Path) -> None:
    command = [*COMMAND, "compare", "one", "two", "--runs-dir", str(two / "runs")]
    with Terminal(command, columns=100, rows=30) as terminal:
        terminal.wait_for("behind: two")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
