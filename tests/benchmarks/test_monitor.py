"""The program that times a run which is watched has real engines and dashboards, and ends them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from benchmarks.watching.rounds import CASES, Ratio, Turn, row_of
from tests.benchmarks.reports import assert_it_can_be_repeated, environment_of_a_user

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "monitor.py"
TINY = ("generator.width=4", "generator.blocks=1", "discriminator.width=4", "data.images=6", "log.every=5")


def turn(step_s: float, processor_s: float, viewers: float = 0.0, beside_s: float = 0.0, steps: int = 10) -> Turn:
    return Turn(step_s=step_s, processor_s=processor_s, beside_s=beside_s, viewers=viewers, steps=steps)


def test_ratios_are_taken_within_a_round() -> None:
    """The machine grew twice as slow in the second round, for both."""
    turns = {"none": [turn(1.0, 1.0), turn(2.0, 1.0), turn(1.0, 1.0)]}
    turns["one"] = [turn(1.1, 1.0, 0.1), turn(2.4, 2.0, 0.3), turn(1.3, 0.5, 0.2)]
    row = row_of("one", turns)
    assert (row.step_s, row.processor_s, row.viewers, row.steps) == (1.3, 1.0, 0.2, 30)
    assert row.processor_ratio == Ratio(median=1.0, least=0.5, largest=2.0)
    assert (row.step_ratio.median, row.step_ratio.least) == (pytest.approx(1.2), pytest.approx(1.1))


def test_what_other_threads_compute_is_a_mean_over_all_steps() -> None:
    turns = {"none": [turn(1.0, 1.0, beside_s=0.01, steps=30), turn(1.0, 1.0, beside_s=0.03, steps=10)]}
    assert row_of("none", turns).beside_s == pytest.approx(0.015)


def test_every_case_has_its_row_and_nothing_is_left_behind(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(PROGRAM), "--device", "cpu", "--threads", "1", "--json", str(figures)]
    command += ["--seconds", "0.3", "--warm-up", "0.1", "--rounds", "1"]
    for setting in TINY:
        command += ["--set", setting]
    environment = {**environment_of_a_user(), "TMPDIR": str(tmp_path)}
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    report = msgspec.json.decode(figures.read_bytes())
    assert_it_can_be_repeated(report, command)
    assert report["threads"] == 1
    assert [row["case"] for row in report["rows"]] == [case.name for case in CASES]
    for row in report["rows"]:
        assert row["steps"] >= 5
        assert row["step_s"] > 0
        assert row["viewers"] >= 0
    assert [line.split(" | ")[0] for line in answer.stdout.splitlines()[-len(CASES) :]] == [
        f"| {case.name}" for case in CASES
    ]
    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not [command for command in commands if str(tmp_path) in " ".join(command)]


ASKED = {
    "": "20.0 7",
    "--quick": "8.0 3",
    "--quick --seconds 2": "2.0 3",
    "--quick --rounds 5": "8.0 5",
}


def test_quick_leaves_alone_what_is_asked_for_by_name() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import monitor\n"
        "for asked in sys.argv[2:]:\n"
        "    sys.argv[1:] = asked.split()\n"
        "    arguments = monitor.read_arguments(); print(arguments.seconds, arguments.rounds)"
    )
    command = [sys.executable, "-c", program, str(PROGRAM.parent), *ASKED]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    assert dict(zip(ASKED, answer.stdout.splitlines(), strict=True)) == ASKED
