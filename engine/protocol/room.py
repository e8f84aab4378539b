"""Asking which of several presets has room in a device's memory: what is asked for, and the answer."""

from __future__ import annotations

import msgspec


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A preset that would be wanted."""

    config: str
    """As TOML."""
    only_on_gpu: bool = False
    """Too much work for a CPU, whatever its memory holds."""


class RoomJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag="room"):
    """Find the first of several presets whose steps fit (engine.protocol.jobs)."""

    candidates: tuple[Candidate, ...]
    """The most wanted first; at least one is for any device."""
    device: str = "auto"
    """As run.device."""


class Room(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="room"):
    """Which one fits."""

    device: str
    """What the device wish means on this machine: cpu, cuda:0, mps."""
    free: int
    """Bytes of its memory."""
    index: int
    """Of the first candidate that fits, or of the one that takes least where none does."""
    need: int
    """Bytes that this one takes at the height of a step."""
    fits: bool
