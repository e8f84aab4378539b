"""What the shipped presets say, against their papers: written here a second time, by hand, and not read from anywhere.

Only what a preset's citation stands for: networks, objective, optimisation, batch, size and direction of the images.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from engine.config.load import read_toml, resolve
from engine.config.methods import DtnConfig, TrainConfig
from engine.config.presets import preset_card, shipped_presets
from engine.config.techniques import OPTIONAL_WEIGHTS, needs_whole_batches

Keys = dict[str, Any]

ADAM = {"optim.beta1": 0.5, "optim.beta2": 0.999, "optim.ema": 0.0, "run.precision": "fp32", "run.accumulate": 1}
AT_2E_4 = ADAM | {"optim.lr_g": 2e-4, "optim.lr_d": 2e-4}
GAUSSIAN = {
    "generator.init": "normal",
    "generator.init_gain": 0.02,
    "discriminator.init": "normal",
    "discriminator.init_gain": 0.02,
}
PATCHGAN_70 = {
    "discriminator.arch": "patch",
    "discriminator.width": 64,
    "discriminator.layers": 3,
    "discriminator.scales": 1,
    "discriminator.count": 1,
    "discriminator.spectral": False,
}
JITTERED_256 = {"data.resize": 286, "data.crop": 256, "data.flip": True}

CYCLEGAN: Keys = {
    **AT_2E_4,
    **GAUSSIAN,
    **PATCHGAN_70,
    **JITTERED_256,
    "method.kind": "cyclegan",
    "generator.arch": "resnet",
    "generator.width": 64,
    "generator.blocks": 9,
    "generator.norm": "instance",
    "generator.dropout": False,
    "generator.upsample": "transposed",
    "discriminator.norm": "instance",
    "loss.gan": "lsgan",
    "loss.adversarial": 1.0,
    "loss.cycle_a": 10.0,
    "loss.cycle_b": 10.0,
    "loss.identity": 0.5,
    "optim.schedule": "linear",
    "optim.epochs": 100,
    "optim.decay_epochs": 100,
    "optim.weight_decay": 0.0,
    "optim.pool": 50,
    "run.batch": 1,
}
PIX2PIX: Keys = {
    **AT_2E_4,
    **GAUSSIAN,
    **PATCHGAN_70,
    **JITTERED_256,
    "method.kind": "pix2pix",
    "method.test_time_noise": True,
    "data.kind": "paired",
    "generator.arch": "unet",
    "generator.width": 64,
    "generator.downs": 8,
    "generator.norm": "batch",
    "generator.dropout": True,
    "discriminator.norm": "batch",
    "loss.gan": "vanilla",
    "loss.adversarial": 1.0,
    "loss.l1": 100.0,
    "loss.l2": 0.0,
    "optim.schedule": "constant",
    "optim.weight_decay": 0.0,
    "optim.pool": 0,
    "run.batch": 1,
}
DISCOGAN: Keys = {
    **AT_2E_4,
    "method.kind": "discogan",
    "method.d_every": 3,
    "data.resize": 64,
    "data.crop": 64,
    "data.flip": False,
    "generator.arch": "encoder-decoder",
    "generator.width": 64,
    "generator.downs": 4,
    "generator.bottleneck": 0,
    "generator.norm": "batch",
    "generator.init": "pytorch",
    "discriminator.arch": "image",
    "discriminator.width": 64,
    "discriminator.downs": 4,
    "discriminator.norm": "batch",
    "discriminator.minibatch": 0,
    "discriminator.init": "pytorch",
    "loss.gan": "vanilla",
    "loss.adversarial": 0.1,
    "loss.feature_matching": 0.9,
    "loss.rate": 0.01,
    "loss.rate_after": 0.5,
    "loss.switch": 10_000,
    "optim.schedule": "constant",
    "optim.weight_decay": 1e-5,
    "run.batch": 64,
}
DTN: Keys = {
    **AT_2E_4,
    "method.kind": "dtn",
    "method.f_width": 64,
    "method.f_from": "",
    "data.kind": "digits",
    "data.size": 32,
    "data.B": "mnist",
    "data.direction": "AtoB",
    "data.without_A": (),
    "data.without_B": (),
    "generator.arch": "decoder",
    "generator.width": 64,
    "generator.norm": "batch",
    "discriminator.arch": "image",
    "discriminator.width": 64,
    "discriminator.downs": 3,
    "discriminator.norm": "batch",
    "loss.adversarial": 1.0,
    "loss.const": 15.0,
    "loss.tid": 15.0,
    "loss.tv": 0.0,
    "optim.schedule": "constant",
    "optim.weight_decay": 0.0,
}
UNIT: Keys = {
    **ADAM,
    **GAUSSIAN,
    "method.kind": "aegan",
    "optim.lr_g": 1e-4,
    "optim.lr_d": 1e-4,
    "optim.weight_decay": 1e-4,
    "optim.schedule": "constant",
    "optim.pool": 0,
    "generator.arch": "autoencoder",
    "generator.norm": "instance",
    "generator.shared": 1,
    "discriminator.arch": "patch",
    "loss.gan": "lsgan",
    "loss.adversarial": 10.0,
    "loss.recon_a": 100.0,
    "loss.recon_b": 100.0,
    "loss.cycle_a": 100.0,
    "loss.cycle_b": 100.0,
    "loss.kl": 0.1,
    "loss.kl_cycle": 0.1,
}
FOR_200_EPOCHS = {"whole.epochs": 200}
FOR_15_EPOCHS_BY_4: Keys = {"whole.epochs": 15, "run.batch": 4, "data.resize": 256, "data.flip": False}
A_WRITE_UPS: Keys = {
    "loss.gan": "lsgan",
    "loss.l1": 10.0,
    "method.test_time_noise": False,
    "data.direction": "BtoA",
    "data.resize": 256,
    "data.flip": False,
    "whole.epochs": 99,
}

PRESETS: dict[str, Keys] = {
    "horse2zebra": CYCLEGAN,
    "apple2orange": CYCLEGAN,
    "summer2winter": CYCLEGAN,
    "monet2photo": CYCLEGAN,
    "maps-cyclegan": CYCLEGAN | {"loss.identity": 0.0},
    "facades": PIX2PIX | FOR_200_EPOCHS | {"data.direction": "BtoA"},
    "facades-photo2labels": PIX2PIX | FOR_200_EPOCHS | {"data.direction": "AtoB"},
    "maps-aerial2map": PIX2PIX | FOR_200_EPOCHS | {"data.direction": "AtoB"},
    "maps-map2aerial": PIX2PIX | FOR_200_EPOCHS | {"data.direction": "BtoA"},
    "edges2shoes": PIX2PIX | FOR_15_EPOCHS_BY_4 | {"data.direction": "AtoB"},
    "edges2handbags": PIX2PIX | FOR_15_EPOCHS_BY_4 | {"data.direction": "AtoB"},
    "facades-lsgan": PIX2PIX | A_WRITE_UPS,
    "discogan-edges2shoes": DISCOGAN | {"data.kind": "paired"},
    "discogan-handbags2shoes": DISCOGAN | {"data.kind": "unpaired", "loss.rate": 0.5},
    "dtn-mnistm2mnist": DTN | {"data.A": "mnist_m"},
    "dtn-usps2mnist": DTN | {"data.A": "usps"},
    "dtn-svhn2mnist": DTN | {"data.A": "svhn"},
    "aegan-mnistm2mnist": UNIT
    | {"data.A": "mnist_m", "data.B": "mnist", "data.size": 32, "loss.class_a": 1.0, "loss.class_b": 1.0}
    | {"generator.variational": False},
}
"""All but quickstart, which is nobody's paper's."""
BY_NAME = pytest.mark.parametrize("name", PRESETS)


def shipped(name: str) -> TrainConfig:
    return resolve(read_toml(shipped_presets()[name]), name)


def keys_of(config: TrainConfig) -> Keys:
    """Every value by section and key, and how many epochs a whole run has."""
    sections = msgspec.to_builtins(config)
    flat = {f"{section}.{key}": value for section, table in sections.items() for key, value in table.items()}
    return flat | {"whole.epochs": config.optim.total_epochs}


@BY_NAME
def test_a_preset_has_its_papers_settings(name: str) -> None:
    found = keys_of(shipped(name))
    assert {key: found[key] for key in PRESETS[name]} == PRESETS[name]


@BY_NAME
def test_a_preset_has_no_technique_of_another_paper(name: str) -> None:
    """What its table does not name, of the terms that a run can be without."""
    loss = shipped(name).loss
    techniques = {f"loss.{key}" for kind, keys in OPTIONAL_WEIGHTS.items() if isinstance(loss, kind) for key in keys}
    found = keys_of(shipped(name))
    assert {key: found[key] for key in techniques - PRESETS[name].keys() if found[key] != 0} == {}


def test_every_shipped_preset_but_quickstart_is_a_papers() -> None:
    assert {*PRESETS, "quickstart"} == set(shipped_presets())


# ---------------------------------------------------------------------------------------------------------- costs

TRAINING_IMAGES: dict[str, tuple[int, ...]] = {
    "horse2zebra": (1067, 1334),
    "apple2orange": (995, 1019),
    "summer2winter": (1231, 962),
    "monet2photo": (1072, 6287),
    "maps": (1096,),
    "facades": (400,),
    "edges2shoes": (49_825,),
    "edges2handbags": (138_567,),
    "handbags2shoes": (138_567, 49_825),
    "mnistm2mnist": (60_000, 60_000),
    "usps2mnist": (7_291, 60_000),
    "svhn2mnist": (73_257, 60_000),
    "quickstart": (200, 200),
}
"""Of each domain, or pairs, as the data sets are published."""


def images_of(name: str) -> tuple[int, ...]:
    [known] = [images for data, images in TRAINING_IMAGES.items() if data in name.split("-")]
    return known


def numbers_in(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", text)]


@pytest.mark.parametrize("name", shipped_presets())
def test_the_cost_that_a_preset_states_is_that_of_its_settings(name: str) -> None:
    """Epochs, steps in each, batch, training images, and steps of DTN's f, each where the line names it."""
    config, cost = shipped(name), preset_card(shipped_presets()[name]).cost
    stated = re.match(r"(\d+) epochs of ([\d,]+) steps", cost)
    assert stated, cost
    items, batch = max(images_of(name)), config.run.batch
    steps = items // batch if needs_whole_batches(config) else -(-items // batch)
    assert numbers_in(stated[0]) == [config.optim.total_epochs, steps]
    if by := re.search(r"steps of (\d+) images", cost):
        assert int(by[1]) == batch
    if trained_on := re.search(r"\(([\d,]+(?: and [\d,]+)?) training (?:images|pairs)", cost):
        assert set(numbers_in(trained_on[1])) <= set(images_of(name))
        assert items in numbers_in(trained_on[1])
    if isinstance(config, DtnConfig):
        assert f"the first {config.method.f_steps:,} of them for f" in cost
