"""The losses, against their definitions."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.config.losses import GanKind
from engine.losses import (
    adversarial_loss,
    feature_matching,
    gradient_penalty,
    l1,
    l2,
    total_variation,
    unit_normal_kl,
)

VALUES = (-2.0, 0.5, 1.0, 3.0)
LOGITS = torch.tensor(VALUES, dtype=torch.float64).reshape(1, 1, 2, 2)
KINDS: tuple[GanKind, ...] = ("lsgan", "vanilla", "wgan-gp", "hinge")


# ------------------------------------------------------------------------------------------------- adversarial


def test_least_squares() -> None:
    loss = adversarial_loss("lsgan")
    assert loss.of_real(LOGITS, 1.0).item() == pytest.approx((9 + 0.25 + 0 + 4) / 4)
    assert loss.of_fake(LOGITS).item() == pytest.approx((4 + 0.25 + 1 + 9) / 4)
    assert loss.of_generated(LOGITS).item() == pytest.approx((9 + 0.25 + 0 + 4) / 4)


def test_cross_entropy() -> None:
    loss = adversarial_loss("vanilla")
    of_ones = sum(math.log1p(math.exp(-x)) for x in VALUES) / 4
    of_zeros = sum(math.log1p(math.exp(x)) for x in VALUES) / 4
    assert loss.of_real(LOGITS, 1.0).item() == pytest.approx(of_ones)
    assert loss.of_fake(LOGITS).item() == pytest.approx(of_zeros)
    assert loss.of_generated(LOGITS).item() == pytest.approx(of_ones)


def test_wasserstein() -> None:
    loss = adversarial_loss("wgan-gp")
    assert loss.of_real(LOGITS, 1.0).item() == pytest.approx(-2.5 / 4)
    assert loss.of_fake(LOGITS).item() == pytest.approx(2.5 / 4)
    assert loss.of_generated(LOGITS).item() == pytest.approx(-2.5 / 4)


def test_hinge() -> None:
    loss = adversarial_loss("hinge")
    assert loss.of_real(LOGITS, 1.0).item() == pytest.approx((3 + 0.5 + 0 + 0) / 4)
    assert loss.of_fake(LOGITS).item() == pytest.approx((0 + 1.5 + 2 + 4) / 4)
    assert loss.of_generated(LOGITS).item() == pytest.approx(-2.5 / 4)


@pytest.mark.parametrize("smoothing", [0.25, torch.tensor(0.25, dtype=torch.float64)])
def test_a_lower_target_is_what_real_images_should_be_judged_as(smoothing: float | Tensor) -> None:
    target = 1 - smoothing
    squares = adversarial_loss("lsgan").of_real(LOGITS, target)
    assert squares.item() == pytest.approx(sum((x - 0.75) ** 2 for x in VALUES) / 4)
    entropy = adversarial_loss("vanilla").of_real(LOGITS, target)
    by_hand = sum(0.75 * math.log1p(math.exp(-x)) + 0.25 * math.log1p(math.exp(x)) for x in VALUES) / 4
    assert entropy.item() == pytest.approx(by_hand)


def test_cross_entropy_is_least_where_the_judgement_is_the_target() -> None:
    logits = torch.tensor([math.log(0.9 / 0.1)], dtype=torch.float64, requires_grad=True)
    torch.autograd.backward(adversarial_loss("vanilla").of_real(logits, 0.9))
    assert logits.grad is not None
    assert logits.grad.item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_every_loss_pulls_its_player_the_right_way(kind: GanKind) -> None:
    """Lower is: for the discriminator, to judge real images higher and generated ones lower; for the other, higher."""
    loss = adversarial_loss(kind)
    for value, sign in (
        (lambda x: loss.of_real(x, 1.0), -1),
        (loss.of_fake, 1),
        (loss.of_generated, -1),
    ):
        undecided = torch.full((2, 1, 3, 3), 0.5, dtype=torch.float64, requires_grad=True)
        [slope] = torch.autograd.grad(value(undecided), undecided)
        assert (slope.sign() == sign).all()


def test_cross_entropy_of_a_sure_discriminator_is_finite_and_has_a_gradient() -> None:
    logits = torch.tensor([-200.0], requires_grad=True)
    loss = adversarial_loss("vanilla").of_real(logits, 1.0)
    torch.autograd.backward(loss)
    assert loss.item() == pytest.approx(200)
    assert logits.grad is not None and logits.grad.item() == pytest.approx(-1)


# -------------------------------------------------------------------------------------------- gradient penalty


def images(seed: int, size: int = 3) -> Tensor:
    return torch.rand(size, 3, 4, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_penalty_of_a_linear_critic_is_of_its_slope() -> None:
    """D(x) = w.x has the gradient w everywhere."""
    w = torch.zeros(3, 4, 4, dtype=torch.float64)
    w[0, 0, 0], w[2, 1, 3] = 3.0, 4.0
    alpha = torch.rand(3, 1, 1, 1, dtype=torch.float64)
    penalty = gradient_penalty(lambda x: [(x * w).sum((1, 2, 3))], images(1), images(2), alpha)
    assert penalty.item() == pytest.approx((5 - 1) ** 2)


def test_the_penalty_is_of_each_image_by_itself_at_its_own_point() -> None:
    """D(x) = |x|^2 / 2 has the gradient x."""
    real, fake = images(1), images(2)
    alpha = torch.tensor([0.0, 0.25, 1.0], dtype=torch.float64)
    points = [fake[0], 0.25 * real[1] + 0.75 * fake[1], real[2]]
    by_hand = sum((point.norm().item() - 1) ** 2 for point in points) / 3
    penalty = gradient_penalty(lambda x: [x.square().sum((1, 2, 3)) / 2], real, fake, alpha.view(3, 1, 1, 1))
    assert penalty.item() == pytest.approx(by_hand)


def test_the_penalties_of_several_critics_are_averaged_and_teach_them() -> None:
    """Each critic is s * (sum of x), of slope s * sqrt(48): a critic that is too steep is to be flatter."""
    steep = torch.tensor([1.0, 0.01], dtype=torch.float64, requires_grad=True)
    alpha = torch.full((3, 1, 1, 1), 0.5, dtype=torch.float64)
    penalty = gradient_penalty(lambda x: [s * x.sum((1, 2, 3)) for s in steep], images(1), images(2), alpha)
    norm = math.sqrt(3 * 4 * 4)
    assert penalty.item() == pytest.approx(((norm - 1) ** 2 + (0.01 * norm - 1) ** 2) / 2)
    [slope] = torch.autograd.grad(penalty, steep)
    assert slope[0] > 0 > slope[1]


def test_the_penalty_of_a_flat_critic_has_a_finite_gradient() -> None:
    scale = torch.zeros((), dtype=torch.float64, requires_grad=True)
    alpha = torch.full((3, 1, 1, 1), 0.5, dtype=torch.float64)
    penalty = gradient_penalty(lambda x: [scale * x.sum((1, 2, 3))], images(1), images(2), alpha)
    [slope] = torch.autograd.grad(penalty, scale)
    assert penalty.item() == pytest.approx(1)
    assert slope.isfinite()


# ------------------------------------------------------------------------------------------ of images and features


def test_l1_is_the_mean_over_every_value() -> None:
    assert l1(torch.tensor([[1.0, -1.0]]), torch.tensor([[0.0, 2.0]])).item() == 2


def test_l2_is_the_mean_of_squares_over_every_value() -> None:
    assert l2(torch.tensor([[1.0, -1.0]]), torch.tensor([[0.0, 2.0]])).item() == 5


def test_feature_matching_is_of_batch_means_and_summed_over_layers() -> None:
    """First layer: means (2, 3) and (1, 1); second: 4 and 1."""
    of_fake = [torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[4.0], [4.0]])]
    of_real = [torch.tensor([[0.0, 0.0], [2.0, 2.0]]), torch.tensor([[2.0], [0.0]])]
    assert feature_matching(of_fake, of_real).item() == pytest.approx((1 + 4) / 2 + 9)


def test_features_whose_means_agree_match_whatever_the_images() -> None:
    features = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert feature_matching([features], [features.flip(0)]).item() == 0


def test_total_variation_of_a_small_image() -> None:
    """Lengths of the gradient at the four pixels that have a right and a lower neighbour: 5, 0, 1 and 3."""
    image = torch.tensor([[0.0, 3.0, 3.0], [4.0, 3.0, 0.0], [4.0, 3.0, 9.0]], dtype=torch.float64)
    lengths = [math.hypot(3, 4), 0.0, 1.0, 3.0]
    assert total_variation(image[None, None]).item() == pytest.approx(sum(lengths), abs=1e-5)


def test_total_variation_is_summed_over_channels_and_averaged_over_images() -> None:
    pictures = images(3, size=2)
    each = [
        total_variation(pictures[image : image + 1, channel : channel + 1]) for image in (0, 1) for channel in range(3)
    ]
    torch.testing.assert_close(total_variation(pictures), torch.stack(each).sum() / 2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_flat_image_has_no_variation_and_a_finite_gradient(dtype: torch.dtype) -> None:
    flat = torch.full((1, 3, 8, 8), 0.3, dtype=dtype, requires_grad=True)
    variation = total_variation(flat)
    [slope] = torch.autograd.grad(variation, flat)
    assert variation.item() == pytest.approx(0, abs=1e-3)
    assert slope.isfinite().all()


def test_total_variation_falls_with_its_gradient() -> None:
    picture = images(4).requires_grad_()
    before = total_variation(picture)
    [slope] = torch.autograd.grad(before, picture)
    assert total_variation(picture - 1e-3 * slope) < before


def test_the_divergence_from_a_unit_normal_is_the_mean_square_of_the_means() -> None:
    assert unit_normal_kl(torch.tensor([[1.0, -2.0], [0.0, 3.0]])).item() == pytest.approx(14 / 4)
