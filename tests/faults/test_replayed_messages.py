"""A message that comes twice, as a viewer's second try or another's copy of it, is carried out once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from engine.protocol import events as ev
from engine.protocol.codec import decode_reply, encode
from engine.protocol.commands import SCHEMA_VERSION, Command, Reply, Request, SetControls, Stop, Undo, WriteNote
from engine.protocol.rundir import RunDirectory
from tests.runs import Engine, engine_of, events_of, make_run
from tests.until import PATIENCE


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with engine_of(make_run(tmp_path_factory.mktemp("runs"))) as engine:
        engine.until_step(1)
        engine.step_back()
        yield engine


def send(engine: Engine, *messages: bytes) -> list[Reply]:
    """Send messages at once over a connection of their own; their answers."""
    endpoints = engine.identity.endpoints
    assert endpoints is not None
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.connect(endpoints.commands)
        for message in messages:
            socket.send(message)
        replies = []
        for _ in messages:
            assert socket.poll(int(PATIENCE * 1000))
            replies.append(decode_reply(socket.recv()))
        return replies


def message(command: Command, request_id: str, by: str = "ana") -> bytes:
    return encode(Request(version=SCHEMA_VERSION, id=request_id, by=by, command=command))


def notes(run: RunDirectory) -> list[str]:
    return [note.text for note in events_of(run, ev.Note)]


def test_it_is_carried_out_once_and_answered_alike(engine: Engine) -> None:
    note = message(WriteNote(text="once"), "1")
    first, second = send(engine, note, note)
    assert first == second
    assert send(engine, note) == [first], "over another connection too"
    assert notes(engine.run).count("once") == 1


def test_another_command_or_sender_is_another_message(engine: Engine) -> None:
    messages = [message(WriteNote(text="twice"), "2"), message(WriteNote(text="twice"), "3")]
    send(engine, *messages, message(WriteNote(text="twice"), "2", by="ben"))
    assert notes(engine.run).count("twice") == 3


def test_an_undo_that_comes_twice_undoes_one_nudge(engine: Engine) -> None:
    for number, value in enumerate((9.0, 8.0)):
        send(engine, message(SetControls(values={"loss.cycle_a": value}), f"set {number}"))
    undo = message(Undo(), "undo")
    send(engine, undo, undo)
    newest = events_of(engine.run, ev.Nudged)[-1]
    assert [(change.old, change.new) for change in newest.changes] == [(8.0, 9.0)]


def test_a_refusal_is_repeated_too(engine: Engine) -> None:
    wrong = message(SetControls(values={"loss.none": 1.0}), "wrong")
    first, second = send(engine, wrong, wrong)
    assert first == second
    assert first.refusal is not None


def test_a_stop_of_an_engine_before_does_not_stop_the_next(tmp_path: Path) -> None:
    """It is sent to sockets that are no more: every start has its own."""
    run = make_run(tmp_path)
    with engine_of(run) as engine:
        engine.until_step(1)
        before = engine.identity.endpoints
        send(engine, message(Stop(), "stop"))
        assert engine.ended() == 0
    with engine_of(run) as engine:
        engine.until_event(ev.Training, 2)
        assert engine.identity.endpoints != before
