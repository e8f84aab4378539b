"""The losses, against their definitions."""

from __future__ import annotations

import math

import pytest
import torch

from engine.losses import adversarial_loss, l1

LOGITS = torch.tensor([[[[-2.0, 0.5], [1.0, 3.0]]]], dtype=torch.float64)


def test_least_squares() -> None:
    loss = adversarial_loss("lsgan")
    assert loss(LOGITS, real=True).item() == pytest.approx((9 + 0.25 + 0 + 4) / 4)
    assert loss(LOGITS, real=False).item() == pytest.approx((4 + 0.25 + 1 + 9) / 4)


def test_cross_entropy() -> None:
    loss = adversarial_loss("vanilla")
    values = LOGITS.flatten().tolist()
    assert loss(LOGITS, real=True).item() == pytest.approx(sum(math.log1p(math.exp(-x)) for x in values) / 4)
    assert loss(LOGITS, real=False).item() == pytest.approx(sum(math.log1p(math.exp(x)) for x in values) / 4)


def test_cross_entropy_of_a_sure_discriminator_is_finite_and_has_a_gradient() -> None:
    logits = torch.tensor([-200.0], requires_grad=True)
    loss = adversarial_loss("vanilla")(logits, real=True)
    torch.autograd.backward(loss)
    assert loss.item() == pytest.approx(200)
    assert logits.grad is not None and logits.grad.item() == pytest.approx(-1)


def test_l1_is_the_mean_over_every_value() -> None:
    assert l1(torch.tensor([[1.0, -1.0]]), torch.tensor([[0.0, 2.0]])).item() == 2
