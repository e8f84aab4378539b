"""The keys of the screens beside those with tables of actions, read off the screens themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from textual.binding import Binding
from textual.screen import Screen

import gan_tui.screens as package
from gan_tui.screens.dashboard import DashboardScreen
from gan_tui.screens.runs import RunsScreen
from gan_tui.state.key_names import shown_keys


class ScreenKeys(NamedTuple):
    """A screen, by the name of its class in words, and its (keys, what they do)."""

    title: str
    keys: list[tuple[str, str]]


def keys_of_screens(*, ascii: bool = False) -> list[ScreenKeys]:  # noqa: A002 - as everywhere here
    """Every screen here that has keys of its own and no table of actions, by name. Imports them all."""
    found = {
        each
        for module in iter_modules(package.__path__, f"{package.__name__}.")
        for each in vars(import_module(module.name)).values()
        if isinstance(each, type) and issubclass(each, Screen) and each.__module__ == module.name
    }
    listed = (
        ScreenKeys(_in_words(each.__name__), _keys(each, ascii=ascii)) for each in found - {DashboardScreen, RunsScreen}
    )
    return sorted(each for each in listed if each.keys)


def _keys(screen: type[Screen[object]], *, ascii: bool) -> list[tuple[str, str]]:  # noqa: A002
    own = vars(screen).get("BINDINGS", [])
    by_action: dict[tuple[str, str], list[str]] = {}
    for binding in _told(own):
        by_action.setdefault((binding.action, binding.description), []).append(binding.key)
    return [(shown_keys(keys, ascii=ascii), told) for (_, told), keys in by_action.items()]


def _told(bindings: Iterable[object]) -> Iterable[Binding]:
    """One for each key that does something worth a word."""
    for binding in Binding.make_bindings(bindings):  # type: ignore[arg-type]
        if binding.description:
            yield binding


def _in_words(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Screen")).capitalize()
