"""Commands that wait for an engine: each answer finds whoever asked, and what was lost does not keep the others out."""

from __future__ import annotations

from itertools import count

from engine.protocol.commands import Pause, Status
from engine.protocol.wire import COMMAND_SECONDS
from engine.remote.waiting import LIMIT, PROMPT_ROOM, Asker, WaitingCommands

ANNA, BERT = (Asker(sender=name, call_id="call", request_id="1") for name in (b"anna", b"bert"))


class Clock:
    """Stands still until it is told otherwise."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def filled(waiting: WaitingCommands) -> int:
    """Give it commands until it takes no more; returns how many."""
    for given in count():
        if not waiting.has_room(Pause()):
            return given
        waiting.add(f"{given}", ANNA)
    raise AssertionError


def test_an_answer_finds_whoever_asked_once() -> None:
    waiting = WaitingCommands()
    waiting.add("1", ANNA)
    waiting.add("2", BERT)
    assert (waiting.take("2"), waiting.take("1")) == (BERT, ANNA)
    assert waiting.take("1") is None
    assert len(waiting) == 0


def test_how_the_run_stands_can_be_asked_where_no_command_is_taken() -> None:
    waiting = WaitingCommands(Clock())
    assert filled(waiting) == LIMIT
    for number in range(PROMPT_ROOM):
        assert waiting.has_room(Status())
        waiting.add(f"status {number}", BERT)
    assert not waiting.has_room(Status())
    waiting.take("0")
    assert waiting.has_room(Status())
    assert not waiting.has_room(Pause())


def test_commands_that_nobody_waits_for_any_more_give_way_to_others() -> None:
    clock = Clock()
    waiting = WaitingCommands(clock)
    waiting.add("late", BERT)
    clock.now = COMMAND_SECONDS - 1.0
    filled(waiting)
    assert len(waiting) == LIMIT
    clock.now += 2.0
    assert waiting.has_room(Pause()), "one has been given up"
    assert len(waiting) == LIMIT - 1
    assert waiting.take("late") is None
    assert waiting.take("0") is ANNA


def test_a_late_answer_finds_whoever_asked_where_places_are_free() -> None:
    clock = Clock()
    waiting = WaitingCommands(clock)
    waiting.add("late", BERT)
    clock.now = 10 * COMMAND_SECONDS
    assert waiting.has_room(Pause())
    assert waiting.take("late") is BERT
