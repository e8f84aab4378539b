"""The programs that measure still start: what they import of the engine and the interface is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))
STARTED = """
import contextlib, os, runpy, sys
for program in sys.argv[1:]:
    sys.path[0], sys.argv = os.path.dirname(program), [program, "--help"]
    print("\\0" + program)
    with contextlib.suppress(SystemExit):
        runpy.run_path(program, run_name="__main__")
"""
"""Starts one after the other, as PyTorch takes seconds to be imported."""


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """What each program says of its use, by its path."""
    command = [sys.executable, "-c", STARTED, *map(str, PROGRAMS)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(said.split("\n", 1) for said in answer.stdout.split("\0")[1:])


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_says_how_it_is_used(program: Path, answers: dict[str, str]) -> None:
    answer = answers[str(program)]
    assert f"benchmarks/{program.name}" in answer, "its docstring shows the command"
    assert "--json" in answer


def test_there_are_programs() -> None:
    assert {path.stem for path in PROGRAMS} >= {"checkpoint", "data", "kill_storm", "startup"}
