"""The presets at hand: a user's own in the working directory and its folder presets, then the shipped ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.config.load import read_toml
from engine.config.presets import preset_card, shipped_presets
from engine.errors import RequestError
from gan_tui.state.preset_offers import PresetOffer

OWN_FOLDER = "presets"


def presets_at_hand() -> list[PresetOffer]:
    """All of them. A file that means to be a preset and is not right is among them, with its reason."""
    shipped = shipped_presets()
    theirs = {path.resolve() for path in shipped.values()}
    offers = []
    for path in _own_files():
        if path.resolve() not in theirs:
            offers.append(_offer(str(path), path))
    offers += [_offer(name, path) for name, path in shipped.items()]
    return [offer for offer in offers if offer is not None]


def _own_files() -> Iterator[Path]:
    for folder in (Path(), Path(OWN_FOLDER)):
        yield from sorted(path for path in folder.glob("*.toml") if path.is_file())


def _offer(given: str, path: Path) -> PresetOffer | None:
    """What is offered of a file; None where it is something else, as a pyproject.toml is."""
    try:
        card = preset_card(path)
    except RequestError as error:
        return PresetOffer(given=given, reason=error.one_line()) if _means_to_be_one(path) else None
    return PresetOffer(
        given=given,
        system=card.system,
        data=card.data,
        holds=card.holds,
        summary=card.summary,
        told=card.in_words(),
    )


def _means_to_be_one(path: Path) -> bool:
    try:
        return "method" in read_toml(path)
    except RequestError:
        return True
