"""gan-tui keys, and the options of commands that open a screen."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import RequestError
from gan_tui.actions.every_table import tables_for
from gan_tui.cli.appearance_options import appearance_from
from gan_tui.cli.keys import as_markdown, as_template
from gan_tui.client.preferences import Display, read_preferences
from gan_tui.screens.key_lists import keys_of_screens
from gan_tui.state.appearance import Appearance
from gan_tui.state.imaging import Imaging
from tests.gan_tui.cli.command import gan_tui_here, refusal, succeeded

ROOT = Path(__file__).parents[3]


def test_the_page_of_keys_is_the_one_that_is_generated() -> None:
    """Where it is not: gan-tui keys --markdown > docs/keys.md."""
    assert (ROOT / "docs/keys.md").read_text(encoding="utf-8") == as_markdown() + "\n"


def test_the_template_says_what_is_built_in_and_can_be_read_once_it_is_no_comment(tmp_path: Path) -> None:
    assert set(tomllib.loads(as_template())) == {"display", "data", "keys"}
    file = tmp_path / "config.toml"
    lines = (line[2:] if line.startswith("# ") and " = " in line else line for line in as_template().splitlines())
    file.write_text("\n".join(lines), encoding="utf-8")
    said = read_preferences(file)
    assert said.keys == {each.id: each.keys for table in tables_for(said.keys) for each in table}
    built_in = Appearance()
    assert said.display == Display(**{name: getattr(built_in, name) for name in Display.__struct_fields__})


def test_the_table_has_the_users_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\npause = ["space", "ctrl+up"]\ncheckpoints-note = "F9"\n')
    monkeypatch.setenv("GAN_TUI_CONFIG", str(file))
    rows = [line.split() for line in succeeded(gan_tui_here("keys", folder=tmp_path)).splitlines()]
    assert ["Space", "Ctrl+↑", "pause", "Pause"] in [row[:4] for row in rows]
    assert ["S", "save"] in [row[:2] for row in rows]
    assert ["Checkpoint", "picker"] in rows
    assert ["*", "checkpoints-star", "star"] in rows
    assert ["F9", "checkpoints-note", "note"] in rows
    file.write_text('[keys]\npause = "S"\n')
    assert "is already the key of save" in refusal(gan_tui_here("keys", folder=tmp_path))
    assert "cannot both be printed" in refusal(gan_tui_here("keys", "--markdown", "--template", folder=tmp_path))


def test_every_dialog_says_what_its_keys_do() -> None:
    titles = [screen.title for screen in keys_of_screens()]
    assert {"Checkpoint picker", "Help", "Stop dialog", "Value dialog"} <= set(titles)


def test_an_option_comes_before_the_file_and_the_file_before_what_is_built_in(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    display = 'theme = "light"\nascii = true\nimages = "half"\nmouse = false\n'
    file.write_text(f'[display]\n{display}[keys]\npause = "space"\n')
    terminal = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environ = {"GAN_TUI_CONFIG": str(file), "LANG": "C.UTF-8", **terminal}
    pause = {"pause": ("space",)}
    read = Appearance(theme="light", ascii=True, images="half", mouse=False, keys=pause, file=str(file))
    assert appearance_from(environ) == replace(read, imaging=Imaging(cells="blocks"))
    chosen = appearance_from(environ, theme="monochrome", ascii=False, images="off", mouse=True)
    assert (chosen.theme, chosen.ascii, chosen.mouse) == ("monochrome", False, True)
    assert (chosen.images, chosen.imaging) == ("off", Imaging(protocol="off"))
    built_in = appearance_from({"GAN_TUI_CONFIG": "/dev/null", "LC_ALL": "C.UTF-8", **terminal})
    assert built_in == Appearance(file="/dev/null")
    assert appearance_from({"GAN_TUI_CONFIG": "/dev/null", "LC_ALL": "POSIX"}).ascii


def test_colours_that_ssh_has_left_behind_are_told_to_textual() -> None:
    environ = {"GAN_TUI_CONFIG": "/dev/null", "TERM": "xterm-kitty"}
    assert appearance_from(environ).imaging.palette == "full"
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "truecolor"


def test_a_file_with_a_key_for_nothing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[keys]\npauze = "space"\n')
    with pytest.raises(RequestError, match=r"keys\.pauze: is not an action\. Did you mean pause\?"):
        appearance_from({"GAN_TUI_CONFIG": str(file)})


@pytest.mark.parametrize("command", [("attach",), ("train", "quickstart"), ("resume",), ("compare", "a", "b")])
def test_a_theme_that_there_is_not_is_refused_before_anything_is_done(command: tuple[str, ...], tmp_path: Path) -> None:
    told = refusal(gan_tui_here(*command, "--theme", "lihgt", folder=tmp_path))
    assert told == "--theme lihgt: is not a theme. Did you mean light?"
    assert list(tmp_path.iterdir()) == []
