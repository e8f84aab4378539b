"""Messages survive the wire, and what is no message is refused, whatever bytes it is made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.codec import (
    DecodeError,
    decode_event,
    decode_reply,
    decode_request,
    decode_streamed,
    encode,
)
from tests.engine.protocol.examples import COMMANDS, EVENTS, example

DECODERS = [decode_event, decode_streamed, decode_request, decode_reply]


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_survives_the_record_and_the_wire(kind: type[ev.Recorded]) -> None:
    event = example(kind)
    line = encode(event)
    assert b"\n" not in line
    assert decode_event(line) == event
    assert decode_streamed(line) == event
    assert type(decode_event(line)) is kind


@pytest.mark.parametrize("kind", COMMANDS)
def test_every_command_survives_the_wire(kind: type[Any]) -> None:
    request = cmd.Request(version=1, id="x", by="someone", command=example(kind))
    assert decode_request(encode(request)) == request


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (cmd.Undo(), {"kind": "undo"}),
        (cmd.Undo(of=3), {"kind": "undo", "of": 3}),
        (cmd.SetControls(values={"a": 1.0}), {"kind": "set", "values": {"a": 1.0}}),
        (cmd.Stop(), {"kind": "stop"}),
    ],
)
def test_what_engines_of_before_do_not_know_is_sent_only_where_it_is_asked_for(
    command: cmd.Command, sent: dict[str, Any]
) -> None:
    payload = encode(cmd.Request(version=1, id="x", by="someone", command=command))
    assert msgspec.json.decode(payload) == {"version": 1, "id": "x", "by": "someone", "command": sent}


def test_ticks_are_streamed_and_never_recorded() -> None:
    tick = example(ev.Tick)
    assert decode_streamed(encode(tick)) == tick
    with pytest.raises(DecodeError):
        decode_event(encode(tick))


def test_replies_survive_the_wire() -> None:
    reply = example(cmd.Reply)
    assert decode_reply(encode(reply)) == reply


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_number_on_the_wire(value: float) -> None:
    metrics = msgspec.structs.replace(example(ev.Metrics), losses={"G_A": value})
    line = encode(metrics)
    assert b"NaN" not in line
    assert b"Infinity" not in line
    decoded = decode_event(line)
    assert isinstance(decoded, ev.Metrics)
    assert decoded.losses == {"G_A": None}
    command = cmd.SetControls(values={"loss.cycle_a": value})
    with pytest.raises(DecodeError):
        decode_request(encode(cmd.Request(version=1, id="x", by="me", command=command)))


GOOD = encode(cmd.Request(version=1, id="x", by="me", command=cmd.SetControls(values={"a": 1.0}, why="a look")))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"\x80\x04N.",
        GOOD[:-1],
        GOOD + b"{}",
        GOOD.replace(b'"me"', b"7"),
        GOOD.replace(b'"me"', b'"\xff"'),
        GOOD.replace(b'"me"', b'"\\ud800"'),
        GOOD.replace(b"1.0", b"NaN"),
        GOOD.replace(b"1.0", b"1e999"),
        GOOD.replace(b"1.0", b'"1"'),
        GOOD.replace(b'"set"', b'"shutdown"'),
        GOOD.replace(b'"why"', b'"how"'),
        GOOD.replace(b'"version":1,', b""),
        b'{"command":{"values":' + b"[" * 30_000 + b"]" * 30_000 + b',"kind":"set"}}',
    ],
)
def test_a_malformed_request_is_refused(payload: bytes) -> None:
    assert decode_request(GOOD)
    with pytest.raises(DecodeError):
        decode_request(payload)


@pytest.mark.parametrize("decode", DECODERS)
@given(payload=st.binary(max_size=200))
def test_no_bytes_raise_anything_else(decode: Callable[[bytes], object], payload: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(payload)


@pytest.mark.parametrize("kind", EVENTS)
@given(data=st.data())
def test_an_event_damaged_anywhere_is_refused_or_an_event(kind: type[ev.Recorded], data: st.DataObject) -> None:
    line = bytearray(encode(example(kind)))
    place = data.draw(st.integers(0, len(line) - 1))
    line[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        decoded = decode_event(bytes(line))
    except DecodeError:
        return
    assert isinstance(decoded, EVENTS)


def test_an_event_of_a_later_version_with_more_fields_can_be_read() -> None:
    line = encode(example(ev.Note))[:-1] + b',"mood":"sunny"}'
    assert decode_event(line) == example(ev.Note)
