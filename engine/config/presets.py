"""The presets that come with gan-tui, and how a preset is found by path or by name."""

from __future__ import annotations

import difflib
from pathlib import Path

import msgspec

from engine.config.data import RootedData
from engine.config.data_root import contents
from engine.config.load import read_toml, resolve
from engine.config.user_paths import at_home
from engine.errors import RequestError

_PACKAGE = Path(__file__).parent


def presets_folder() -> Path:
    """Where the shipped presets lie: inside an installed package, or at the top of a source checkout."""
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "presets"


def shipped_presets() -> dict[str, Path]:
    """Name to file of every shipped preset, sorted by name."""
    return {path.stem: path for path in sorted(presets_folder().glob("*.toml"), key=lambda path: path.stem)}


def find_preset(given: str) -> Path:
    """The file that a command's PRESET means.

    Raises:
        RequestError: it is neither a file nor a shipped name.
    """
    try:
        path = at_home(given)
        is_file, is_folder = path.is_file(), path.is_dir()
    except OSError as error:  # such as too long a name
        raise RequestError(given, f"cannot be looked at ({error.strerror})", "Name another preset.") from error
    if is_file:
        return path
    if is_folder:
        raise RequestError(given, "is a folder, not a preset", f"Try: gan-tui train horse2zebra --data {given}")
    shipped = shipped_presets()
    name = path.stem if path.suffix == ".toml" and path.parent.name in ("", "presets") else given
    if name in shipped:
        return shipped[name]
    nearest = difflib.get_close_matches(name, shipped, n=1)
    fix = f"Did you mean {nearest[0]}?" if nearest else "`gan-tui presets` lists the shipped ones."
    raise RequestError(given, "is neither a file nor the name of a shipped preset", fix)


class PresetCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of presets says of one."""

    name: str
    summary: str
    """Its first comment line."""
    system: str
    """Which method it trains."""
    side: int
    """Of the images that the networks see, in pixels."""
    data: str
    """The folder that it expects, or "drawn"."""
    holds: str
    """What has to be in that folder; empty where there is none."""
    cost: str
    """Steps and their size, as its "Cost:" comment says; empty where it says nothing."""

    def in_words(self) -> str:
        """What it trains, on what, and at what cost; on one line."""
        data = f"{self.data or 'a folder'} with {self.holds}" if self.holds else self.data
        return f"{self.system}, {self.side} px, {data}" + (f": {self.cost}" if self.cost else "")


def preset_card(path: Path) -> PresetCard:
    """What is to be said of a preset.

    Raises:
        RequestError: it is not right.
    """
    config = resolve(read_toml(path), path.name)
    comments = [line.lstrip("# ") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    return PresetCard(
        name=path.stem,
        summary=comments[0] if comments else "",
        system=str(config.method.__struct_config__.tag),
        side=config.data.crop,
        data=config.data.root if isinstance(config.data, RootedData) else "drawn",
        holds=contents(config.data) if isinstance(config.data, RootedData) else "",
        cost=next((line.removeprefix(_COST) for line in comments if line.startswith(_COST)), ""),
    )


_COST = "Cost: "
