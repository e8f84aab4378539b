"""A domain's discriminator: the adversarial terms, and the techniques that change them."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import SGD

from engine.config.losses import CycleGanLoss, GanKind
from engine.config.methods import CycleGanConfig
from engine.config.networks import DiscriminatorConfig, ImageDiscriminator, PatchDiscriminator, PixelDiscriminator
from engine.losses import feature_matching
from engine.methods.adversary import Adversary
from engine.methods.descent import Losses, descend
from engine.methods.weights import LossWeights
from engine.networks.discriminators import Ensemble, Verdict, build_discriminator
from engine.networks.patch_discriminators import MultiScale

KINDS: tuple[GanKind, ...] = ("lsgan", "vanilla", "wgan-gp", "hinge")
SIDE = 32
PATCH = PatchDiscriminator(width=2, layers=2)
SEVERAL: list[DiscriminatorConfig] = [
    PATCH,
    PatchDiscriminator(width=2, layers=2, norm="group", count=2),
    PatchDiscriminator(width=2, layers=2, scales=2, spectral=True),
    PatchDiscriminator(width=2, layers=2, norm="batch"),
    PixelDiscriminator(width=2, norm="none", count=3),
    ImageDiscriminator(width=2, downs=3),
    ImageDiscriminator(width=2, downs=3, norm="none", minibatch=3),
]
COMPARING = [
    config
    for config in SEVERAL
    if config.norm == "batch" or (isinstance(config, ImageDiscriminator) and config.minibatch)
]
"""Those that judge the images of a batch together, which the configuration refuses beside wgan-gp's penalty."""


def made(config: DiscriminatorConfig = PATCH, **loss: Any) -> tuple[Adversary, LossWeights]:
    torch.manual_seed(0)
    network = build_discriminator(config, 3).double()
    preset = CycleGanConfig(discriminator=config, loss=CycleGanLoss(**loss))
    weights = LossWeights(preset, torch.device("cpu"), torch.float64)
    return Adversary(network, config, preset.loss, weights, torch.float64), weights


def images(seed: int, size: int = 3) -> Tensor:
    draws = torch.Generator().manual_seed(seed)
    return torch.rand(size, 3, SIDE, SIDE, generator=draws, dtype=torch.float64) * 2 - 1


REAL, FAKE = images(1), images(2) * 0.2 + 0.5


@torch.no_grad()
def verdict(network: nn.Module, shown: Tensor) -> Verdict:
    out: Verdict = network(shown)
    return out


def sure_of(network: nn.Module) -> float:
    """By how much more real images are judged to be real than generated ones."""
    real, fake = verdict(network, REAL), verdict(network, FAKE)
    return sum((r.mean() - f.mean()).item() for r, f in zip(real.logits, fake.logits, strict=True))


# --------------------------------------------------------------------------------------------------- both players


@pytest.mark.parametrize(
    ("kind", "config"),
    [(kind, config) for kind in KINDS for config in SEVERAL if kind != "wgan-gp" or config not in COMPARING],
)
def test_a_discriminator_that_lowers_its_loss_learns_which_images_are_real(
    kind: GanKind, config: DiscriminatorConfig
) -> None:
    adversary, _ = made(config, gan=kind, gradient_penalty=0.1)
    optimizer = torch.optim.Adam(adversary.network.parameters(), lr=5e-3)
    begun, losses = sure_of(adversary.network), []
    for _ in range(12):
        optimizer.zero_grad()
        judgement = adversary.tell_apart(REAL, FAKE)
        loss = judgement.real + judgement.fake
        torch.autograd.backward(loss if judgement.penalty is None else loss + judgement.penalty)
        optimizer.step()
        losses.append(loss.item())
    assert sure_of(adversary.network) > begun + 1e-3
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("kind", KINDS)
def test_images_that_lower_the_generators_loss_are_judged_to_be_more_real(kind: GanKind) -> None:
    adversary, _ = made(gan=kind)
    fake = FAKE.clone().requires_grad_()
    [slope] = torch.autograd.grad(adversary.deceive(fake, REAL).adversarial, fake)
    [before] = verdict(adversary.network, FAKE).logits
    [after] = verdict(adversary.network, FAKE - 10 * slope).logits
    assert after.mean() > before.mean()


