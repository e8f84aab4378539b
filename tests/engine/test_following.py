"""A process that torchrun has started, from its first line on; what it does among others is in tests/engine/ranks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.config.threads import SPIN_COUNT, WAIT_POLICY
from tests.runs import make_run

ENGINE = """
import os, runpy, sys

class Noting:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print(os.environ.get("OMP_WAIT_POLICY"), os.environ.get("GOMP_SPINCOUNT"))

sys.meta_path.insert(0, Noting())
runpy.run_module("engine", run_name="__main__", alter_sys=True)
"""
"""``python -m engine``, telling how threads are to wait at the moment when PyTorch, and so OpenMP, is to be loaded."""


@pytest.mark.parametrize("rank", [0, 1])
def test_how_threads_wait_is_said_before_pytorch_is_loaded(tmp_path: Path, rank: int) -> None:
    """By the leader and by one that follows; neither gets further than to torchrun's store, which is not there."""
    run = make_run(tmp_path, "run.batch=2")
    silent = {name: value for name, value in os.environ.items() if name not in (WAIT_POLICY, SPIN_COUNT, "MASTER_PORT")}
    seat = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    done = subprocess.run(
        [sys.executable, "-c", ENGINE, str(run.root)],
        env={**silent, **seat, "MASTER_ADDR": "localhost"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "MASTER_PORT" in done.stderr
    assert done.stdout.splitlines() == ["PASSIVE 1000"]
