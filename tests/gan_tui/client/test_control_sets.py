"""The user's file of control sets: what is saved is read again, and what is not understood is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.controls import controls_of
from engine.config.methods import CycleGanConfig
from engine.errors import RequestError, WorkError
from gan_tui.client.control_sets import delete_set, read_sets, save_set, sets_file
from gan_tui.state.control_sets import check_name, fitted, said_of

CONTROLS = controls_of(CycleGanConfig())
IN_FORCE = {control.name: control.default for control in CONTROLS}


def test_the_file_lies_with_the_users_other_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert sets_file() == tmp_path / "gan-tui/controls.toml"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert sets_file() == Path("~/.config/gan-tui/controls.toml").expanduser()


def test_sets_are_saved_replaced_and_deleted(tmp_path: Path) -> None:
    path = tmp_path / "new/controls.toml"
    assert read_sets(path) == {}
    save_set(path, " gentle ", {"loss.cycle_a": 5.0, "optim.lr_g": 1e-4})
    save_set(path, 'a "quoted" [one]', {})
    save_set(path, "gentle", {"loss.cycle_a": 6.0})
    assert read_sets(path) == {"gentle": {"loss.cycle_a": 6.0}, 'a "quoted" [one]': {}}
    delete_set(path, "gentle")
    assert list(read_sets(path)) == ['a "quoted" [one]']
    for name in ("", "  ", "two\nlines", "x" * 61, "\x1b[31m"):
        with pytest.raises(RequestError, match="one line of up to 60 letters"):
            save_set(path, name, {})


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    path, kept = tmp_path / "controls.toml", tmp_path / "dotfiles.toml"
    kept.touch()
    path.symlink_to(kept)
    save_set(path, "a", {"loss.cycle_a": 1.0})
    assert path.is_symlink()
    assert read_sets(kept) == {"a": {"loss.cycle_a": 1.0}}


def test_keys_may_be_written_without_quotes(tmp_path: Path) -> None:
    path = tmp_path / "controls.toml"
    path.write_text('[one]\nloss.cycle_a = 5\n"loss.identity" = 0.5\n')
    assert read_sets(path) == {"one": {"loss.cycle_a": 5.0, "loss.identity": 0.5}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[one", "is no TOML"),
        ("one = 3", "has 'one' where a set is expected"),
        ('[one]\n"loss.cycle_a" = "5"', "has no number for 'loss.cycle_a' of 'one'"),
        ("[one]\nx = true", "has no number for 'x'"),
        ("[one]\nx = 1" + "0" * 400, "has no number for 'x'"),
    ],
)
def test_what_is_not_understood_is_named_and_not_written_over(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "controls.toml"
    path.write_text(text)
    for attempt in (lambda: read_sets(path), lambda: save_set(path, "two", {}), lambda: delete_set(path, "one")):
        with pytest.raises(RequestError, match=why):
            attempt()
    assert path.read_text() == text


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").symlink_to("nowhere")
    with pytest.raises(WorkError, match="cannot be written"):
        save_set(tmp_path / "folder/controls.toml", "a", {})
    (tmp_path / "controls.toml").mkdir()
    with pytest.raises(WorkError, match="cannot be read"):
        read_sets(tmp_path / "controls.toml")


def test_of_a_set_a_run_takes_what_it_has_within_its_bounds() -> None:
    values = {
        "loss.cycle_a": 5.0, "loss.cycle_b": 10.0, "loss.l1": 100.0, "optim.lr_g": 2.0, "log.every": 2.5,
        "loss.identity": float("nan"),
    }  # fmt: skip
    fit = fitted(values, CONTROLS, IN_FORCE)
    assert fit.changes == {"loss.cycle_a": 5.0}
    assert fit.same == 1
    assert [told.partition(":")[0] for told in fit.left_out] == ["loss.l1", "optim.lr_g", "log.every", "loss.identity"]
    assert said_of("gentle", fit).startswith(
        "gentle: 1 to change, 1 as they are, 4 left out. Left out: loss.l1: this run"
    )
    assert fitted(IN_FORCE, CONTROLS, IN_FORCE).words == "nothing to change, 11 as they are"
    assert check_name(" x ") == "x"