@pytest.mark.parametrize("config", SEVERAL)
@pytest.mark.parametrize("fake_first", [False, True])
def test_images_that_share_a_pass_are_judged_as_by_themselves(config: DiscriminatorConfig, fake_first: bool) -> None:
    adversary, _ = made(config, gan="hinge")
    adversary.network.eval()  # spectral normalisation estimates anew at each pass in training
    judgement = adversary.tell_apart(REAL, FAKE, fake_first=fake_first)
    real, fake = verdict(adversary.network, REAL), verdict(adversary.network, FAKE)
    torch.testing.assert_close(judgement.real, torch.stack([F.relu(1 - x).mean() for x in real.logits]).mean())
    torch.testing.assert_close(judgement.fake, torch.stack([F.relu(1 + x).mean() for x in fake.logits]).mean())


@pytest.mark.parametrize(
    ("config", "passes"),
    [
        (PATCH, [6]),
        (PatchDiscriminator(width=2, layers=2, norm="batch"), [3, 3]),
        (ImageDiscriminator(width=2, downs=3, norm="none"), [6]),
        (ImageDiscriminator(width=2, downs=3, norm="none", minibatch=2), [3, 3]),
    ],
)
def test_kinds_of_image_share_a_pass_unless_images_are_compared(config: DiscriminatorConfig, passes: list[int]) -> None:
    adversary, _ = made(config)
    sizes: list[int] = []
    adversary.network.register_forward_hook(lambda _, args, __: sizes.append(len(args[0])))
    adversary.tell_apart(REAL, FAKE)
    assert sizes == passes


@pytest.mark.parametrize(("fake_first", "order"), [(False, [REAL, FAKE]), (True, [FAKE, REAL])])
def test_batch_normalisation_averages_its_statistics_in_the_order_that_is_asked_for(
    fake_first: bool, order: list[Tensor]
) -> None:
    config = PatchDiscriminator(width=2, layers=2, norm="batch")
    (adversary, _), (alone, _) = made(config), made(config)
    adversary.tell_apart(REAL, FAKE, fake_first=fake_first)
    for shown in order:
        verdict(alone.network, shown)
    for ours, wanted in zip(adversary.network.buffers(), alone.network.buffers(), strict=True):
        torch.testing.assert_close(ours, wanted)


def test_one_look_at_each_kind_gives_both_players_their_losses() -> None:
    adversary, _ = made(ImageDiscriminator(width=2, downs=3), feature_matching=2.0, gan="vanilla")
    fake = FAKE.clone().requires_grad_()
    deception, judgement = adversary.confront(REAL, fake)
    apart, cheat = adversary.tell_apart(REAL, FAKE), adversary.deceive(FAKE, REAL)
    torch.testing.assert_close([*judgement[:2]], [*apart[:2]])
    torch.testing.assert_close([*deception], [*cheat])
    [slope] = torch.autograd.grad(deception.adversarial, fake)
    assert slope.abs().max() > 0


def test_generated_images_are_told_apart_detached() -> None:
    adversary, _ = made(gan="wgan-gp")
    fake = FAKE.clone().requires_grad_()
    judgement = adversary.tell_apart(REAL, fake)
    assert judgement.penalty is not None
    torch.autograd.backward(judgement.real + judgement.fake + judgement.penalty)
    assert fake.grad is None


# -------------------------------------------------------------------------------------------------- label smoothing


