"""The presets that a new run can be made of, and which of them somebody means by what they type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PresetOffer:
    """A preset in a list of them."""

    given: str
    """By which a command finds it: a shipped name, or a path."""
    system: str = ""
    """Which method it trains."""
    data: str = ""
    """The folder that it expects, or "drawn"."""
    holds: str = ""
    """What has to be in that folder; empty where there is none."""
    summary: str = ""
    told: str = ""
    """What it trains, on what, and at what cost."""
    reason: str = ""
    """Why no run can be made of it; empty where one can."""

    @property
    def images(self) -> str:
        """Where its images come from unless another folder is named, in words."""
        if self.reason:
            return ""
        return f"{self.data or 'a folder is needed'}, with {self.holds}" if self.holds else "none: images are drawn"


def matching(offers: Sequence[PresetOffer], typed: str) -> list[PresetOffer]:
    """Those that have every word that was typed in their name, method, data or summary; without words all."""
    words = typed.casefold().split()
    return [each for each in offers if all(word in _text(each) for word in words)]


def nearest(offers: Sequence[PresetOffer], typed: str) -> int:
    """The place of the one that is meant most likely: of that name, else with that beginning, else the first."""
    wanted = typed.strip()
    names = [each.given for each in offers]
    if wanted in names:
        return names.index(wanted)
    return next((place for place, name in enumerate(names) if name.startswith(wanted)), 0)


def lines_of(seen: Sequence[PresetOffer], offers: Sequence[PresetOffer], *, summaries: bool) -> list[str]:
    """A line for each that is seen, in columns that have room for every offer: name, method, folder, summary.

    What is wrong with a file is told in any case.
    """
    names = max((len(each.given) for each in offers), default=0)
    systems = max((len(each.system) for each in offers), default=0)
    folders = max((len(each.data) for each in offers), default=0)

    def line(each: PresetOffer) -> str:
        if each.reason:
            return f"{each.given:{names}}  {each.reason}"
        columns = f"{each.given:{names}}  {each.system:{systems}}  {each.data:{folders}}"
        return f"{columns}  {each.summary}" if summaries else columns.rstrip()

    return [line(each) for each in seen]


def _text(offer: PresetOffer) -> str:
    return f"{offer.given} {offer.system} {offer.data} {offer.summary}".casefold()
