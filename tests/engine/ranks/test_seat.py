"""A process's place, as torchrun tells it."""

from __future__ import annotations

import pytest

from engine.errors import RequestError
from engine.ranks.seat import Seat, seat_of

TOLD = {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}


def test_the_place_is_read_from_the_environment() -> None:
    assert seat_of(TOLD) == Seat(rank=5, size=8, local_rank=1, local_size=4)
    assert seat_of({"RANK": "1", "WORLD_SIZE": "2"}) == Seat(rank=1, size=2, local_rank=1, local_size=2)


def test_a_process_that_nobody_placed_has_none() -> None:
    assert seat_of({}) is None
    assert seat_of({"WORLD_SIZE": "8"}) is None


@pytest.mark.parametrize("wrong", [{"RANK": "8"}, {"RANK": "-1"}, {"LOCAL_RANK": "4"}, {"WORLD_SIZE": "many"}])
def test_a_place_that_cannot_be_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="torchrun"):
        seat_of(TOLD | wrong)
