"""Text from files, engines and paths made harmless to a terminal, which would obey the control characters in it."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 and C1 controls, line separators, what changes the direction of writing, and halves of surrogate pairs."""


def printable(text: str) -> str:
    """The text on one line: blanks for line breaks and tabs, � for every other control; no longer and no shorter."""
    if _CONTROLS.search(text) is None:
        return text
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", text))


def printable_json(document: str) -> str:
    """A JSON document with the controls in its strings, which JSON allows from U+007F on, escaped: the same value."""
    return "\n".join(_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in document.split("\n"))
