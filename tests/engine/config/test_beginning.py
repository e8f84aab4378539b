"""What no new run begins with: networks that would learn nothing, and batches larger than the data."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine.config.beginning import check_beginning
from engine.config.load import Tree, resolve, with_settings
from engine.config.methods import TrainConfig
from engine.config.presets import shipped_presets
from engine.errors import RequestError

DRAWN: dict[str, Tree] = {
    "cyclegan": {"kind": "synthetic"},
    "pix2pix": {"kind": "synthetic"},
    "discogan": {"kind": "synthetic"},
    "dtn": {"kind": "synthetic-digits"},
    "aegan": {"kind": "synthetic-digits"},
}


def preset(kind: str, *settings: str) -> TrainConfig:
    return resolve(with_settings({"method": {"kind": kind}, "data": DRAWN[kind]}, settings), "x")


def without(*names: str) -> tuple[str, ...]:
    return tuple(f"loss.{name}=0" for name in names)


@pytest.mark.parametrize("kind", DRAWN)
def test_every_methods_own_defaults_begin(kind: str) -> None:
    check_beginning(preset(kind))


@pytest.mark.parametrize(
    ("kind", "settings", "subject", "reason"),
    [
        ("cyclegan", without("adversarial", "cycle_a", "cycle_b"), "loss", "generators would learn nothing"),
        ("pix2pix", without("adversarial", "l1"), "loss", "generators would learn nothing"),
        (
            "discogan", without("adversarial", "feature_matching", "rate", "rate_after"),
            "loss", "generators would learn nothing",
        ),
        ("dtn", without("adversarial", "const", "tid"), "loss", "generators would learn nothing"),
        (
            "aegan", without("adversarial", "recon_a", "recon_b", "cycle_a", "cycle_b"),
            "loss", "generators would learn nothing",
        ),
        ("cyclegan", ("optim.lr_g=0",), "optim.lr_g = 0", "generators as they are drawn"),
        ("cyclegan", ("optim.lr_d=0",), "optim.lr_d = 0", "loss.adversarial"),
        ("aegan", ("optim.lr_d=0", "loss.adversarial=0", "loss.class_a=1"), "optim.lr_d = 0", "loss.class_a"),
        ("dtn", ("optim.lr_f=0",), "optim.lr_f = 0", "f as it is drawn"),
        ("cyclegan", ("loss.gan=wgan-gp", "loss.gradient_penalty=0"), "loss.gradient_penalty = 0", "without bound"),
        ("cyclegan", ("loss.feature_matching=1",), "loss.feature_matching", "corresponds to no other"),
        ("discogan", ("run.batch=1",), "loss.feature_matching", "corresponds to no other"),
        ("aegan", ("loss.feature_matching=1",), "loss.feature_matching", "corresponds to no other"),
        ("cyclegan", ("run.batch=201",), "run.batch = 201", "more than the 200 training images"),
    ],
)  # fmt: skip
def test_what_would_come_to_nothing_is_refused(kind: str, settings: tuple[str, ...], subject: str, reason: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_beginning(preset(kind, *settings))
    assert caught.value.subject == subject
    assert reason in caught.value.fact
    assert caught.value.fix


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("dtn", without("const", "tid")),
        ("dtn", without("adversarial")),
        ("dtn", ("method.f_steps=0", "optim.lr_f=0")),
        ("cyclegan", (*without("adversarial"), "optim.lr_d=0")),
        ("pix2pix", ("loss.feature_matching=1",)),
        ("cyclegan", ("loss.feature_matching=1", "run.batch=2")),
        ("cyclegan", ("run.batch=200",)),
    ],
)
def test_ablations_and_what_is_wanted_so_are_not(kind: str, settings: tuple[str, ...]) -> None:
    check_beginning(preset(kind, *settings))


def test_an_epoch_has_as_many_images_as_the_larger_domain(tmp_path: Path) -> None:
    for name in ("trainA/1", "trainA/2", "trainB/1", "trainB/2", "trainB/3"):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    tree: Tree = {"data": {"kind": "unpaired", "root": str(tmp_path)}}
    check_beginning(resolve(with_settings(tree, ["run.batch=3"]), "x"))
    with pytest.raises(RequestError, match="more than the 3 training images of an epoch"):
        check_beginning(resolve(with_settings(tree, ["run.batch=4"]), "x"))


def test_digits_left_out_do_not_count(tmp_path: Path) -> None:
    for name in ("a/train/0/1", "a/train/3/1", "a/train/3/2", "b/train/0/1"):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
    data = {"kind": "digits", "root": str(tmp_path), "A": "a", "B": "b", "without_A": [0]}
    tree: Tree = {"method": {"kind": "dtn"}, "data": data}
    check_beginning(resolve(with_settings(tree, ["run.batch=2"]), "x"))
    with pytest.raises(RequestError, match="more than the 2 training images"):
        check_beginning(resolve(with_settings(tree, ["run.batch=3"]), "x"))


def test_ablations_that_presets_name_begin() -> None:
    """Those in the comments of DTN's presets, on drawn digits."""
    for name, path in shipped_presets().items():
        if name.startswith("dtn-"):
            comments = "".join(line for line in path.read_text().splitlines(keepends=True) if line.startswith("#"))
            settings = [word for word in comments.split() if word.startswith("loss.")]
            assert settings, name
            for setting in settings:
                check_beginning(preset("dtn", setting))
