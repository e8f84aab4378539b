"""Keys within words: a text says ``{detach|q} leaves``, and whoever shows it puts in the key that the user has set."""

from __future__ import annotations

import re
from collections.abc import Mapping

KEY_IN_WORDS = re.compile(r"\{([a-z0-9-]+)\|([^}]+)\}")
"""An action's id and the key that it has unless a user has given it another."""


def with_keys(text: str, keys: Mapping[str, str]) -> str:
    """The text with its keys.

    Args:
        text: words with keys in them.
        keys: as they are shown, by the id of the action; those that are built in may be left out.
    """
    return KEY_IN_WORDS.sub(lambda found: keys.get(found[1], found[2]), text)
