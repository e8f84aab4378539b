"""Names of keys: as a user writes them in a file, as Textual spells them, and as they are shown."""

from __future__ import annotations

import string
import sys
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

_SPELLED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Where Textual has another name than Unicode."""


def _spelling(char: str) -> str:
    if char.isalnum():
        return char
    name = unicodedata.name(char, char).lower().replace("-", "_").replace(" ", "_")
    return _SPELLED.get(name, name)


_CHARACTERS = {char: _spelling(char) for char in (*string.ascii_letters, *string.digits, *string.punctuation)}
_NAMED = {
    "enter": "Enter",
    "escape": "Esc",
    "tab": "Tab",
    "space": "Space",
    "backspace": "Backspace",
    "insert": "Ins",
    "delete": "Del",
    "home": "Home",
    "end": "End",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
}
_ARROWS_IN_WORDS = {"left": "Left", "right": "Right", "up": "Up", "down": "Down"}
_OTHER_WORDS = {"esc": "escape", "return": "enter", "del": "delete", "ins": "insert"}
_OTHER_WORDS |= {"pgup": "pageup", "pgdn": "pagedown"}
_MODIFIERS = ("ctrl", "alt", "shift")
_SAME_ON_A_TERMINAL = {"ctrl+m": "enter", "ctrl+i": "tab", "ctrl+left_square_bracket": "escape", "ctrl+h": "backspace"}


class NotAKeyError(ValueError):
    """What was written names no key, or none that a terminal can tell from another."""

    def __init__(self, fact: str, fix: str) -> None:
        super().__init__(f"{fact}. {fix}")
        self.fact = fact
        self.fix = fix


def key_from(written: str) -> str:
    """Textual's spelling of a key that a user has written: ``[``, ``P``, ``ctrl+s``, ``shift+left``, ``F5``.

    Raises:
        NotAKeyError: it is no key, or none that a terminal can tell from another.
    """
    given = written.strip() or written
    if _is_character(given):
        return _spelling(given)
    if given.endswith("++"):
        given = f"{given[:-1]}plus"
    *before, base = given.split("+")
    modifiers = [modifier.lower() for modifier in before]
    if len(set(modifiers)) < len(modifiers) or not set(modifiers) <= set(_MODIFIERS):
        raise NotAKeyError("is not a key", f"Modifiers are {', '.join(_MODIFIERS)}, each at most once.")
    key = _base(base)
    if key is None:
        raise NotAKeyError("is not a key", _key_like(base))
    if modifiers == ["shift"] and len(key) == len(key.upper()) == 1 and key.isalpha():  # not every letter has one
        return key.upper()
    if "shift" in modifiers and key not in _NAMED:
        raise NotAKeyError("is not a key that a terminal sends", "Write the character itself, as P for Shift and p.")
    if "ctrl" in modifiers and len(key) == 1:
        key = key.lower()
    spelled = "+".join([*(modifier for modifier in _MODIFIERS if modifier in modifiers), key])
    if spelled in _SAME_ON_A_TERMINAL:
        raise NotAKeyError(f"reaches a program as {_SAME_ON_A_TERMINAL[spelled]}", "Choose another key.")
    return spelled


def _is_character(written: str) -> bool:
    """Whether it is what some keyboard's key types, and not the space, which would not be seen."""
    return len(written) == 1 and written.isprintable() and not written.isspace()


@cache
def _character(key: str) -> str | None:
    """The character of a key in Textual's spelling: ``_spelling`` turned round."""
    if len(key) == 1:
        return key
    if key in _NAMED:
        return None
    return next((char for char in map(chr, range(sys.maxunicode)) if _spelling(char) == key), None)


def _base(written: str) -> str | None:
    if _is_character(written):
        return _spelling(written)
    word = _OTHER_WORDS.get(written.lower(), written.lower())
    return word if word in _NAMED or word in _CHARACTERS.values() else None


def _key_like(word: str) -> str:
    known = [*_NAMED, *(name for name in _CHARACTERS.values() if len(name) > 1)]
    near = get_close_matches(word.lower(), known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Write a character, or one of {', '.join(_NAMED)}."


def written_key(key: str) -> str:
    """How a user may write a key of Textual's spelling: ``key_from`` turned round."""
    *modifiers, base = key.split("+")
    char = _character(base) or base
    return "+".join([*modifiers, base if char in '"\\' or modifiers else char])


def shown_key(key: str, *, ascii: bool = False) -> str:  # noqa: A002 - as everywhere here
    """How the footer and the help write a key: ``[``, ``Esc``, ``Ctrl+P``, ``Shift+←``, or in ASCII ``Shift+Left``."""
    *modifiers, base = key.split("+")
    text = (_ARROWS_IN_WORDS.get(base) if ascii else None) or _NAMED.get(base) or _character(base) or base
    if modifiers and len(text.upper()) == 1:
        text = text.upper()
    return "+".join([*(modifier.capitalize() for modifier in modifiers), text])


def is_typed(key: str) -> bool:
    """Whether a line of text takes a key, in Textual's spelling, as a character."""
    return key == "space" or ("+" not in key and key not in _NAMED)


def shown_keys(keys: Iterable[str], *, ascii: bool = False) -> str:  # noqa: A002
    """Several keys for the same."""
    return " ".join(shown_key(key, ascii=ascii) for key in keys)
