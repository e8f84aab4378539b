"""What stands for a character on a terminal that knows ASCII alone: frames, signs, blocks, and curves in braille."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

PHRASES = {" → ": " ->", " · ": " | ", "🔎": "> "}
"""Replaced before single characters are: as wide as what they stand for."""


def _paired(*rows: tuple[str, str]) -> dict[str, str]:
    """Characters and, place for place, what stands for them."""
    return {sign: plain for signs, plains in rows for sign, plain in zip(signs, plains, strict=True)}


_SIGNS = {
    **dict.fromkeys("─╌┄┈╴╶", "-"),
    **dict.fromkeys("│┃║╵╷▏▎▍▌▐▕", "|"),
    **dict.fromkeys("┊┆╎", ":"),
    **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
    **dict.fromkeys("━═╺╍", "="),
    **dict.fromkeys("┏┓┗┛┣┫┳╋╔╗╚╝", "#"),
    **_paired(
        ("▁▂▃▄▅▆▇█", "_.:-=+*#"),
        ("▀▔░▒▓▤≡", '"-.:%+='),
        ("╸┻▼▲◆↻✎×★☆", ">^v^o@&x*-"),
        ("●○◌◐‖■□✔✓✖✗", "*o.o=#.++xx"),
        ("▸▶›‹◂◀▾▴", ">>><<<v^"),
        ("→←↑↓↔⏎", "><^v=<"),
        ("·•…–—−≈≤≥±°", ".*~---~<>~'"),
        ("“”„‘’µΔσ", '"""\'\'uds'),
    ),
}
_BRAILLE = range(0x2800, 0x2900)
_LEFT, _RIGHT = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)
"""The dots of a braille character's columns, from the top."""
_TALL = 3
"""Rows of dots from which a stroke is upright."""


@lru_cache(maxsize=4096)
def ascii_of(char: str, width: int) -> str:
    """What stands for a character, on as many cells as it takes.

    Args:
        char: one code point.
        width: its cells on a terminal: 0 of what joins the character before it, which is left out; 2 of wide ones.
    """
    if char.isascii():
        return char
    if width == 0:
        return ""
    if ord(char) in _BRAILLE:
        return _stroke(ord(char) - _BRAILLE.start)
    if char in _SIGNS:
        return _SIGNS[char]
    plain = unicodedata.normalize("NFKD", char)[0]
    return plain if width == 1 and plain.isascii() and plain.isprintable() else "?" * width


def _stroke(dots: int) -> str:
    """A stroke that goes as the dots of a cell do: rising, falling, upright, or level at some height."""
    left = [row for row, bit in enumerate(_LEFT) if dots & bit]
    right = [row for row, bit in enumerate(_RIGHT) if dots & bit]
    rows = left + right
    if not rows:
        return " "
    if left and right:
        slope = sum(left) / len(left) - sum(right) / len(right)
        if abs(slope) >= 1:
            return "/" if slope > 0 else "\\"
    if max(rows) - min(rows) + 1 >= _TALL:
        return "|"
    return "'--_"[round(sum(rows) / len(rows))] if left and right else "'::."[round(sum(rows) / len(rows))]
