"""How commands write: data to stdout, speech to stderr, both without control characters; numbers, ages for people."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from gan_tui.state.axes import reading
from gan_tui.state.plain_text import printable, printable_json
from gan_tui.state.wording import age


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


def data_not_taken() -> OSError | None:
    """Why data that were put out do not arrive, which are then given up; None where they do, or nobody reads them."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return None
    except OSError as error:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - else Python tries once more at its end, and complains
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return error
    return None


def age_of(since: float) -> str:
    """How long ago a Unix time was."""
    return age(time.time() - since)


def losses_in_words(losses: dict[str, float | None]) -> str:
    """Loss components on one line."""
    return "  ".join(f"{name} {'nan' if value is None else reading(value)}" for name, value in losses.items())
