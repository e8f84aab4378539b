"""Jobs beside the loop: in turn, each result handed out once, failures as values."""

from __future__ import annotations

import threading

from engine.train.errands import Errands
from tests.until import until


def test_jobs_are_done_in_turn_and_each_result_is_given_once() -> None:
    errands: Errands[int] = Errands("test")
    gate, order = threading.Event(), []

    def job(number: int) -> int:
        gate.wait()
        order.append(number)
        return number

    assert not errands.busy
    for number in range(3):
        errands.send(lambda number=number: job(number))  # type: ignore[misc]
    assert errands.busy
    assert errands.take_done() == [], "taking does not wait"
    gate.set()
    taken: list[int | Exception] = []

    def all_taken() -> bool:
        taken.extend(errands.take_done())
        return len(taken) == 3

    until(all_taken, "the jobs")
    assert taken == order == [0, 1, 2]
    assert not errands.busy
    assert errands.finish() == []


def test_a_failure_is_a_result_and_the_next_job_is_done_all_the_same() -> None:
    errands: Errands[int] = Errands("test")
    errands.send(lambda: 1 // 0)
    errands.send(lambda: 2)
    failure, result = errands.finish()
    assert isinstance(failure, ZeroDivisionError)
    assert result == 2
