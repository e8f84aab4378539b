"""Whole numbers as files and people tell them, which may be anything."""

from __future__ import annotations

_DIGITS = 12
MOST = 10**_DIGITS - 1
"""Of steps, thirty years at a thousand a second."""


def whole_number(text: str) -> int | None:
    """The number that decimal digits are; None where they are none, or more than MOST."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else None
