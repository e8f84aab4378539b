"""Where this user's programs keep what can be made or fetched again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def cache_folder(environment: Mapping[str, str]) -> Path:
    """The folder, by the XDG Base Directory Specification: $XDG_CACHE_HOME, or else ~/.cache. It need not be there."""
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
