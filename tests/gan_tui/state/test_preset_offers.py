"""What somebody means who types part of a preset's name, and how the list is set."""

from __future__ import annotations

import pytest

from gan_tui.state.preset_offers import PresetOffer, lines_of, matching, nearest

OFFERS = [
    PresetOffer(given="presets/mine.toml", reason="mine.toml: method.kind: 'gan' is not a method"),
    PresetOffer(given="edges2shoes", system="pix2pix", data="datasets/edges2shoes", holds="train", summary="Edges."),
    PresetOffer(given="facades-lsgan", system="pix2pix", data="datasets/facades", holds="train", summary="Labels 2."),
    PresetOffer(given="facades", system="pix2pix", data="datasets/facades", holds="train", summary="Labels."),
    PresetOffer(given="quickstart", system="cyclegan", data="drawn", summary="Nothing to download."),
]


def names(typed: str) -> list[str]:
    return [offer.given for offer in matching(OFFERS, typed)]


def test_every_word_has_to_be_in_name_method_folder_or_summary() -> None:
    assert names("  ") == [offer.given for offer in OFFERS]
    assert names("PIX2PIX labels") == ["facades-lsgan", "facades"]
    assert names("drawn") == names("download") == ["quickstart"]
    assert names("presets/mi") == ["presets/mine.toml"]
    assert names("pix2pix drawn") == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("facades", "facades"), (" facades ", "facades"), ("fac", "facades-lsgan"), ("labels", "facades-lsgan")],
)
def test_a_name_goes_before_a_beginning_and_that_before_the_first(typed: str, meant: str) -> None:
    seen = matching(OFFERS, typed)
    assert seen[nearest(seen, typed)].given == meant


def test_columns_have_room_for_all_that_there_are() -> None:
    [line] = lines_of(matching(OFFERS, "quick"), OFFERS, summaries=True)
    assert line == "quickstart         cyclegan  drawn                 Nothing to download."
    [line] = lines_of(matching(OFFERS, "mine"), OFFERS, summaries=False)
    assert line == "presets/mine.toml  mine.toml: method.kind: 'gan' is not a method"
    assert lines_of(matching(OFFERS, "quick"), OFFERS, summaries=False) == ["quickstart         cyclegan  drawn"]
    assert lines_of([], [], summaries=True) == []


def test_where_images_come_from_is_said() -> None:
    assert [offer.images for offer in OFFERS] == [
        "",
        "datasets/edges2shoes, with train",
        "datasets/facades, with train",
        "datasets/facades, with train",
        "none: images are drawn",
    ]
    assert PresetOffer(given="mine", holds="trainA and trainB").images == "a folder is needed, with trainA and trainB"
