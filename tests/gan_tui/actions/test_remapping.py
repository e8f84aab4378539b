"""Other keys for actions, and words that name keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import BindingsMap
from textual.screen import Screen

import gan_tui
from engine.errors import RequestError
from gan_tui.actions.every_table import TABLES, tables_for
from gan_tui.actions.remapping import dressed, require_sound
from gan_tui.actions.table import ACTIONS, footer_hints
from gan_tui.state.appearance import Appearance
from gan_tui.state.key_names import shown_key, shown_keys
from gan_tui.state.key_words import KEY_IN_WORDS, with_keys


def subclasses_of(kind: type) -> list[type]:
    """All of them that have been imported."""
    return [found for each in kind.__subclasses__() for found in (each, *subclasses_of(each))]


def test_built_in_keys_are_shown_as_they_would_be_if_a_user_gave_them() -> None:
    for action in ACTIONS:
        shown = [shown_keys([key]) for key in action.keys]
        assert action.shown.split()[0] == shown[0]
        assert set(action.shown.split()) <= set(shown)


def test_a_footer_with_other_keys() -> None:
    keys = {"control-previous": ("p",), "nudge-up": ("n", "ctrl+n"), "detach": ("f10",)}
    hints = {hint.label: hint.key for hint in footer_hints(dressed(ACTIONS, Appearance(keys=keys)), {}, steers=True)}
    assert (hints["detach"], hints["control"], hints["nudge"], hints["pause"]) == ("F10", "p ]", "- n Ctrl+N", "P")


def test_in_ascii_arrows_are_words() -> None:
    actions = dressed(ACTIONS, Appearance(ascii=True))
    assert all(action.shown.isascii() for action in actions)
    assert next(action.shown for action in actions if action.id == "pan-left") == "Shift+Left"


def test_keys_that_change_places_are_sound() -> None:
    require_sound({"pause": ("S",), "save": ("P",)}, "f", TABLES.values())


def test_screens_may_have_the_same_key() -> None:
    require_sound({"runs-delete": ("P",)}, "f", TABLES.values())
    with pytest.raises(RequestError, match=r"is already the key of runs-resume \(resume\)"):
        require_sound({"runs-delete": ("r",)}, "f", TABLES.values())


def test_every_key_of_every_screen_has_an_id_that_no_other_has() -> None:
    ids = [each.id for table in tables_for(["on no screen with a table"]) for each in table]
    assert all(ids)
    assert len(ids) == len(set(ids)) > len(ACTIONS) + 50


def test_every_key_of_a_dialog_can_be_another() -> None:
    every = tables_for(["on no screen with a table"])
    built_in = {each.id: each.keys for table in every for each in table}
    screens = [screen for screen in subclasses_of(Screen) if screen.__module__.startswith("gan_tui.")]
    bindings = [binding for screen in screens for binding in vars(screen).get("BINDINGS", [])]
    assert {binding.id for binding in bindings} == set(built_in), "what Textual knows them by is what a file may name"
    for screen in screens:
        for binding in vars(screen).get("BINDINGS", []):
            bound = BindingsMap(vars(screen)["BINDINGS"])
            bound.apply_keymap({binding.id: "f9"})
            require_sound({binding.id: ("f9",)}, "f", every)
            assert {each.id for each in bound.key_to_bindings["f9"]} == {binding.id}
            assert not set(built_in[binding.id]) & set(bound.key_to_bindings)


def test_a_key_that_a_dialog_has_already_is_refused() -> None:
    with pytest.raises(RequestError, match=r"is already the key of checkpoints-note \(note\)"):
        require_sound({"checkpoints-star": ("m",)}, "f", tables_for(["checkpoints-star"]))


def test_every_built_in_key_is_sound() -> None:
    every = tables_for(["on no screen with a table"])
    require_sound({each.id: each.keys for table in every for each in table}, "f", every)


@pytest.mark.parametrize(
    ("name", "key", "fact"),
    [
        ("filter-close", "x", "is typed into the dialog's line"),
        ("log-leave", "x", "is typed into the dialog's line"),
        ("log-leave", "home", "is the line's own"),
        ("control-sets-leave", "b", "is typed into the dialog's line"),
        ("line-close", "a", "is typed into the dialog's line"),
        ("value-close", "1", "is typed into the dialog's line"),
        ("export-close", "space", "is typed into the dialog's line"),
        ("note-close", "slash", "is typed into the dialog's line"),
        ("export-up", "home", "is the line's own"),
        ("line-close", "enter", "is the line's own"),
        ("delete-confirm", "enter", "is the list's own"),
        ("checkpoints-star", "down", "is the list's own"),
        ("stop-save", "pageup", "is the list's own"),
        ("new-run-up", "tab", "moves from field to field"),
        ("checkpoints-note", "shift+tab", "moves from field to field"),
    ],
)
def test_a_key_that_would_never_reach_its_screen_is_refused(name: str, key: str, fact: str) -> None:
    with pytest.raises(RequestError) as refused:
        require_sound({name: (key,)}, "f", tables_for([name]))
    told = f'f: keys.{name} = "{shown_key(key)}": {fact}. Choose another'
    assert refused.value.one_line().startswith(told)


def test_a_key_that_what_is_focused_leaves_alone_is_sound() -> None:
    keys = {
        "filter-close": ("ctrl+g",),
        "delete-confirm": ("y",),
        "export-up": ("pageup",),
        "checkpoints-note": ("f2",),
    }
    require_sound({**keys, "pane-next": ("f9",)}, "f", tables_for(keys))


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"pauze": ("x",)}, "f: keys.pauze: is not an action. Did you mean pause?"),
        ({"qqq": ("x",)}, "f: keys.qqq: is not an action. `gan-tui keys` lists the actions."),
        ({"note": ("P",)}, 'f: keys.note = "P": is already the key of pause (pause). Choose another'),
        ({"detach": ("X",)}, 'f: keys.detach = "X": is already the key of stop (stop). Choose another'),
        ({"save": ("a",), "note": ("a",)}, 'f: keys.note = "a": is already the key of save (save). Choose another'),
    ],
    ids=str,
)
def test_what_is_not_is_refused(keys: dict[str, tuple[str, ...]], told: str) -> None:
    with pytest.raises(RequestError) as refused:
        require_sound(keys, "f", TABLES.values())
    assert refused.value.one_line().startswith(told)


def test_keys_within_words_are_those_of_the_table() -> None:
    """A text that names a key names an action and the key that it really has."""
    found = [
        match for file in Path(gan_tui.__path__[0]).rglob("*.py") for match in KEY_IN_WORDS.findall(file.read_text())
    ]
    every = tables_for(["on no screen with a table"])
    known = {each.id: [shown_key(key) for key in each.keys] for table in every for each in table}
    wrong = [(name, key) for name, key in found if key not in known.get(name, [])]
    assert wrong == []
    assert len(found) > 10


def test_words_take_the_keys_that_are_in_force() -> None:
    text = "{detach|q} leaves; {stop|X} stops."
    assert with_keys(text, {}) == "q leaves; X stops."
    assert with_keys(text, {"stop": "F10"}) == "q leaves; F10 stops."
