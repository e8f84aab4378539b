"""A cadence is due at crossings of its multiples, whatever steps it is asked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.train.cadence import Cadence


def due_at(cadence: Cadence, steps: range) -> list[int]:
    return [step for step in steps if cadence.due(step)]


def test_it_is_due_at_every_multiple_and_only_there() -> None:
    assert due_at(Cadence(5), range(1, 18)) == [5, 10, 15]
    assert due_at(Cadence(1), range(1, 4)) == [1, 2, 3]


def test_it_is_due_once_for_a_jump_over_multiples() -> None:
    cadence = Cadence(5)
    assert not cadence.due(4)
    assert cadence.due(17)
    assert not cadence.due(17)
    assert not cadence.due(19)
    assert cadence.due(20)


def test_it_goes_on_from_the_step_of_a_checkpoint() -> None:
    assert due_at(Cadence(5, seen=10), range(11, 21)) == [15, 20]


def test_a_change_counts_from_the_next_step() -> None:
    cadence = Cadence(100)
    assert due_at(cadence, range(1, 8)) == []
    cadence.every = 3
    assert due_at(cadence, range(8, 14)) == [9, 12]
    cadence.every = 100
    assert due_at(cadence, range(14, 101)) == [100]


@given(every=st.integers(1, 20), jumps=st.lists(st.integers(1, 50), max_size=30))
def test_no_crossing_is_missed_and_none_invented(every: int, jumps: list[int]) -> None:
    cadence, step = Cadence(every), 0
    for jump in jumps:
        before, step = step, step + jump
        assert cadence.due(step) == any(n % every == 0 for n in range(before + 1, step + 1))
