"""Which known sets a preset's data.root is missing."""

from __future__ import annotations

import shlex
from pathlib import Path

from engine.config.data import DataConfig, DigitsData, PairedData, RootedData, UnpairedData
from engine.config.data_root import contents, data_root
from engine.errors import RequestError
from gan_tui.datasets.sets.known import KnownSet, SetLayout, catalogue
from gan_tui.datasets.shipped import sets_of


class MissingSetsError(RequestError):
    """The images of a run are not here, and could be.

    Args:
        error: what was found to be missing.
        sets: that would be enough.
        root: the folder to fetch them into.
        holds: what a folder that is named instead has to hold, in words.
    """

    def __init__(self, error: RequestError, sets: tuple[KnownSet, ...], root: Path, holds: str) -> None:
        self.sets = sets
        self.root = root
        instead = f"or set --data or data.root to a folder that holds {holds}"
        super().__init__(error.subject, error.fact, f"Fetch what is missing: {fetch_command(sets, root)}; {instead}.")


def could_be_fetched(error: RequestError, config: DataConfig) -> RequestError:
    """What to tell of data that is refused: the same, or that sets are missing for it which are known.

    Args:
        error: why it is refused.
        config: the section that names it.
    """
    if not isinstance(config, RootedData) or not config.root:
        return error
    root = data_root(config)
    within = root if isinstance(config, DigitsData) else root.parent
    missing = [within / name for name in dict.fromkeys(sets_of(config)) if not (within / name).exists()]
    sets = [catalogue().sets.get(folder.name) for folder in missing]
    found = tuple(each for each in sets if each is not None and each.layout == _layout(config) and not each.refused)
    if not found or len(found) < len(missing):
        return error
    return MissingSetsError(error, found, missing[0].parent, contents(config))


def fetch_command(sets: tuple[KnownSet, ...], root: Path) -> str:
    """What fetches sets into a folder."""
    where = "" if str(root) == "datasets" else f" --root {shlex.quote(str(root))}"
    return f"gan-tui data fetch {' '.join(each.name for each in sets)}{where}"


def _layout(config: RootedData) -> SetLayout:
    match config:
        case UnpairedData():
            return "unpaired"
        case PairedData():
            return "paired"
        case DigitsData():
            return "digits"
