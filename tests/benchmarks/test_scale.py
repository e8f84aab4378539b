"""The program that measures several ranks: what it refuses, and that it does not wait for a rank that is dead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scale import await_all

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "scale.py"


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
