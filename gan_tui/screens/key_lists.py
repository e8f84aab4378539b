"""The keys of the screens beside those with tables of actions, read off the screens themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

import gan_tui.screens as package
from gan_tui.screens.dashboard import DashboardScreen
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.runs import RunsScreen
from gan_tui.state.key_names import is_typed
from gan_tui.widgets.typed import TypedLine


class ScreenKey(NamedTuple):
    """Something that a key does on such a screen."""

    id: str
    keys: tuple[str, ...]
    """Built in, in Textual's spelling."""
    label: str
    focused: tuple[type[Widget], ...]
    """What on the screen may get each key first."""

    def taken(self, key: str) -> str:
        """Why a key does not reach the screen; empty where it does."""
        return next(filter(None, (_taken(key, focused) for focused in self.focused)), "")


class ScreenKeys(NamedTuple):
    """A screen, by the name of its class in words, and its keys."""

    title: str
    keys: list[ScreenKey]


def keys_of_screens() -> list[ScreenKeys]:
    """Every screen here that has keys of its own and no table of actions, by name. Imports them all."""
    found = {
        each
        for module in iter_modules(package.__path__, f"{package.__name__}.")
        for each in vars(import_module(module.name)).values()
        if isinstance(each, type) and issubclass(each, Screen) and each.__module__ == module.name
    }
    listed = (ScreenKeys(_in_words(each.__name__), _keys(each)) for each in found - {DashboardScreen, RunsScreen})
    return sorted(each for each in listed if each.keys)


def _keys(screen: type[Screen[object]]) -> list[ScreenKey]:
    own = vars(screen).get("BINDINGS", [])
    by_id: dict[tuple[str, str], list[str]] = {}
    for binding in _told(own):
        by_id.setdefault((binding.id or "", binding.description), []).append(binding.key)
    return [ScreenKey(name, tuple(keys), told, _focused(screen, name)) for (name, told), keys in by_id.items()]


def _focused(screen: type[Screen[object]], name: str) -> tuple[type[Widget], ...]:
    if not issubclass(screen, Dialog):
        return ()
    always = () if screen.FOCUSED is None else (screen.FOCUSED,)
    return (*always, TypedLine) if name in screen.WHILE_TYPING else always


def _taken(key: str, focused: type[Widget]) -> str:
    """Why a key does not go beyond what has the focus; empty where it does."""
    has_a_line = issubclass(focused, Input)
    if has_a_line and is_typed(key):
        return "is typed into the dialog's line"
    own = {binding.key for binding in Binding.make_bindings(focused.BINDINGS)}
    return f"is the {'line' if has_a_line else 'list'}'s own" if key in own else ""


def _told(bindings: Iterable[object]) -> Iterable[Binding]:
    """One for each key that does something worth a word."""
    for binding in Binding.make_bindings(bindings):  # type: ignore[arg-type]
        if binding.description:
            yield binding


def _in_words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Screen")).capitalize()
