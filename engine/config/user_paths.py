"""Paths as users give them."""

from __future__ import annotations

import os
from pathlib import Path


def at_home(given: str | Path) -> Path:
    """A path that a user gives, where it begins with a home's ~ the path there.

    A name may begin so, too: where there is no such user it is left as it is. Path's own expanduser raises there.
    """
    return Path(os.path.expanduser(given))  # noqa: PTH111
