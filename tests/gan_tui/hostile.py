"""Text that would set a terminal's title, its colours, its clipboard or its direction of writing."""

from __future__ import annotations

import unicodedata

HOSTILE = "evil\x1b]0;owned\x07\x1b[31m\x9b2J\x90q\u202egnp\u2066.exe\x7f\r\nnext"


def obeyed(text: str) -> list[str]:
    """The characters in it that a terminal does not show but obeys."""
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return [
        char
        for char in text
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in bidi
    ]
