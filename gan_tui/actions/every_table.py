"""The tables of every screen that has one: what a user's file may give other keys to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gan_tui.actions.action import ActionOn
from gan_tui.actions.browser import RUNS
from gan_tui.actions.table import ACTIONS

TABLES: dict[str, Sequence[ActionOn[Any]]] = {"": ACTIONS, "Runs browser": RUNS}
"""By what precedes their groups in a list of all keys. An id is in one of them alone; a key may be in each."""
