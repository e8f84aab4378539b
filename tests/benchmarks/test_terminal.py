"""The programs that measure what a dashboard writes, and how it fares over a slow link, run on real dashboards."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tty
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.terminals.line import Line
from tests.benchmarks.reports import assert_it_can_be_repeated, environment_of_an_engine

FOLDER = Path(__file__).parents[2] / "benchmarks"


def report_of(tmp_path: Path, program: str, *words: str) -> dict[str, Any]:
    """What a program writes when it is run so."""
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(FOLDER / program), "--json", str(figures), *words]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**environment_of_an_engine(), "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = msgspec.json.decode(figures.read_bytes())
    assert_it_can_be_repeated(report, command)
    return report


def test_what_a_dashboard_writes(tmp_path: Path) -> None:
    report = report_of(tmp_path, "terminal.py", "--quick", "--size", "200x50", "--seconds", "1", "--lines", "0")
    assert report["whole_curve_s"] is None
    (row,) = report["rows"]
    assert row["size"] == "200x50"
    assert row["settled_bytes"] > 2000
    assert row["paused"]["bytes_a_second"] == 0, "nothing is written when nothing changes"
    assert row["training"]["cpu"] >= 0


def test_a_link_of_200_ms_and_10_kb_a_second(tmp_path: Path) -> None:
    report = report_of(tmp_path, "shaped_link.py", "--quick", "--seconds", "1", "--nudges", "1", "--stand", "1")
    (row,) = report["rows"]
    assert row["same_screen"], "no garbage"
    assert row["same_after_standing"]
    assert min(row["echoed_s"] + row["confirmed_s"]) >= report["round_trip_s"], "the line has its delay"


@pytest.fixture
def pair() -> tuple[int, int]:
    """Both ends of a pseudo-terminal without echo."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    return master, slave


def test_a_line_carries_everything_in_order_both_ways(pair: tuple[int, int]) -> None:
    master, slave = pair
    line = Line(master, delay=0.01, rate=1_000_000)
    sent = bytes(range(256)) * 40
    os.write(slave, sent)
    arrived = b""
    line.type("keys")
    while len(arrived) < len(sent):
        arrived += line.carry(5.0)
    assert arrived == sent
    assert line.carried == len(sent)
    assert os.read(slave, 100) == b"keys"
    line.standing = True
    os.write(slave, b"later")
    assert line.carry(0.05) == b""
    os.close(slave)
    line.standing = False
    assert line.carry(5.0) == b"later"
    os.close(master)
