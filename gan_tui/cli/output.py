"""How commands write: data to stdout, speech to stderr, both without control characters; numbers, ages for people."""

from __future__ import annotations

import sys
import time
from typing import Any

from gan_tui.state.plain_text import printable, printable_json
from gan_tui.widgets.axes import reading


def say(message: str) -> None:
    """Tell the user something in one line, on stderr."""
    sys.stderr.write(f"{printable(message)}\n")
    sys.stderr.flush()


def put(*fields: str) -> None:
    """Write a line of data, its fields parted by tabs, on stdout."""
    _write("\t".join(map(printable, fields)))


def put_json(value: Any) -> None:
    """Write structs, mappings and sequences as JSON, on stdout."""
    import msgspec

    _write(printable_json(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()))


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def age(since: float) -> str:
    """How long ago a Unix time was, in one unit."""
    seconds = max(0.0, time.time() - since)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def losses_in_words(losses: dict[str, float | None]) -> str:
    """Loss components on one line."""
    return "  ".join(f"{name} {'nan' if value is None else reading(value)}" for name, value in losses.items())
