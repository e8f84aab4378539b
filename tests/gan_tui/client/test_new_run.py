"""A new run is looked at as a whole before anything of it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import read_toml, resolve
from engine.config.presets import shipped_presets
from engine.errors import RequestError
from engine.protocol.rundir import read_identity
from gan_tui.client.new_run import check_new_run, make_new_run, typed_settings
from tests.dtn_runs import make_digits
from tests.runs import make_images


def test_it_is_made_as_it_was_checked(tmp_path: Path) -> None:
    folder, images = tmp_path / "runs", make_images(tmp_path / "images")
    new = check_new_run("horse2zebra", ["run.steps=3"], {"data.root": images}, folder, "first")
    assert not folder.exists(), "nothing is written before all is right"
    run = make_new_run(new)
    identity, config = read_identity(run), resolve(read_toml(run.config), "config.toml")
    assert run.root == folder / "first"
    assert (identity.method, identity.preset) == ("cyclegan", "horse2zebra")
    assert identity.preset_path == str(shipped_presets()["horse2zebra"].resolve())
    assert (config.run.steps, config.data.root) == (3, str(images))  # type: ignore[union-attr]


def test_without_a_name_it_is_called_after_its_preset(tmp_path: Path) -> None:
    new = check_new_run("quickstart", [], {}, tmp_path)
    assert [make_new_run(new).name for _ in range(2)] == ["quickstart", "quickstart-2"]


@pytest.mark.parametrize(
    ("preset", "setting", "name", "reason"),
    [
        ("horse2zebr", "", None, "Did you mean horse2zebra"),
        ("quickstart", "run.sed=1", None, "run.sed"),
        ("quickstart", "", "taken", "exists already"),
        ("quickstart", "", "a/b", "characters that a run name cannot have"),
        ("facades", "data.root=nowhere", None, "does not exist"),
    ],
)
def test_what_is_not_right_is_refused(preset: str, setting: str, name: str | None, reason: str, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(RequestError, match=reason):
        check_new_run(preset, [setting] if setting else [], {}, tmp_path, name)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_what_is_worth_knowing_is_told_before_it_is_there(tmp_path: Path) -> None:
    digits = make_digits(tmp_path / "digits")
    for path in (digits / "boxes").glob("t10k-*"):
        path.unlink()
    settings = ["data.A=bars", "data.B=boxes", "run.batch=8"]
    new = check_new_run("dtn-usps2mnist", settings, {"data.root": digits}, tmp_path / "runs")
    assert [notice.fact for notice in new.notices] == ["has no test digits"]


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("", []),
        (" run.seed=1   optim.lr_g=1e-4 ", ["run.seed=1", "optim.lr_g=1e-4"]),
        ("'data.root=my images' data.without_A='[3, 4]'", ["data.root=my images", "data.without_A=[3, 4]"]),
    ],
)
def test_a_line_of_settings_is_divided_as_a_shell_does_it(line: str, settings: list[str]) -> None:
    assert typed_settings(line) == settings


@pytest.mark.parametrize("line", ["data.root='my images", "run.seed=1\\"])
def test_a_line_that_does_not_end_is_refused(line: str) -> None:
    with pytest.raises(RequestError, match="has a quotation mark or a backslash with nothing after it"):
        typed_settings(line)