@pytest.mark.parametrize("kind", ["lsgan", "vanilla"])
def test_labels_are_smoothed_for_real_images_of_the_discriminator_alone(kind: GanKind) -> None:
    (plain, _), (smooth, weights) = made(gan=kind), made(gan=kind, label_smoothing=0.1)
    [logits] = verdict(plain.network, REAL).logits
    wanted = {
        "lsgan": (logits - 0.9).square().mean(),
        "vanilla": F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, 0.9)),
    }
    ours, theirs = smooth.tell_apart(REAL, FAKE), plain.tell_apart(REAL, FAKE)
    torch.testing.assert_close(ours.real, wanted[kind])
    assert not torch.equal(ours.real, theirs.real)
    assert torch.equal(ours.fake, theirs.fake)
    assert torch.equal(smooth.deceive(FAKE, REAL).adversarial, plain.deceive(FAKE, REAL).adversarial)
    weights.set("loss.label_smoothing", 0.0)
    assert torch.equal(smooth.tell_apart(REAL, FAKE).real, theirs.real)


# ------------------------------------------------------------------------------------------------- feature matching


def test_features_are_matched_to_those_of_real_images_which_are_detached() -> None:
    adversary, weights = made(feature_matching=3.0)
    [of_fake], [of_real] = verdict(adversary.network, FAKE).features, verdict(adversary.network, REAL).features
    fake, real = FAKE.clone().requires_grad_(), REAL.clone().requires_grad_()
    matching = adversary.deceive(fake, real).feature_matching
    assert matching is not None
    torch.testing.assert_close(matching.detach(), 3 * feature_matching(of_fake, of_real))
    torch.autograd.backward(matching)
    assert real.grad is None
    assert fake.grad is not None
    nearer = adversary.deceive(FAKE - 0.1 * fake.grad / fake.grad.abs().max(), REAL).feature_matching
    assert nearer is not None
    assert nearer < matching
    weights.set("loss.feature_matching", 1.0)
    again = adversary.deceive(FAKE, REAL).feature_matching
    assert again is not None
    torch.testing.assert_close(again, matching / 3)


def test_feature_matching_of_several_discriminators_is_averaged() -> None:
    adversary, _ = made(PatchDiscriminator(width=2, layers=2, count=2), feature_matching=1.0)
    of_fake, of_real = verdict(adversary.network, FAKE).features, verdict(adversary.network, REAL).features
    each = [feature_matching(ours, theirs) for ours, theirs in zip(of_fake, of_real, strict=True)]
    assert len(each) == 2
    matching = adversary.deceive(FAKE, REAL).feature_matching
    assert matching is not None
    torch.testing.assert_close(matching, torch.stack(each).mean())


def test_techniques_that_are_no_part_of_a_run_are_not_computed() -> None:
    adversary, _ = made()
    sizes: list[int] = []
    adversary.network.register_forward_hook(lambda _, args, __: sizes.append(len(args[0])))
    assert adversary.deceive(FAKE, REAL).feature_matching is None
    assert adversary.tell_apart(REAL, FAKE).penalty is None
    assert sizes == [3, 6]


# ---------------------------------------------------------------------------------------------------------- wgan-gp


