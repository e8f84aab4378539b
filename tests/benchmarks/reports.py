"""What every program's report begins with."""

from __future__ import annotations

import os
import platform
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import torch

from benchmarks.measure.machine import Machine
from engine.config.threads import BRIEFLY, SPIN_COUNT, WAIT_POLICY, usable_cores, wait_briefly


def environment_of_a_user() -> dict[str, str]:
    """This process's, but that nobody has said how OpenMP's threads are to wait."""
    return {name: value for name, value in os.environ.items() if name not in (WAIT_POLICY, SPIN_COUNT)}


def environment_of_an_engine() -> dict[str, str]:
    """One in which a program need not begin again, for which PyTorch is imported a second time."""
    environment = environment_of_a_user()
    wait_briefly(environment)
    return environment


def assert_it_can_be_repeated(report: Mapping[str, Any], command: Sequence[str]) -> None:
    """Fails unless a report tells its command, and this machine with OpenMP's threads waiting as the engine's do."""
    machine = msgspec.convert(report["machine"], Machine)
    assert (machine.wait_policy, machine.spin_count) == ("PASSIVE", BRIEFLY)
    assert machine.processors == usable_cores()
    assert (machine.python, machine.torch) == (platform.python_version(), str(torch.__version__))
    assert shlex.split(report["command"]) == ["python", *command[1:]]
