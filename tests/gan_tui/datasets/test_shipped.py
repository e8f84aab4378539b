"""Which shipped presets are of which sets."""

from __future__ import annotations

from gan_tui.datasets.sets.known import catalogue
from gan_tui.datasets.shipped import presets_on


def test_the_catalogue_names_what_the_presets_read() -> None:
    assert presets_on("facades") == ("facades", "facades-lsgan", "facades-photo2labels")
    assert "maps-cyclegan" in presets_on("maps")
    assert presets_on("mnist") == ("aegan-mnistm2mnist", "dtn-mnistm2mnist", "dtn-svhn2mnist", "dtn-usps2mnist")
    assert presets_on("svhn") == ("dtn-svhn2mnist",)
    assert presets_on("ae_photos") == ()
    assert set(catalogue().sets) >= {"apple2orange", "monet2photo", "edges2shoes", "edges2handbags"}
