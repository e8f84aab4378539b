"""What the process that mirrors a distant run says to the viewer that has started it: a line of JSON each."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from engine.protocol.access import Rights
from engine.protocol.codec import DecodeError, decode_json


class _Word(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    pass


class Copying(_Word, frozen=True, kw_only=True, tag="copying"):
    """The record is on its way."""

    copied: int
    total: int
    """Bytes."""


class Ready(_Word, frozen=True, kw_only=True, tag="ready"):
    """The mirror is up to date and stays so."""

    root: str
    """The mirror's run directory."""
    host: str
    """The machine that trains."""
    rights: Rights


class Over(_Word, frozen=True, kw_only=True, tag="over"):
    """The run cannot be mirrored, or not any more."""

    subject: str
    fact: str
    fix: str
    wrong_request: bool


Word: TypeAlias = Copying | Ready | Over

_words: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Word)


def decode_word(line: bytes) -> Word | None:
    """A line that the process has said; None for one that says nothing."""
    try:
        return decode_json(_words, line)
    except DecodeError:
        return None
