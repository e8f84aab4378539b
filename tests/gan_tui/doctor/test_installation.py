"""The program itself: what is installed, and the user's file."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from gan_tui.doctor.installation import EXTRAS, examine
from tests.gan_tui.doctor.sites import by_subject, site

PROJECT = Path(__file__).parents[3] / "pyproject.toml"


def test_every_extra_is_looked_for_by_the_package_that_it_brings() -> None:
    extras = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    brought = {name: wanted[0].partition(">")[0] for name, wanted in extras.items() if name != "dev"}
    assert {name: package for name, (package, _) in EXTRAS.items()} == brought


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (None, "from a package index"),
        ('{"url": "file:///src", "dir_info": {"editable": true}}', "editable, from file:///src"),
        ('{"url": "https://host/x.whl", "archive_info": {}}', "from https://host/x.whl"),
        ('{"dir_info": null}', "from somewhere"),
        ("[", "from somewhere"),
    ],
)
def test_where_it_was_installed_from(
    said: str | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the folder beside an installed package has it; what another installer wrote there may be anything."""
    beside = tmp_path / "gan_tui-9.dist-info"
    beside.mkdir()
    (beside / "METADATA").write_text("Metadata-Version: 2.1\nName: gan-tui\nVersion: 9\n")
    if said is not None:
        (beside / "direct_url.json").write_text(said)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert by_subject(examine(site(tmp_path)))["gan-tui"].fact == f"9, {told}"


def test_a_users_file_that_is_there_not_there_and_wrong(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[display]\nmouse = false\n")
    here = site(tmp_path / "root", GAN_TUI_CONFIG=str(file))
    assert by_subject(examine(here))["user's file"].fact == str(file)
    none = site(tmp_path / "root", XDG_CONFIG_HOME=str(tmp_path))
    assert "is not there" in by_subject(examine(none))["user's file"].fact
    file.write_text("[display]\ntheme = 'sepia'\n")
    wrong = by_subject(examine(here))["user's file"]
    assert (wrong.mark, "sepia" in wrong.fact) == ("problem", True)
