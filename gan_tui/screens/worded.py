"""Words on a screen that name its keys, with those that the user has given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from textual.screen import Screen

from gan_tui.state.key_words import with_keys


@runtime_checkable
class HasKeys(Protocol):
    """An application that knows the user's file."""

    @property
    def keys_given(self) -> Mapping[str, str]:
        """Keys that the user has given, as they are shown, by the id of what they do."""


def keys_given(screen: Screen[Any]) -> Mapping[str, str]:
    """Those of the screen's application."""
    app = screen.app
    return app.keys_given if isinstance(app, HasKeys) else {}


def worded(screen: Screen[Any], text: str) -> str:
    """Words with keys in them, as ``{log-next|n}``, as they are to be read on the screen."""
    return with_keys(text, keys_given(screen))
