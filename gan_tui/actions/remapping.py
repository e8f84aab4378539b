"""Other keys for actions, as the user's file gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Protocol

from engine.errors import RequestError
from gan_tui.actions.action import ActionOn, Target
from gan_tui.state.appearance import Appearance
from gan_tui.state.key_names import shown_key, shown_keys

_MOVES_ON = ("tab", "shift+tab")
"""Textual's own on every screen that has not bound them."""


def dressed(actions: Sequence[ActionOn[Target]], appearance: Appearance) -> tuple[ActionOn[Target], ...]:
    """The actions with the keys that the user has given them, and with names of keys that can be drawn."""
    return tuple(_dressed(each, appearance) for each in actions)


def _dressed(action: ActionOn[Target], appearance: Appearance) -> ActionOn[Target]:
    keys = appearance.keys.get(action.id)
    if keys:
        return replace(action, keys=keys, shown=shown_keys(keys, ascii=appearance.ascii))
    if appearance.ascii and not action.shown.isascii():
        return replace(action, shown=shown_keys(action.keys, ascii=True))
    return action


class Keyed(Protocol):
    """Something that keys do: an action of a table, or what a dialog does."""

    @property
    def id(self) -> str: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def label(self) -> str: ...

    def taken(self, key: str) -> str:
        """Why a key does not reach the screen; empty where it does."""


def require_sound(keys: Mapping[str, tuple[str, ...]], file: str, tables: Iterable[Sequence[Keyed]]) -> None:
    """Refuse keys for what is no action, keys that never reach the screen, and one key for two of a screen.

    Args:
        keys: by the id of the action.
        file: that says so, for the message.
        tables: the actions of each screen.

    Raises:
        RequestError: there is one.
    """
    tables = list(tables)
    known = [each.id for table in tables for each in table]
    for name in keys:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            fix = f"Did you mean {near[0]}?" if near else "`gan-tui keys` lists the actions."
            raise RequestError(f"{file}: keys.{name}", "is not an action", fix)
    for table in tables:
        _require_within_reach(table, keys, file)
        _require_one_action_a_key(table, keys, file)


def _require_within_reach(actions: Sequence[Keyed], keys: Mapping[str, tuple[str, ...]], file: str) -> None:
    """What is built in is: such a key is bound before what else would take it, or stands for it."""
    built_in = {key for action in actions for key in action.keys}
    for action in actions:
        for key in keys.get(action.id, ()):
            moves_on = key in _MOVES_ON and key not in built_in
            fact = "moves from field to field" if moves_on else action.taken(key)
            if fact and key not in action.keys:
                raise RequestError(f'{file}: keys.{action.id} = "{shown_key(key)}"', fact, "Choose another, as F9.")


def _require_one_action_a_key(actions: Sequence[Keyed], keys: Mapping[str, tuple[str, ...]], file: str) -> None:
    taken: dict[str, Keyed] = {}
    for action in actions:
        for key in keys.get(action.id, action.keys):
            if key not in taken:
                taken[key] = action
                continue
            given, other = (action, taken[key]) if action.id in keys else (taken[key], action)
            fact = f"is already the key of {other.id} ({other.label})"
            fix = f"Choose another, or give {other.id} another key too."
            raise RequestError(f'{file}: keys.{given.id} = "{shown_key(key)}"', fact, fix)
