"""The command palette's source: the action table of the screen that it is opened on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from gan_tui.actions.action import ActionOn


@runtime_checkable
class Performing(Protocol):
    """A screen with a table of actions."""

    @property
    def actions(self) -> Sequence[ActionOn[Any]]: ...

    def action_perform(self, action_id: str) -> None:
        """Run one of them."""


class ActionProvider(Provider):
    """Finds actions of the screen by their label, key or help."""

    async def discover(self) -> Hits:
        """Everything, in the table's order."""
        if isinstance(deck := self.screen, Performing):
            for action in deck.actions:
                title = _title(action)
                yield DiscoveryHit(Text(title), partial(deck.action_perform, action.id), title, action.help)

    async def search(self, query: str) -> Hits:
        """What matches, best first."""
        if not isinstance(deck := self.screen, Performing):
            return
        matcher = self.matcher(query)
        for action in deck.actions:
            title = _title(action)
            score = max(matcher.match(title), 0.8 * matcher.match(action.help))
            if score > 0:
                yield Hit(score, Text(title), partial(deck.action_perform, action.id), title, action.help)


def _title(action: ActionOn[Any]) -> str:
    return f"{action.label} ({action.shown})"
