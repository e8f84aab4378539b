"""The engine works in another directory: every path of a prepared configuration is absolute."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gan_tui.client.prepare import checked


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Images for every kind of data below the directory that the command is run in."""
    monkeypatch.chdir(tmp_path)
    for name in ("trainA/a.png", "trainB/b.png", "train/c.png", "usps/train/0/d.png"):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True)
        Image.new("RGB", (64, 32)).save(path)
    return tmp_path


def prepared(data: dict[str, Any], method: dict[str, Any]) -> dict[str, Any]:
    """A configuration as the engine is given it."""
    return tomllib.loads(checked("test", {"method": method, "data": data}, {}, origin="a test").toml)


@pytest.mark.parametrize(
    ("data", "method"),
    [
        ({"kind": "unpaired"}, "cyclegan"),
        ({"kind": "paired"}, "pix2pix"),
        ({"kind": "digits", "A": "usps", "B": "usps"}, "dtn"),
    ],
)
def test_the_root_of_every_kind_of_data_becomes_absolute(here: Path, data: dict[str, Any], method: str) -> None:
    tree = prepared({**data, "root": "images"}, {"kind": method})
    assert tree["data"]["root"] == str(here / "images")
    assert tree["data"]["kind"] == data["kind"]


def test_so_does_the_run_that_f_is_taken_from(here: Path) -> None:
    tree = prepared({"kind": "synthetic-digits"}, {"kind": "dtn", "f_from": "runs/before"})
    assert tree["method"]["f_from"] == str(here / "runs" / "before")
    assert prepared({"kind": "synthetic-digits"}, {"kind": "dtn"})["method"]["f_from"] == ""
