"""A setting that chooses another kind leaves no key behind that nobody set; what the user set stays, and is refused."""

from __future__ import annotations

from typing import Any

import pytest

from engine.config.load import Tree, read_toml, resolve, with_settings
from engine.config.presets import shipped_presets
from engine.config.techniques import check_techniques
from engine.errors import RequestError

DIGITS: Tree = {
    "method": {"kind": "dtn", "f_steps": 5},
    "data": {"kind": "digits", "root": "datasets", "A": "usps", "B": "mnist", "size": 32},
}


def configured(tree: Tree, *settings: str) -> Any:
    config = resolve(with_settings(tree, settings), "x")
    check_techniques(config)
    return config


def refused(tree: Tree, *settings: str) -> str:
    with pytest.raises(RequestError) as caught:
        configured(tree, *settings)
    return caught.value.one_line()


def test_keys_of_the_former_kind_of_data_fall_away() -> None:
    data = configured(DIGITS, "data.kind=synthetic-digits").data
    assert type(data).__name__ == "SyntheticDigits"
    assert data.size == 32, "what both kinds know is the preset's still"
    assert not hasattr(data, "root")


def test_what_the_user_set_is_refused_where_it_does_not_fit() -> None:
    said = refused(DIGITS, "data.kind=synthetic-digits", "data.A=svhn")
    assert said.startswith("x: data.A: is of kind = digits, and data.kind is synthetic-digits. Leave it out, or set")


def test_a_misspelt_key_of_the_preset_does_not_fall_away_with_the_others() -> None:
    tree = {"data": {"kind": "synthetic", "images": 5, "resiez": 72}}
    assert "data.resiez: is not a preset key. Did you mean data.resize?" in refused(tree, "data.kind=unpaired")


@pytest.mark.parametrize(
    ("tree", "setting"),
    [
        ({"generator": {"blocks": 3, "width": 8}}, "generator.arch=unet"),
        ({"generator": {"arch": "unet", "downs": 6, "width": 8}}, "generator.arch=resnet"),
        ({"discriminator": {"layers": 2, "scales": 2}}, "discriminator.arch=image"),
        ({"optim": {"schedule": "step", "decay_every": 9}}, "optim.schedule=linear"),
        ({"optim": {"schedule": "plateau", "patience": 9}}, "optim.schedule=constant"),
        ({"optim": {"decay_epochs": 9}}, "optim.schedule=cosine"),
        ({"loss": {"gan": "wgan-gp", "gradient_penalty": 5.0}}, "loss.gan=hinge"),
        ({"loss": {"label_smoothing": 0.1}}, "loss.gan=wgan-gp"),
    ],
)
def test_no_preset_key_is_blamed_for_another_choice(tree: Tree, setting: str) -> None:
    configured(tree, setting)


def test_keys_fall_away_only_where_the_choice_is_another() -> None:
    tree = {"optim": {"schedule": "step", "decay_every": 9}, "generator": {"arch": "resnet", "blocks": 3}}
    config = configured(tree, "optim.schedule=step", "generator.arch=resnet")
    assert (config.optim.decay_every, config.generator.blocks) == (9, 3)
    assert "optim.patience = 9: is of plateau alone" in refused(tree, "optim.schedule=linear", "optim.patience=9")


@pytest.mark.parametrize("kind", ["cyclegan", "pix2pix", "discogan", "dtn", "aegan"])
@pytest.mark.parametrize("name", sorted(shipped_presets()))
def test_no_preset_key_is_blamed_for_another_method(name: str, kind: str) -> None:
    tree = read_toml(shipped_presets()[name])
    config = resolve(with_settings(tree, [f"method.kind={kind}"]), name)
    assert config.method.__struct_config__.tag == kind
    assert config.optim.epochs == tree.get("optim", {}).get("epochs", 100), "what both know stays"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("method.kind=stylegan",), "method.kind: 'stylegan' is not a method"),
        (("data.kind=[1]",), "data.kind: [1] is not known here"),
        (("data.kind=zip",), "data.kind: 'zip' is not known here"),
        (("optim.schedule=[1]",), "optim.schedule = [1]: is not a choice"),
    ],
)
def test_a_choice_that_is_none_is_refused_as_ever(settings: tuple[str, ...], said: str) -> None:
    assert said in refused(DIGITS, *settings)
