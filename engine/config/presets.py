"""The presets that come with gan-tui, and how a preset is found by path or by name."""

from __future__ import annotations

import difflib
from pathlib import Path

from engine.errors import RequestError

_PACKAGE = Path(__file__).parent


def presets_folder() -> Path:
    """Where the shipped presets lie: inside an installed package, or at the top of a source checkout."""
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "presets"


def shipped_presets() -> dict[str, Path]:
    """Name to file of every shipped preset, sorted by name."""
    return {path.stem: path for path in sorted(presets_folder().glob("*.toml"))}


def find_preset(given: str) -> Path:
    """The file that a command's PRESET means.

    Raises:
        RequestError: it is neither a file nor a shipped name.
    """
    path = Path(given).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise RequestError(given, "is a folder, not a preset", f"Try: gan-tui train horse2zebra --data {given}")
    shipped = shipped_presets()
    name = path.stem if path.suffix == ".toml" and path.parent.name in ("", "presets") else given
    if name in shipped:
        return shipped[name]
    nearest = difflib.get_close_matches(name, shipped, n=1)
    fix = f"Did you mean {nearest[0]}?" if nearest else "`gan-tui presets` lists the shipped ones."
    raise RequestError(given, "is neither a file nor the name of a shipped preset", fix)


def preset_summary(path: Path) -> str:
    """The first comment line of a preset: what it is."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            return line.lstrip("# ").strip()
    return ""
