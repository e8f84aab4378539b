"""The command palette's source: the action table."""

from __future__ import annotations

from functools import partial

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from gan_tui.actions.action import Action
from gan_tui.screens.dashboard import DashboardScreen


class ActionProvider(Provider):
    """Finds actions of the dashboard by their label, key or help."""

    async def discover(self) -> Hits:
        """Everything, in the table's order."""
        if isinstance(deck := self.screen, DashboardScreen):
            for action in deck.actions:
                title = _title(action)
                yield DiscoveryHit(Text(title), partial(deck.action_perform, action.id), title, action.help)

    async def search(self, query: str) -> Hits:
        """What matches, best first."""
        if not isinstance(deck := self.screen, DashboardScreen):
            return
        matcher = self.matcher(query)
        for action in deck.actions:
            title = _title(action)
            score = max(matcher.match(title), 0.8 * matcher.match(action.help))
            if score > 0:
                yield Hit(score, Text(title), partial(deck.action_perform, action.id), title, action.help)


def _title(action: Action) -> str:
    return f"{action.label} ({action.shown})"
