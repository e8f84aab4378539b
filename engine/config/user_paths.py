"""Paths as users give them."""

from __future__ import annotations

import os
from pathlib import Path

from engine.config.image_files import path_text
from engine.errors import RequestError


def at_home(given: str | Path) -> Path:
    """A path that a user gives, where it begins with a home's ~ the path there.

    A name may begin so, too: what is there by that very name is meant.

    Raises:
        RequestError: it begins with the home of nobody, and nothing has that name.
    """
    path = Path(os.path.expanduser(given))  # noqa: PTH111 - Path's own raises, whether there is such a name or not
    if path.parts and path.parts[0].startswith("~") and not os.path.lexists(path):
        raise RequestError(path_text(path), "begins with the home of nobody here", f"Name another, or ./{path}")
    return path
