"""The user's file, and what is refused in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RequestError
from gan_tui.client.preferences import Display, Preferences, preferences_file, read_preferences


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert preferences_file({}) == Path("/home/ada/.config/gan-tui/config.toml")
    assert preferences_file({"XDG_CONFIG_HOME": "relative"}) == Path("/home/ada/.config/gan-tui/config.toml")
    assert preferences_file({"XDG_CONFIG_HOME": "/etc/ada"}) == Path("/etc/ada/gan-tui/config.toml")
    assert preferences_file({"GAN_TUI_CONFIG": "~/mine.toml", "XDG_CONFIG_HOME": "/etc"}) == Path("/home/ada/mine.toml")


def test_what_it_says(file: Path) -> None:
    file.write_text('[display]\ntheme = "light"\nmouse = false\n[keys]\npause = "space"\nlog = ["z", "ctrl+up", "z"]\n')
    assert read_preferences(file) == Preferences(
        display=Display(theme="light", mouse=False), keys={"pause": ("space",), "log": ("z", "ctrl+up")}
    )


def test_none_says_nothing(file: Path) -> None:
    assert read_preferences(file) == read_preferences(Path("/dev/null"), required=True) == Preferences()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[keys", "is not TOML"),
        ("[kyes]\n", "kyes: is not a section. Did you mean keys?"),
        ("keys = 3\n", "keys: is a section, not a value. Write it as [keys]."),
        ("[display]\nthem = 1\n", "display.them: is not a key of this file. Did you mean theme?"),
        ('[display]\ntheme = "lihgt"\n', "display.theme = 'lihgt': is not known. Did you mean light?"),
        ("[display]\ntheme = 3\n", "display.theme = 3: is not known. Known: dark, light, colour-blind-dark"),
        ("[display]\nmouse = 1\n", "display.mouse = 1: is of another type. Write true or false."),
        ("[keys]\npause = 3\n", 'keys.pause: is neither a key nor a list of keys. Write pause = "k"'),
        ("[keys]\npause = []\n", "is neither a key nor a list of keys"),
        ('[keys]\npause = "ctrl+m"\n', "keys.pause = 'ctrl+m': reaches a program as enter. Choose another key."),
        ('[keys]\npause = ["p", "entr"]\n', "keys.pause = 'entr': is not a key. Did you mean enter?"),
    ],
)
def test_what_is_wrong_is_refused_with_the_way_out(text: str, told: str, file: Path) -> None:
    file.write_text(text)
    with pytest.raises(RequestError) as refused:
        read_preferences(file)
    assert refused.value.exit_code == 2
    assert refused.value.one_line().startswith(f"{file}: " if "TOML" in told else str(file))
    assert told in refused.value.one_line()


def test_one_that_was_named_has_to_be_there_and_one_that_cannot_be_read_is_told(file: Path) -> None:
    with pytest.raises(RequestError, match=r"is not there\. Write it, or unset GAN_TUI_CONFIG"):
        read_preferences(file, required=True)
    with pytest.raises(RequestError, match="cannot be read"):
        read_preferences(file.parent)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(RequestError, match="is not TOML"):
        read_preferences(file)
