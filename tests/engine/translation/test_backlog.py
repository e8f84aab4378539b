"""What waits its turn is bounded in images and in pixels, and taken in order."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from engine.translation.backlog import Backlog


def coming(value: int) -> Future[int]:
    result: Future[int] = Future()
    result.set_result(value)
    return result


@pytest.mark.parametrize(
    ("sizes", "most"),
    [
        ([1, 1, 1, 1, 1], [1, 2, 3, 3, 3]),  # no more than three images
        ([4, 4, 4, 4], [1, 2, 2, 2]),  # no more than ten pixels
        ([1, 1, 99, 1], [1, 2, 1, 1]),  # one that is larger than all of it goes alone
        ([0, 0, 0, 0], [1, 2, 3, 3]),
    ],
)
def test_what_waits(sizes: Sequence[int], most: Sequence[int]) -> None:
    backlog: Backlog[int] = Backlog(images=3, pixels=10)
    taken: list[int] = []
    waiting: list[int] = []
    for number, pixels in enumerate(sizes):
        taken += backlog.overdue(pixels)
        backlog.add(pixels, coming(number))
        waiting.append(number + 1 - len(taken))
    assert waiting == list(most)
    assert [*taken, *backlog.rest()] == list(range(len(sizes)))


def test_what_is_there_is_taken_as_far_as_the_first_that_is_not() -> None:
    backlog: Backlog[int] = Backlog()
    late: Future[int] = Future()
    for result in (coming(1), late, coming(3)):
        backlog.add(1, result)
    assert list(backlog.arrived()) == [1]
    late.set_result(2)
    assert list(backlog.arrived()) == [2, 3]


class _WaitedFor(Future[int]):
    """One whose first asker is interrupted."""

    asked = 0

    def result(self, timeout: float | None = None) -> int:
        self.asked += 1
        if self.asked == 1:
            raise KeyboardInterrupt
        return super().result(timeout)


def test_what_was_waited_for_as_an_interrupt_came_counts() -> None:
    backlog: Backlog[int] = Backlog()
    result = _WaitedFor()
    result.set_result(7)
    backlog.add(1, result)
    with pytest.raises(KeyboardInterrupt):
        list(backlog.rest())
    assert list(backlog.achieved()) == [7]


def test_what_came_to_something_before_an_early_end() -> None:
    backlog: Backlog[int] = Backlog()
    cancelled: Future[int] = Future()
    cancelled.cancel()
    failed: Future[int] = Future()
    failed.set_exception(OSError("full"))
    for result in (coming(1), cancelled, failed, coming(2)):
        backlog.add(1, result)
    assert list(backlog.achieved()) == [1, 2]
