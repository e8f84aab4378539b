"""Names of keys, as users write them."""

from __future__ import annotations

import string

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key
from textual.keys import _character_to_key

from gan_tui.state.key_names import key_from, shown_key, shown_keys, written_key


def test_characters_are_spelled_as_textual_spells_them_and_back() -> None:
    for char in string.printable.strip():
        spelled = key_from(char)
        assert spelled == _character_to_key(char)
        assert shown_key(spelled) == char
        assert key_from(written_key(spelled)) == spelled


@pytest.mark.parametrize("char", "üßñжあ漢²€§¿«")
def test_characters_of_other_keyboards_are_spelled_as_they_come_from_a_terminal(char: str) -> None:
    (event,) = XTermParser().feed(char)
    assert isinstance(event, Key)
    spelled = key_from(char)
    assert spelled == event.key
    assert (shown_key(spelled), written_key(spelled)) == (char, char)


@pytest.mark.parametrize(
    ("written", "spelled", "shown", "in_ascii"),
    [
        ("ctrl+p", "ctrl+p", "Ctrl+P", "Ctrl+P"),
        ("Ctrl+P", "ctrl+p", "Ctrl+P", "Ctrl+P"),
        ("F5", "f5", "F5", "F5"),
        ("Esc", "escape", "Esc", "Esc"),
        ("shift+left", "shift+left", "Shift+←", "Shift+Left"),
        ("shift+ctrl+up", "ctrl+shift+up", "Ctrl+Shift+↑", "Ctrl+Shift+Up"),
        ("shift+p", "P", "P", "P"),
        ("slash", "slash", "/", "/"),
        ("alt++", "alt+plus", "Alt++", "Alt++"),
        (" space ", "space", "Space", "Space"),
        ("shift+ü", "Ü", "Ü", "Ü"),
        ("alt+ü", "alt+ü", "Alt+Ü", "Alt+Ü"),
        ("ctrl+ß", "ctrl+ß", "Ctrl+ß", "Ctrl+ß"),
    ],
)
def test_keys(written: str, spelled: str, shown: str, in_ascii: str) -> None:
    assert key_from(written) == spelled
    assert key_from(written_key(spelled)) == spelled
    assert shown_key(spelled) == shown
    assert shown_key(spelled, ascii=True) == in_ascii


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("entr", "Did you mean enter?"),
        ("strg+p", "Modifiers are ctrl, alt, shift"),
        ("ctrl+ctrl+p", "each at most once"),
        ("shift+1", "Write the character itself"),
        ("ctrl+m", "reaches a program as enter"),
        ("ctrl+[", "reaches a program as escape"),
        ("", "is not a key"),
        ("\u200b", "is not a key"),
    ],
)
def test_what_is_no_key_is_refused(written: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"key|enter|escape|Modifiers|character") as refused:
        key_from(written)
    assert told in str(refused.value)


def test_several() -> None:
    assert shown_keys(("q", "ctrl+q")) == "q Ctrl+Q"
