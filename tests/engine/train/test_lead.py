"""The loop is held back where the device is too far behind, and nowhere else."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch

from engine.train.lead import STEPS_AHEAD, Lead, lead_over
from engine.train.loop import train
from tests.engine.train.here import session_of
from tests.runs import make_run


class Marks:
    """Places in the work of a device, by number; which of them have been waited for."""

    def __init__(self) -> None:
        self.waited_for: list[int] = []
        self._numbers = itertools.count(1)

    def __call__(self) -> _Mark:
        return _Mark(next(self._numbers), self.waited_for)


class _Mark:
    def __init__(self, number: int, waited_for: list[int]) -> None:
        self._number = number
        self._waited_for = waited_for

    def synchronize(self) -> None:
        self._waited_for.append(self._number)


def test_the_step_that_lies_too_many_before_is_waited_for() -> None:
    marks = Marks()
    lead = Lead(marks, most=3)
    for _ in range(3):
        lead.step_given()
    assert marks.waited_for == []
    lead.step_given()
    assert marks.waited_for == [1]
    lead.step_given()
    assert marks.waited_for == [1, 2]


def test_the_loop_takes_note_of_every_step(tmp_path: Path) -> None:
    marks = Marks()
    with session_of(make_run(tmp_path, "run.steps=5")) as session:
        session.lead = Lead(marks, most=3)
        train(session)
    assert marks.waited_for == [1, 2]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")
def test_a_gpu_is_left_with_work() -> None:
    device = torch.device("cuda", 0)
    lead = lead_over(device)
    matrix = torch.eye(4096, device=device)
    for _ in range(2 * STEPS_AHEAD):
        for _ in range(50):
            matrix = matrix @ matrix
        lead.step_given()
    assert not torch.cuda.current_stream(device).query()
