"""Which sets are said to be missing for a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.data import DataConfig, DigitsData, PairedData, SyntheticData, UnpairedData
from engine.config.load import read_toml, resolve
from engine.config.presets import shipped_presets
from engine.errors import RequestError
from gan_tui.datasets.sets.wanted import MissingSetsError, could_be_fetched

REFUSED = RequestError("datasets", "is not right", "Do something else.")


def missing(config: DataConfig) -> tuple[str, ...] | None:
    error = could_be_fetched(REFUSED, config)
    if isinstance(error, MissingSetsError):
        return tuple(each.name for each in error.sets)
    assert error is REFUSED
    return None


def test_what_is_missing_and_known(tmp_path: Path) -> None:
    assert missing(UnpairedData(root=str(tmp_path / "horse2zebra"))) == ("horse2zebra",)
    assert missing(PairedData(root=str(tmp_path / "maps"))) == ("maps",)
    digits = DigitsData(root=str(tmp_path / "none"), A="mnist_m", B="mnist")
    assert missing(digits) == ("mnist_m", "mnist")
    (tmp_path / "none" / "mnist_m").mkdir(parents=True)
    assert missing(digits) == ("mnist",)


def test_what_is_not_known_or_of_another_kind_or_here(tmp_path: Path) -> None:
    assert missing(UnpairedData(root=str(tmp_path / "mine"))) is None
    assert missing(UnpairedData(root=str(tmp_path / "maps"))) is None, "the known one has pairs"
    assert missing(PairedData(root=str(tmp_path / "cityscapes"))) is None, "it cannot be had"
    assert missing(DigitsData(root=str(tmp_path), A="mine", B="mnist")) is None, "half of it would not do"
    assert missing(UnpairedData(root="")) is None
    assert missing(SyntheticData()) is None
    (tmp_path / "horse2zebra").mkdir()
    assert missing(UnpairedData(root=str(tmp_path / "horse2zebra"))) is None, "what is there is somebody's"


def test_the_fix_names_the_folder_unless_it_is_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    usual = could_be_fetched(REFUSED, UnpairedData(root="datasets/horse2zebra"))
    assert usual.one_line() == (
        "datasets: is not right. Fetch what is missing: gan-tui data fetch horse2zebra; or set --data or data.root to "
        "a folder that holds trainA and trainB."
    )
    elsewhere = could_be_fetched(REFUSED, DigitsData(root="my sets", A="usps", B="mnist"))
    assert "gan-tui data fetch usps mnist --root 'my sets';" in elsewhere.fix


def test_every_preset_that_reads_a_folder_finds_its_set_or_says_that_there_is_none() -> None:
    without = set()
    for name, path in shipped_presets().items():
        config = resolve(read_toml(path), name).data
        if isinstance(config, UnpairedData | PairedData | DigitsData) and missing(config) is None:
            without.add(name)
    assert without == {"discogan-handbags2shoes"}
    assert "No such set is published" in shipped_presets()["discogan-handbags2shoes"].read_text()
