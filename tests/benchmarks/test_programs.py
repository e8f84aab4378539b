"""The programs that measure still start: what they import of the engine and the interface is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_says_how_it_is_used(program: Path) -> None:
    answer = subprocess.run([sys.executable, str(program), "--help"], check=True, capture_output=True, text=True)
    assert f"benchmarks/{program.name}" in answer.stdout, "its docstring shows the command"
    assert "--json" in answer.stdout


def test_there_are_programs() -> None:
    assert {path.stem for path in PROGRAMS} >= {"checkpoint", "data", "kill_storm", "startup"}
