"""The presets at hand: the user's own first, then the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.presets import preset_card, presets_folder, shipped_presets
from gan_tui.client.preset_shelf import presets_at_hand


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "presets").mkdir()
    return tmp_path


def test_every_shipped_one_is_offered_with_what_the_command_says_of_it() -> None:
    offers = presets_at_hand()
    assert [offer.given for offer in offers] == list(shipped_presets())
    for offer, path in zip(offers, shipped_presets().values(), strict=True):
        card = preset_card(path)
        assert (offer.system, offer.data, offer.summary) == (card.system, card.data, card.summary)
        assert (offer.told, offer.reason) == (card.in_words(), "")


def test_own_ones_come_first_and_what_is_no_preset_is_left_out(here: Path) -> None:
    (here / "mine.toml").write_text('# Horses, quickly.\n[data]\nkind = "synthetic"\n')
    (here / "presets" / "other.toml").write_text('[method]\nkind = "pix2pix"\n[data]\nkind = "paired"\n')
    (here / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (here / "wrong.toml").write_text('[method]\nkind = "cyclegn"\n')
    (here / "torn.toml").write_text("[method\n")
    (here / "folder.toml").mkdir()
    mine, torn, wrong, other, *rest = presets_at_hand()
    assert [offer.given for offer in rest] == list(shipped_presets())
    assert (mine.given, mine.system, mine.data, mine.summary) == ("mine.toml", "cyclegan", "drawn", "Horses, quickly.")
    assert mine.told == "cyclegan, 64 px, drawn", "a preset need not say what it costs"
    assert (other.given, other.system) == ("presets/other.toml", "pix2pix")
    assert other.told == "pix2pix, 256 px, a folder with train, or A and B"
    assert wrong.reason.startswith("wrong.toml: method.kind: 'cyclegn' is not a method")
    assert torn.reason.startswith("torn.toml: is not valid TOML")


def test_in_a_checkout_the_shipped_ones_are_not_there_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(presets_folder().parent)
    assert [offer.given for offer in presets_at_hand()] == list(shipped_presets())
