"""What is said of the machine is what decides how fast it is."""

from __future__ import annotations

import pytest
import torch

from benchmarks.measure.machine import in_words, this_machine
from engine.config.threads import SPIN_COUNT, WAIT_POLICY

CPU = torch.device("cpu")


def test_how_openmps_threads_wait_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WAIT_POLICY, "ACTIVE")
    monkeypatch.delenv(SPIN_COUNT, raising=False)
    machine = this_machine(CPU)
    assert (machine.wait_policy, machine.spin_count) == ("ACTIVE", None)
    assert "threads, OMP_WAIT_POLICY=ACTIVE; " in in_words(machine)
    monkeypatch.setenv(SPIN_COUNT, "7")
    assert "threads, OMP_WAIT_POLICY=ACTIVE GOMP_SPINCOUNT=7; " in in_words(this_machine(CPU))


def test_that_nobody_said_how_they_wait_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (WAIT_POLICY, SPIN_COUNT):
        monkeypatch.delenv(name, raising=False)
    machine = this_machine(CPU)
    assert (machine.wait_policy, machine.spin_count) == (None, None)
    assert "threads wait as OpenMP has them" in in_words(machine)
