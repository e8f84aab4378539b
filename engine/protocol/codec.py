"""Bytes to structs and back, for the wire and the record: JSON, typed, and never with NaN."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from engine.errors import RequestError
from engine.protocol.commands import MAX_MESSAGE_BYTES, Reply, Request
from engine.protocol.events import Event, Tick

EVENT_TOPIC = b"event.1"
"""First frame of the event stream; the number is the schema version."""
SHEET_TOPIC = b"sheet.1"

_encoder = msgspec.json.Encoder()
_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
_streamed: msgspec.json.Decoder[Event | Tick] = msgspec.json.Decoder(Event | Tick)
_requests = msgspec.json.Decoder(Request)
_replies = msgspec.json.Decoder(Reply)

DecodeError = msgspec.DecodeError

T = TypeVar("T")


def encode(message: Event | Tick | Request | Reply) -> bytes:
    """One line of JSON, without the newline."""
    return _encoder.encode(message)


def encode_request(request: Request) -> bytes:
    """A command as it is sent to an engine, which hangs up on whoever sends a longer one.

    Raises:
        RequestError: it is longer than any that an engine takes.
    """
    payload = encode(request)
    if len(payload) > MAX_MESSAGE_BYTES:
        fact = f"is {len(payload):,} bytes long, and an engine takes up to {MAX_MESSAGE_BYTES:,}"
        raise RequestError("the command", fact, "Shorten its text, or set fewer controls at once.")
    return payload


def decode_event(line: bytes) -> Event:
    """A line of the record. Raises DecodeError when it is torn or of another schema."""
    return decode_json(_events, line)


def decode_streamed(payload: bytes) -> Event | Tick:
    """A message of the live stream. Raises DecodeError when it is malformed."""
    return decode_json(_streamed, payload)


def decode_request(payload: bytes) -> Request:
    """A command. Raises DecodeError when it is malformed."""
    return decode_json(_requests, payload)


def decode_reply(payload: bytes) -> Reply:
    """An answer. Raises DecodeError when it is malformed."""
    return decode_json(_replies, payload)


def decode_json(decoder: msgspec.json.Decoder[T], payload: bytes) -> T:
    """What the bytes say. Raises DecodeError whatever is wrong with them: msgspec has three ways of saying so."""
    try:
        return decoder.decode(payload)
    except UnicodeDecodeError as error:
        raise DecodeError(f"text is not UTF-8 ({error.reason})") from error
    except RecursionError as error:
        raise DecodeError("values are nested too deeply") from error