class LinearCritic(nn.Module):
    """w.x, whose gradient is w."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        weight = torch.zeros(3, SIDE, SIDE, dtype=torch.float64)
        weight[1, 2, 3] = slope
        self.weight = nn.Parameter(weight)

    def forward(self, shown: Tensor) -> Verdict:
        logits = (shown * self.weight).sum((1, 2, 3)).view(-1, 1, 1, 1)
        return Verdict((logits,), ((shown,),))


def test_the_penalty_is_weighted_and_pulls_a_critic_to_a_slope_of_one() -> None:
    preset = CycleGanConfig(loss=CycleGanLoss(gan="wgan-gp", gradient_penalty=10.0))
    weights = LossWeights(preset, torch.device("cpu"), torch.float64)
    for slope in (3.0, 0.25):
        critic = LinearCritic(slope)
        adversary = Adversary(critic, PATCH, preset.loss, weights, torch.float64)
        penalty = adversary.tell_apart(REAL, FAKE).penalty
        assert penalty is not None
        assert penalty.item() == pytest.approx(10 * (slope - 1) ** 2)
        optimizer = SGD(critic.parameters(), lr=0.01)
        torch.autograd.backward(penalty)
        optimizer.step()
        assert abs(critic.weight.norm().item() - 1) < abs(slope - 1)


def test_each_image_draws_the_point_it_is_looked_at_from_the_global_state() -> None:
    adversary, _ = made(gan="wgan-gp")
    points: list[Tensor] = []
    adversary.network.register_forward_hook(lambda _, args, __: points.append(args[0].detach()))
    torch.manual_seed(3)
    first = adversary.tell_apart(REAL, FAKE).penalty
    second = adversary.tell_apart(REAL, FAKE).penalty
    torch.manual_seed(3)
    alpha = torch.rand(3, 1, 1, 1, dtype=torch.float64)
    assert first is not None and second is not None
    assert not torch.equal(first, second)
    torch.testing.assert_close(points[1], alpha * REAL + (1 - alpha) * FAKE)


@pytest.mark.parametrize("config", [one for one in SEVERAL if one not in COMPARING and not one.spectral], ids=repr)
@pytest.mark.parametrize("sizes", [[2, 2], [1, 3], [1, 1, 1, 1]])
def test_a_critic_shown_a_batch_in_parts_has_the_gradient_of_the_whole(
    config: DiscriminatorConfig, sizes: list[int]
) -> None:
    """The penalty included: it is of each image by itself, at a point that is drawn for that image alone."""
    real, fake = images(1, size=4), images(2, size=4)

    def step(parts: list[int]) -> tuple[Losses, list[Tensor]]:
        adversary, _ = made(config, gan="wgan-gp")

        def losses_of(shown: Tensor) -> Losses:
            judgement = adversary.tell_apart(shown[:, 0], shown[:, 1])
            assert judgement.penalty is not None
            return {"real": judgement.real, "fake": judgement.fake, "gp": judgement.penalty}

        parameters = list(adversary.network.parameters())
        torch.manual_seed(6)  # one critic draws the points of the parts in a row: those of the whole batch
        losses = descend(SGD(parameters, lr=0.0), torch.stack([real, fake], dim=1).split(parts), losses_of)
        return losses, [parameter.grad for parameter in parameters if parameter.grad is not None]

    (whole, gradient), (apart, of_parts) = step([4]), step(sizes)
    torch.testing.assert_close(apart, whole, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(of_parts, gradient, rtol=1e-9, atol=1e-12)
    assert whole["gp"] > 0.1


# -------------------------------------------------------------------------------------------- several discriminators


def test_two_discriminators_count_as_the_mean_of_the_two() -> None:
    config = PatchDiscriminator(width=2, layers=2, count=2)
    adversary, weights = made(config, gan="wgan-gp")
    loss = CycleGanLoss(gan="wgan-gp")
    alone = [
        Adversary(member, PATCH, loss, weights, torch.float64) for member in cast(Ensemble, adversary.network).members
    ]

    def losses_of(one: Adversary) -> list[Tensor]:
        torch.manual_seed(4)
        real, fake, penalty, _ = one.tell_apart(REAL, FAKE)
        assert penalty is not None
        return [real, fake, penalty, one.deceive(FAKE, REAL).adversarial]

    first, second = (losses_of(one) for one in alone)
    assert not torch.equal(first[0], second[0])
    torch.testing.assert_close(losses_of(adversary), [(a + b) / 2 for a, b in zip(first, second, strict=True)])


def test_two_scales_count_as_the_mean_of_the_two() -> None:
    adversary, _ = made(PatchDiscriminator(width=2, layers=2, scales=2), gan="lsgan")
    large, small = cast(MultiScale, adversary.network).scales
    halved = F.avg_pool2d(FAKE, 3, stride=2, padding=1, count_include_pad=False)
    [of_large], [of_small] = verdict(large, FAKE).logits, verdict(small, halved).logits
    assert of_large.shape[-1] > of_small.shape[-1]
    wanted = (of_large.square().mean() + of_small.square().mean()) / 2
    torch.testing.assert_close(adversary.tell_apart(REAL, FAKE).fake.detach(), wanted)
