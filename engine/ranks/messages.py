"""What the leader tells the other ranks, and they it: typed, as JSON, never pickled. Torch-free."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from engine.protocol.codec import decode_json

# ------------------------------------------------------------------------------------------------ from the leader


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    pass


class Begin(_Message, frozen=True, kw_only=True, tag="begin"):
    """Read the data and build the networks."""

    config: str
    """The run's configuration as TOML: a follower need not see the run directory."""
    origin: str
    """Where it is from, for messages."""


class Join(_Message, frozen=True, kw_only=True, tag="join"):
    """Meet the others, and take up the state that follows this message."""

    host: str
    port: int
    """Where the leader's store is, through which the process group is formed."""
    epoch: int
    index: int
    """Where the first batch is found."""


class Step(_Message, frozen=True, kw_only=True, tag="step"):
    """Do the next step, of which every rank has said that its images are ready."""

    step: int
    """Its number: steps done before it."""
    epoch: int
    index: int
    """Its batch, which has to be the one that is ready."""
    weights: dict[str, float] = {}
    """Loss weights that have changed since the last step, by their controls' names; all of them for the first."""
    rates: dict[str, float] = {}
    """Likewise the optimizers' effective learning rates."""


class Stop(_Message, frozen=True, kw_only=True, tag="stop"):
    """The last step is done; end well."""


Order: TypeAlias = Begin | Join | Step | Stop

# --------------------------------------------------------------------------------------------- from the followers


class Hello(_Message, frozen=True, kw_only=True, tag="hello"):
    """The first word on a connection."""

    rank: int
    secret: str
    host: str


class Built(_Message, frozen=True, kw_only=True, tag="built"):
    """Data and networks are there."""


class PassedOver(msgspec.Struct, frozen=True):
    """An image that could not be used."""

    path: str
    reason: str


class Ready(_Message, frozen=True, kw_only=True, tag="ready"):
    """The images of the next step are loaded."""

    problems: tuple[PassedOver, ...] = ()
    """Those that others took the place of."""


class Trouble(_Message, frozen=True, kw_only=True, tag="trouble"):
    """The rank cannot go on; it ends."""

    subject: str
    fact: str
    fix: str
    exit_code: int
    """1, or 2 where the request was wrong (engine.errors)."""
    at_boundary: bool = False
    """Whether it is between two steps and has done all of the one before, its device included: its state is whole."""


Answer: TypeAlias = Hello | Built | Ready | Trouble

_encoder = msgspec.json.Encoder()
_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def encode(message: Order | Answer) -> bytes:
    """A message's bytes."""
    return _encoder.encode(message)


def decode_order(payload: bytes) -> Order:
    """What the leader says. Raises msgspec.DecodeError whatever is wrong with it."""
    return decode_json(_orders, payload)


def decode_answer(payload: bytes) -> Answer:
    """What a follower says. Raises msgspec.DecodeError whatever is wrong with it."""
    return decode_json(_answers, payload)
