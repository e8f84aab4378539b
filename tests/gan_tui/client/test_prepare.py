"""The engine works in another directory: every path of a prepared configuration is absolute."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.errors import RequestError
from gan_tui.client.prepare import checked, prepare
from tests.dtn_runs import make_dtn_run
from tests.engine.train.here import train_here
from tests.runs import make_images


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


def test_a_run_is_named_as_elsewhere_where_f_is_taken_from_it(here: Path) -> None:
    run = make_dtn_run(here / "kept", "svhn-1")
    train_here(run)
    Path("mine.toml").write_text('[method]\nkind = "dtn"\nf_width = 2\n[data]\nkind = "synthetic-digits"\n')
    for name in ("svhn-1", "svhn", str(run.root), "kept/svhn-1"):
        found = prepare("mine.toml", [f"method.f_from={name}"], {}, here / "kept")
        assert tomllib.loads(found.toml)["method"]["f_from"] == str(run.root)
    with pytest.raises(RequestError, match="is no run directory"):
        prepare("mine.toml", ["method.f_from=mnist"], {}, here / "kept")
    long = "a" * 300
    for nowhere, told in (
        ("~nobody-of-this-name/run", "run: begins with the home of nobody here"),
        (long, f"method.f_from = {long}: cannot be looked at"),
    ):
        with pytest.raises(RequestError, match=told):
            prepare("mine.toml", [f"method.f_from={nowhere}"], {}, here / "kept")


def test_a_new_run_must_not_begin_at_what_a_control_may_come_to(here: Path) -> None:
    with pytest.raises(RequestError, match="lr_g = 0: would leave the generators"):
        prepare("quickstart", ["optim.lr_g=0"], {}, here)
    tree = {"data": {"kind": "synthetic"}, "optim": {"lr_g": 0.0}}
    checked("test", tree, {}, origin="a branch of a run that was nudged")


@pytest.mark.parametrize("method", ["cyclegan", "discogan", "aegan"])
def test_pix2pix_on_images_that_are_no_pairs_is_told_what_works(here: Path, method: str) -> None:
    """The advice, followed to the letter."""
    flags = {"data.root": make_images(here / "horses")}
    with pytest.raises(RequestError) as caught:
        prepare("facades", [], flags, here)
    assert 'set data.kind = "unpaired", which cyclegan, discogan, aegan take; pix2pix needs pairs' in caught.value.fix
    with pytest.raises(RequestError, match="unpaired: is of cyclegan, discogan, aegan, not of pix2pix"):
        prepare("facades", ["data.kind=unpaired"], flags, here)
    size = ["data.resize=64", "data.crop=64", "run.batch=2"]
    found = prepare("facades", ["data.kind=unpaired", f"method.kind={method}", *size], flags, here)
    assert found.method == method
