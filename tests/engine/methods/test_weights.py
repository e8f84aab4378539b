"""Loss weights: which there are, and how they are set while a run trains."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from engine.config.losses import CycleGanLoss
from engine.config.methods import CycleGanConfig
from engine.errors import RequestError
from engine.methods.weights import LossWeights


def of(**loss: Any) -> LossWeights:
    return LossWeights(CycleGanConfig(loss=CycleGanLoss(**loss)), torch.device("cpu"), torch.float64)


def test_there_is_one_for_each_term_of_the_run() -> None:
    weights = of(tv=0.5, cycle_a=3.0)
    assert weights.values == {
        "adversarial": 1.0,
        "tv": 0.5,
        "cycle_a": 3.0,
        "cycle_b": 10.0,
        "identity": 0.5,
    }
    for name, value in weights.values.items():
        assert name in weights
        assert weights[name].shape == ()
        assert weights[name].dtype is torch.float64
        assert weights[name] == value
    assert "historical" not in weights


def test_a_penalty_is_of_its_loss_alone() -> None:
    assert "gradient_penalty" in of(gan="wgan-gp")
    assert "label_smoothing" not in of(gan="wgan-gp")
    assert "gradient_penalty" not in of(gan="vanilla")


def test_setting_one_fills_the_tensor_that_there_is() -> None:
    """What was compiled with the tensor, or captured in a graph of the device, sees the new value."""
    weights = of()
    kept, other = weights["cycle_a"], weights["cycle_b"].clone()
    weights.set("loss.cycle_a", 2.5)
    assert weights["cycle_a"] is kept
    assert kept == 2.5
    assert weights.values["cycle_a"] == 2.5
    assert weights["cycle_b"] == other


def test_a_term_is_wanted_while_its_weight_is_above_0() -> None:
    weights = of(identity=0.0)
    assert "identity" in weights
    assert not weights.wanted("identity")
    weights.set("loss.identity", 0.1)
    assert weights.wanted("identity")
    assert not weights.wanted("tv")


@pytest.mark.parametrize("control", ["loss.tv", "loss.nothing", "cycle_a", "optim.cycle_a"])
def test_what_is_no_loss_weight_of_the_run_is_refused(control: str) -> None:
    weights = of()
    with pytest.raises(
        RequestError, match=r"is not a loss weight of this cyclegan run\. There are loss\.adversarial, "
    ):
        weights.set(control, 1.0)
    assert weights.values == of().values


def test_terms_are_those_of_the_techniques_in_the_run() -> None:
    techniques = {"feature_matching": ("fm_A", "fm_B"), "tv": ("tv_A", "tv_B"), "historical": ("hist_G",)}
    assert of(historical=1.0, feature_matching=1.0).terms(techniques) == ("fm_A", "fm_B", "hist_G")
    assert of().terms(techniques) == ()
