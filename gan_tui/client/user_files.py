"""Where the user's own files lie: settings and sets of controls, beside no run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.config.user_paths import at_home


def user_folder(environ: Mapping[str, str]) -> Path:
    """The folder gan-tui in $XDG_CONFIG_HOME, which counts where it is an absolute path, or in ~/.config."""
    home = environ.get("XDG_CONFIG_HOME")
    folder = Path(home) if home and Path(home).is_absolute() else at_home("~/.config")
    return folder / "gan-tui"
