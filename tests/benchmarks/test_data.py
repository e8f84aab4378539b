"""The program that times the reading of data goes through all its cases and writes what it found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.benchmarks.reports import assert_it_can_be_repeated, environment_of_a_user, environment_of_an_engine
from tests.engine.data.conftest import write_image, write_pair

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "data.py"
SMALL = ("--device", "cpu", "--resize", "20", "--crop", "12", "--step-ms", "0.1", "--steps", "4", "--rounds", "1")


@pytest.fixture(params=["drawn", "unpaired", "paired"])
def images(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, ...]:
    """Where the images come from; three of each folder, whatever it holds."""
    for k in range(5):
        if request.param == "unpaired":
            write_image(tmp_path / "data" / "trainA" / f"{k}.png", k)
            write_image(tmp_path / "data" / "trainB" / f"{k}.png", k)
        elif request.param == "paired":
            write_pair(tmp_path / "data" / "train" / f"{k}.png", k)
    given = () if request.param == "drawn" else ("--data", str(tmp_path / "data"))
    return (*given, "--images", "3")


def test_every_case_has_its_row(images: tuple[str, ...], tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(PROGRAM), *images, *SMALL, "--workers", "0", "1", "--json", str(figures)]
    environment = environment_of_an_engine() if "--data" in images else environment_of_a_user()
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    report = msgspec.json.decode(figures.read_bytes())
    assert_it_can_be_repeated(report, command)
    assert (report["resize"], report["crop"], report["steps"]) == (20, 12, 4)
    rows = report["rows"]
    assert [(row["workers"], row["cache"]) for row in rows] == [
        (workers, cache) for workers in (0, 1) for cache in ("off", "host", "device")
    ]
    for row in rows:
        assert row["batches"] == 3
        assert len(row["pairs_per_second"]) == len(row["times_off"]) == 3
        assert min(row["pairs_per_second"]) > 0
        assert 0 < row["at_first"]["share"] < 1
        assert row["cache_mib"] * 2**20 == (0 if row["cache"] == "off" else 6 * 3 * 20 * 20)
        assert (row["times_off"] == [1, 1, 1]) == (row["cache"] == "off")
    assert answer.stdout.count("\n| host | ") == 2
