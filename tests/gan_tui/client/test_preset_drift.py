"""How a run's configuration differs from the preset of its name, as that file is today."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import dump, read_toml, resolve
from engine.config.presets import shipped_presets
from gan_tui.client.preset_drift import Alteration, differences, preset_drift
from tests.runs import tiny_config


def test_a_shipped_preset_as_it_is() -> None:
    path = shipped_presets()["quickstart"]
    found = preset_drift("quickstart", resolve(read_toml(path), "quickstart"))
    assert (found.preset, found.path, found.problem, found.differences) == ("quickstart", str(path), "", ())


def test_a_preset_file_that_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(dump(tiny_config("loss.cycle_a=7", "run.seed=3")))
    found = preset_drift("mine", tiny_config("sentinel.not_finite.action=warn"))
    assert found.problem == ""
    assert found.differences == (
        Alteration(key="loss.cycle_a", before=7.0, after=10.0),
        Alteration(key="run.seed", before=3, after=0),
        Alteration(key="sentinel.not_finite.action", before="stop", after="warn"),
    )


def test_a_preset_is_found_where_it_was_read_from_and_else_by_its_name(tmp_path: Path) -> None:
    far = tmp_path / "far" / "quickstart.toml"
    far.parent.mkdir()
    far.write_text(dump(tiny_config("run.seed=3")))
    config = tiny_config()
    assert [each.key for each in preset_drift("quickstart", config, str(far)).differences] == ["run.seed"]
    far.unlink()
    assert preset_drift("quickstart", config, str(far)).path == str(shipped_presets()["quickstart"])


def test_a_run_that_was_imported_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        preset_drift("imported", tiny_config()).problem == "none: the run was imported, or branches from one that was"
    )


def test_a_preset_that_is_gone_or_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = preset_drift("mine", tiny_config())
    assert (found.path, found.problem) == ("", "no preset is called mine any more, shipped or in this folder")
    Path("mine.toml").write_text("[run]\nsead = 1\n")
    found = preset_drift("mine", tiny_config())
    assert (found.path, found.differences) == ("mine.toml", ())
    assert found.problem == "mine.toml: run.sead: is not a preset key. Did you mean run.seed?"


def test_a_key_of_one_kind_only() -> None:
    before, after = tiny_config(), tiny_config("generator.arch=resnet")
    assert differences(before, after) == ()
    pixel = resolve({"discriminator": {"arch": "pixel"}}, "pixel")
    patch = resolve({"discriminator": {"arch": "patch"}}, "patch")
    assert differences(patch, pixel) == (
        Alteration(key="discriminator.arch", before="patch", after="pixel"),
        Alteration(key="discriminator.layers", before=3, after=None),
        Alteration(key="discriminator.scales", before=1, after=None),
    )


def test_digits_left_out_are_shown_as_numbers() -> None:
    before, after = tiny_config(kind="dtn"), tiny_config("data.without_A=[3, 5]", kind="dtn")
    assert differences(before, after) == (Alteration(key="data.without_A", before=(), after=(3, 5)),)


def test_a_folder_is_the_same_by_whatever_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert differences(tiny_config(root=Path("data")), tiny_config(root=tmp_path / "data")) == ()
    [other] = differences(tiny_config(root=Path("data")), tiny_config(root=tmp_path / "other"))
    assert (other.key, other.before, other.after) == ("data.root", str(tmp_path / "data"), str(tmp_path / "other"))
