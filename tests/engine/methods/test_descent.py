"""A step down the losses of a batch, in one part or several."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from engine.methods.descent import Losses, descend

RATE = 0.1
VALUES = torch.tensor([1.0, 2.0, 6.0], dtype=torch.float64)


def weight(start: float = 1.0) -> tuple[nn.Parameter, SGD]:
    parameter = nn.Parameter(torch.tensor(start, dtype=torch.float64))
    return parameter, SGD([parameter], lr=RATE)


def test_it_goes_down_the_sum_of_the_losses() -> None:
    """Of w * mean + w^2, at w = 1: the slope is 3 + 2."""
    w, optimizer = weight()
    losses = descend(optimizer, [VALUES], lambda part: {"linear": w * part.mean(), "square": w**2})
    assert {name: loss.item() for name, loss in losses.items()} == {"linear": 3.0, "square": 1.0}
    assert not any(loss.requires_grad for loss in losses.values())
    assert w.item() == pytest.approx(1 - RATE * 5)


@pytest.mark.parametrize("sizes", [[3], [1, 2], [2, 1], [1, 1, 1]])
def test_a_part_counts_by_its_share_of_the_images(sizes: list[int]) -> None:
    w, optimizer = weight()
    losses = descend(optimizer, torch.split(VALUES, sizes), lambda part: {"linear": w * part.mean()})
    assert losses["linear"].item() == pytest.approx(3)
    assert w.item() == pytest.approx(1 - RATE * 3)


@pytest.mark.parametrize("parts", [1, 3])
def test_losses_of_the_weights_themselves_count_once(parts: int) -> None:
    w, optimizer = weight()
    losses = descend(optimizer, VALUES.chunk(parts), lambda part: {"linear": w * part.mean()}, {"square": w**2})
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx({"linear": 3, "square": 1})
    assert not losses["square"].requires_grad
    assert w.item() == pytest.approx(1 - RATE * 5)


def test_losses_without_a_gradient_are_only_summed_up() -> None:
    w, optimizer = weight()

    def losses_of(part: Tensor) -> Losses:
        return {"linear": w * part.mean(), "seen": part.mean()}

    losses = descend(optimizer, torch.split(VALUES, [1, 2]), losses_of)
    assert losses["seen"].item() == pytest.approx(3)
    assert w.item() == pytest.approx(1 - RATE * 3)


def test_gradients_of_an_earlier_step_are_forgotten() -> None:
    w, optimizer = weight()
    for _ in range(2):
        descend(optimizer, [VALUES], lambda part: {"linear": w * part.mean()})
    assert w.item() == pytest.approx(1 - 2 * RATE * 3)


def test_parts_go_through_one_after_another() -> None:
    """The gradient of a part is there before the next part is looked at, so no two graphs are held at once."""
    w, optimizer = weight()
    gradients: list[float | None] = []

    def losses_of(part: Tensor) -> Losses:
        gradients.append(None if w.grad is None else w.grad.item())
        return {"linear": w * part.mean()}

    descend(optimizer, VALUES.chunk(3), losses_of)
    assert gradients == [None, pytest.approx(1 / 3), pytest.approx(1)]
