"""The program that measures several ranks: what follows from their times, what it refuses, and a rank that is dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.scaling.ranks import Case, Row, Timed, await_all, measure, row_of
from tests.benchmarks.reports import assert_it_can_be_repeated, environment_of_a_user

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "scale.py"
SMALL = Case(device="cpu", width=4, blocks=1, crop=32, images=2, turns=1, steps=1)


def test_the_figures_are_those_of_the_slowest_rank() -> None:
    """Two seconds a step, half a second of them for communication, and one rank by itself does 1.6 images a second."""
    times = [Timed(step=1.75, by_itself=1.5), Timed(step=2.0, by_itself=1.25)]
    assert row_of(SMALL, times, of_one=1.6) == Row(
        ranks=2,
        batch=4,
        seconds=2.0,
        seconds_without_communication=1.5,
        images_per_second=2.0,
        communication=0.25,
        efficiency=0.625,
    )


def test_one_rank_is_what_others_are_compared_with_and_noise_is_no_communication() -> None:
    row = row_of(SMALL, [Timed(step=2.0, by_itself=2.1)], of_one=None)
    assert (row.images_per_second, row.efficiency, row.communication) == (1.0, 1.0, 0.0)


def test_two_ranks_are_measured_and_their_figures_written() -> None:
    row = measure(SMALL, ranks=2, threads=1, of_one=10.0)
    assert (row.ranks, row.batch) == (2, 4)
    assert row.seconds > 0
    assert row.seconds_without_communication > 0
    assert row.seconds != row.seconds_without_communication, "one is timed with the other rank, one without"
    assert row.communication == pytest.approx(max(0.0, 1 - row.seconds_without_communication / row.seconds))
    assert row.images_per_second == pytest.approx(4 / row.seconds)
    assert row.efficiency == pytest.approx(row.images_per_second / 20)


def test_the_figures_are_written(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(PROGRAM), "--quick", "--device", "cpu", "--ranks", "1", "--json", str(figures)]
    subprocess.run(command, check=True, capture_output=True, env=environment_of_a_user())
    report = msgspec.json.decode(figures.read_bytes())
    assert_it_can_be_repeated(report, command)
    [row] = msgspec.convert(report["rows"], list[Row])
    assert (row.ranks, row.batch) == (1, msgspec.convert(report["case"], Case).images)


def test_no_ranks_are_refused() -> None:
    command = [sys.executable, str(PROGRAM), "--device", "cpu", "--ranks", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--ranks: there is at least one" in done.stderr


def test_a_rank_that_fails_ends_those_that_wait_for_it() -> None:
    endless = subprocess.Popen(["sleep", "infinity"])
    failing = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(SystemExit, match="rank 1 has failed with 3"):
        await_all([endless, failing])
    assert endless.returncode, "it was ended"
