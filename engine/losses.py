"""The scalar losses that the methods are composed of, as pure functions of network outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, assert_never

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.config.losses import GanKind
from engine.ranks.exchange import mean_over_batch

# ------------------------------------------------------------------------------------------------- adversarial


class AdversarialLoss(Protocol):
    """What the two players minimise; logits have any shape, and results are means over them, 0-d."""

    def of_real(self, logits: Tensor, target: Tensor | float) -> Tensor:
        """The discriminator's loss for real images; `target` is what they should be judged as, where there is."""

    def of_fake(self, logits: Tensor) -> Tensor:
        """The discriminator's loss for generated images."""

    def of_generated(self, logits: Tensor) -> Tensor:
        """The generator's loss for its images."""

    def belief(self, logits: Tensor) -> Tensor | None:
        """The mean belief, 0 to 1, that what was judged is real, 0-d; None where judgements are no beliefs."""


def adversarial_loss(kind: GanKind) -> AdversarialLoss:
    """The loss that a preset's loss.gan names."""
    match kind:
        case "lsgan":
            return LeastSquares()
        case "vanilla":
            return CrossEntropy()
        case "wgan-gp":
            return Wasserstein()
        case "hinge":
            return Hinge()
        case _:
            assert_never(kind)


@dataclass(frozen=True)
class LeastSquares:
    """(D(x) - target)^2, target 1 for real and 0 for fake (LSGAN, Mao et al. 2017, equation 9)."""

    def of_real(self, logits: Tensor, target: Tensor | float) -> Tensor:
        """See AdversarialLoss."""
        return (logits - target).square().mean()

    def of_fake(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss."""
        return logits.square().mean()

    def of_generated(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss; the target is 1, whatever the discriminator's is."""
        return (logits - 1).square().mean()

    def belief(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss: the judgement itself, which is beyond 0 and 1 at times."""
        return logits.clamp(0, 1).mean()


@dataclass(frozen=True)
class CrossEntropy:
    """-log s(D(x)) for real, -log(1 - s(D(x))) for fake, s the sigmoid (Goodfellow et al. 2014, equation 1).

    The generator's is the one that does not saturate, -log s(D(G(z))) (their section 3).
    """

    def of_real(self, logits: Tensor, target: Tensor | float) -> Tensor:
        """See AdversarialLoss."""
        return -(target * F.logsigmoid(logits) + (1 - target) * F.logsigmoid(-logits)).mean()

    def of_fake(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss."""
        return -F.logsigmoid(-logits).mean()

    def of_generated(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss."""
        return -F.logsigmoid(logits).mean()

    def belief(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss."""
        return logits.sigmoid().mean()


@dataclass(frozen=True)
class Wasserstein:
    """-D(x) for real, D(x) for fake (Arjovsky et al. 2017, algorithm 1); it needs gradient_penalty beside it."""

    def of_real(self, logits: Tensor, target: Tensor | float) -> Tensor:
        """See AdversarialLoss; there is no target."""
        return -logits.mean()

    def of_fake(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss."""
        return logits.mean()

    def of_generated(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss."""
        return -logits.mean()

    def belief(self, logits: Tensor) -> None:
        """See AdversarialLoss: a critic's values have no zero and no scale."""


@dataclass(frozen=True)
class Hinge:
    """max(0, 1 - D(x)) for real, max(0, 1 + D(x)) for fake (Miyato et al. 2018, equations 16 and 17)."""

    def of_real(self, logits: Tensor, target: Tensor | float) -> Tensor:
        """See AdversarialLoss; there is no target."""
        return F.relu(1 - logits).mean()

    def of_fake(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss."""
        return F.relu(1 + logits).mean()

    def of_generated(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss."""
        return -logits.mean()

    def belief(self, logits: Tensor) -> Tensor:
        """See AdversarialLoss: from one margin to the other."""
        return ((logits + 1) / 2).clamp(0, 1).mean()


def gradient_penalty(judge: Callable[[Tensor], Sequence[Tensor]], real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """WGAN-GP's mean of (|grad D(x)| - 1)^2 between real and generated images (Gulrajani et al. 2017, equation 3).

    Args:
        judge: images -> the logits of each discriminator; their penalties are averaged.
        real: (N, C, H, W).
        fake: likewise, detached.
        alpha: (N, 1, 1, 1) in [0, 1]: how much of the real image is in the point looked at.

    Returns:
        0-d; it can be differentiated by the discriminator's weights.
    """
    between = torch.lerp(fake, real, alpha).requires_grad_()
    penalties = []
    for logits in judge(between):
        [gradient] = torch.autograd.grad(logits.sum(), between, create_graph=True)
        norms = (gradient.flatten(1) + _UNDER_THE_ROOT).norm(dim=1)
        penalties.append((norms - 1).square().mean())
    return torch.stack(penalties).mean()


_UNDER_THE_ROOT = 1e-16
"""Added to every element of a gradient before its norm, as the reference does: the root has no slope at zero."""

# ------------------------------------------------------------------------------------------------- three classes


class TernaryLosses(NamedTuple):
    """What DTN's discriminator minimises the sum of (equation 3), 0-d each."""

    of_source: Tensor
    """-E_s log D1(G(s))."""
    of_target: Tensor
    """-E_t log D2(G(t))."""
    of_real: Tensor
    """-E_t log D3(t)."""


def ternary_discriminator(of_source: Tensor, of_target: Tensor, of_real: Tensor) -> TernaryLosses:
    """L_D: which of three kinds an image is (DTN, equation 3).

    Args:
        of_source: (N, 3), the logits for translated source images G(s), class 0.
        of_target: likewise for target images that went through the generator, G(t), class 1.
        of_real: likewise for target images t, class 2.
    """
    return TernaryLosses(_surprise(of_source, 0), _surprise(of_target, 1), _surprise(of_real, 2))


def ternary_generator(of_source: Tensor, of_target: Tensor) -> Tensor:
    """L_GANG: how far generated images of both kinds are from passing for real, class 2 (DTN, equation 4), 0-d."""
    return _surprise(of_source, 2) + _surprise(of_target, 2)


def ternary_belief(logits: Tensor) -> Tensor:
    """The mean probability, 0-d, that (N, 3) logits give to what was judged being real."""
    return logits.softmax(dim=1)[:, 2].mean()


def _surprise(logits: Tensor, kind: int) -> Tensor:
    """The mean of -log of the probability that a class is given."""
    return -F.log_softmax(logits, dim=1)[:, kind].mean()


# ------------------------------------------------------------------------------------------ of images and features


def l1(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference over every value, as a 0-d tensor."""
    return F.l1_loss(output, target)


def l2(output: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference over every value, as a 0-d tensor."""
    return F.mse_loss(output, target)


def feature_matching(of_fake: Sequence[Tensor], of_real: Sequence[Tensor]) -> Tensor:
    """Squared distance between the batch means of a discriminator's features (Salimans et al. 2016, section 3.1).

    Args:
        of_fake: what each hidden layer makes of generated images, each with the batch as its first dimension.
        of_real: what it makes of real ones, detached.

    Returns:
        The sum over the layers of the mean over their values, 0-d (as in DiscoGAN's implementation).
    """
    layers = zip(of_fake, of_real, strict=True)
    distances = [l2(mean_over_batch(fake), mean_over_batch(real)) for fake, real in layers]
    return torch.stack(distances).sum()


def total_variation(images: Tensor) -> Tensor:
    """The sum over an image of the length of its gradient, averaged over the images (DTN, equation 7, with B = 1).

    Args:
        images: (N, C, H, W); every channel counts.
    """
    here = images[..., :-1, :-1]
    across, down = images[..., :-1, 1:] - here, images[..., 1:, :-1] - here
    lengths = (across.square() + down.square() + _FLAT).sqrt()
    return lengths.flatten(1).sum(1).mean()


_FLAT = 1e-12
"""Under the root of the total variation, which has no slope where an image is flat."""


def unit_normal_kl(means: Tensor) -> Tensor:
    """KL divergence of N(means, 1) from N(0, 1) up to a factor of 1/2: the mean of their squares (UNIT, section 3)."""
    return means.square().mean()
