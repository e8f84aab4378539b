"""Damaging bytes and JSON documents: what fuzz tests feed to everything that reads."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

from hypothesis import HealthCheck, Phase, settings

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices from a document's root to one of its values."""

STRANGE_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 0.5, -0.0, 1e308, 5e-324, "", "x",
    "\x00", "\x1b]0;owned\x07", "\ud800", "nan", "../../../etc/passwd", "x" * 5000, [], {}, [[]], {"": {}},
    [1, "2", None],
)  # fmt: skip
STRANGE_LITERALS = (
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1" * 5000, b"0x10", b"01", b"1_000", b"'x'", b"undefined",
    b'"\xff\xfe"', b'"\\ud800"', b'"\\u0000"', b"[" * 3000, b"[" * 2000 + b"]" * 2000,
    b'{"a":' * 2000 + b"1" + b"}" * 2000, b"", b",", b"//", b"\xef\xbb\xbf1",
)  # fmt: skip


def steadily(examples: int) -> settings:
    """Hypothesis's settings for a fuzz test: the same examples everywhere, none shrunk, as each is only a seed."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


# ----------------------------------------------------------------------------------------------------------- bytes


def damaged(random: Random, content: bytes) -> bytes:
    """The content with one to three of the things that happen to bytes; never as it was."""
    result = content
    for _ in range(random.randint(1, 3)):
        result = random.choice(_BYTE_DAMAGES)(random, result)
    return result if result != content else content + b"\x00"


def noise(random: Random, longest: int) -> bytes:
    """Random bytes."""
    return random.randbytes(random.randrange(longest + 1))


def _truncated(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _flipped(random: Random, content: bytes) -> bytes:
    """One to eight bits the other way."""
    result = bytearray(content)
    for _ in range(random.randint(1, 8) if result else 0):
        result[random.randrange(len(result))] ^= 1 << random.randrange(8)
    return bytes(result)


def _cut(random: Random, content: bytes) -> bytes:
    """Without a stretch from its middle."""
    begin, end = _stretch(random, content)
    return content[:begin] + content[end:]


def _repeated(random: Random, content: bytes) -> bytes:
    """A stretch of it twice."""
    begin, end = _stretch(random, content)
    return content[:end] + content[begin:]


def _zeroed(random: Random, content: bytes) -> bytes:
    """A stretch of zeros, as file systems leave for blocks that were never written."""
    begin, end = _stretch(random, content)
    return content[:begin] + bytes(end - begin) + content[end:]


def _inserted(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + noise(random, 40) + content[place:]


def _stretch(random: Random, content: bytes) -> tuple[int, int]:
    begin = random.randrange(len(content) + 1)
    return begin, min(len(content), begin + random.choice((1, 2, 8, 64, 512)))


_BYTE_DAMAGES = (_truncated, _flipped, _cut, _repeated, _zeroed, _inserted)


# ------------------------------------------------------------------------------------------------------------ JSON


def damaged_json(random: Random, document: Any) -> bytes:
    """A document with one thing wrong in its structure: it may still be valid JSON, or what was expected."""
    return random.choice(_JSON_DAMAGES)(random, copy.deepcopy(document))


def _with_strange_value(random: Random, document: Any) -> bytes:
    return _dumped(_replaced(document, random.choice(_paths(document)), random.choice(STRANGE_VALUES)))


def _with_strange_literal(random: Random, document: Any) -> bytes:
    """What no JSON encoder writes, in the place of a value."""
    marked = _dumped(_replaced(document, random.choice(_paths(document)), "\x01here\x01"))
    return marked.replace(b'"\\u0001here\\u0001"', random.choice(STRANGE_LITERALS))


def _with_value_of_another_place(random: Random, document: Any) -> bytes:
    donor = _value(document, random.choice(_paths(document)))
    return _dumped(_replaced(document, random.choice(_paths(document)), copy.deepcopy(donor)))


def _without_key(random: Random, document: Any) -> bytes:
    table = random.choice(_tables(document))
    if table:
        del table[random.choice(list(table))]
    return _dumped(document)


def _with_unknown_key(random: Random, document: Any) -> bytes:
    random.choice(_tables(document))[random.choice(("x", "kind ", "Version", "__class__", "\x1b[2J"))] = 1
    return _dumped(document)


def _with_duplicate_key(random: Random, document: Any) -> bytes:
    """One key twice in the outermost table, with another value; which of them counts is the reader's choice."""
    key = random.choice(list(document)) if isinstance(document, dict) and document else "x"
    first = f"{{{json.dumps(key)}:{json.dumps(random.choice(STRANGE_VALUES))},"
    return first.encode() + _dumped(document).lstrip(b"{")


_JSON_DAMAGES: tuple[Callable[[Random, Any], bytes], ...] = (
    _with_strange_value, _with_strange_literal, _with_value_of_another_place, _without_key, _with_unknown_key,
    _with_duplicate_key,
)  # fmt: skip


def _dumped(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _paths(value: Any, prefix: Path = ()) -> list[Path]:
    found = [prefix]
    if isinstance(value, dict):
        for key, item in value.items():
            found += _paths(item, (*prefix, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            found += _paths(item, (*prefix, place))
    return found


def _tables(value: Any) -> list[dict[str, Any]]:
    found = [_value(value, path) for path in _paths(value)]
    return [item for item in found if isinstance(item, dict)] or [{}]


def _value(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


def _replaced(document: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    _value(document, path[:-1])[path[-1]] = new
    return document
