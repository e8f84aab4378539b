"""The tables of every screen that has one: what a user's file may give other keys to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from gan_tui.actions.action import ActionOn
from gan_tui.actions.browser import RUNS
from gan_tui.actions.remapping import Keyed
from gan_tui.actions.table import ACTIONS

TABLES: dict[str, Sequence[ActionOn[Any]]] = {"": ACTIONS, "Runs browser": RUNS}
"""By what precedes their groups in a list of all keys. An id is in one of them alone; a key may be in each."""


def tables_for(ids: Iterable[str]) -> list[Sequence[Keyed]]:
    """The tables to look these ids up in: the other screens' too, unless all are actions of the tables here.

    To read those off the screens imports them all, for which the first paint does not wait without need.
    """
    tables: list[Sequence[Keyed]] = list(TABLES.values())
    if not {action.id for table in tables for action in table}.issuperset(ids):
        from gan_tui.screens.key_lists import keys_of_screens

        tables += [screen.keys for screen in keys_of_screens()]
    return tables
