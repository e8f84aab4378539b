"""What weights have to share with a configuration."""

from __future__ import annotations

import msgspec
import pytest

from engine.config.methods import CONFIGS
from engine.config.trained_networks import Misfit, misfits, network_settings
from tests.runs import tiny_config


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_configuration_fits_itself_whatever_does_not_concern_networks(kind: str) -> None:
    trained = network_settings(tiny_config(kind=kind))
    assert trained["method"]["kind"] == kind
    assert {"generator", "discriminator"} <= trained.keys()
    other = tiny_config("optim.lr_g=0.1", "generator.init=orthogonal", "generator.init_gain=0.5", kind=kind)
    assert list(misfits(trained, network_settings(other))) == []


def test_each_setting_that_differs_is_named() -> None:
    now = network_settings(tiny_config("generator.blocks=2", "discriminator.norm=batch"))
    assert list(misfits(network_settings(tiny_config()), now)) == [
        Misfit(key="generator.blocks", trained=1, configured=2),
        Misfit(key="discriminator.norm", trained="instance", configured="batch"),
    ]


def test_another_kind_of_network_is_named_before_its_settings() -> None:
    trained = network_settings(tiny_config())
    unet = {**trained, "generator": {"arch": "unet", "width": 8, "downs": 5}}
    assert [misfit.key for misfit in misfits(trained, unet)] == ["generator.arch", "generator.width"]


def test_a_setting_that_one_of_them_does_not_know_yet_is_passed_over() -> None:
    trained = network_settings(tiny_config())
    newer = {**trained, "generator": {**trained["generator"], "attention": True}, "encoder": {"width": 4}}
    assert list(misfits(trained, newer)) == []
    assert list(misfits(newer, trained)) == []


def test_what_a_method_trains_first_binds_once_that_is_done() -> None:
    config = tiny_config(kind="dtn")
    longer = network_settings(tiny_config("method.f_steps=9", 'method.f_from="/runs/f"', kind="dtn"))
    assert list(misfits(network_settings(config, stage_done=False), longer)) == []
    assert list(misfits(network_settings(config), longer)) == [
        Misfit(key="method.f_steps", trained=4, configured=9),
        Misfit(key="method.f_from", trained="none", configured="/runs/f"),
    ]


def test_they_survive_being_written_down() -> None:
    settings = network_settings(tiny_config())
    assert msgspec.json.decode(msgspec.json.encode(settings)) == settings
