"""The scalar losses that the methods are composed of, as pure functions of network outputs."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias, assert_never

from torch import Tensor
from torch.nn import functional as F

GanKind: TypeAlias = Literal["lsgan", "vanilla"]


class AdversarialLoss(Protocol):
    """How far a discriminator's judgement is from saying that its images are real, or that they are fake."""

    def __call__(self, logits: Tensor, *, real: bool) -> Tensor:
        """The mean over every patch of every image, as a 0-d tensor; `logits` has any shape."""


def adversarial_loss(kind: GanKind) -> AdversarialLoss:
    """The loss that a preset's loss.gan names."""
    match kind:
        case "lsgan":
            return least_squares
        case "vanilla":
            return cross_entropy
        case _:
            assert_never(kind)


def least_squares(logits: Tensor, *, real: bool) -> Tensor:
    """Mean of (D(x) - target)^2, target 1 for real and 0 for fake (LSGAN, Mao et al. 2017, equation 9)."""
    return ((logits - 1) if real else logits).square().mean()


def cross_entropy(logits: Tensor, *, real: bool) -> Tensor:
    """Mean of -log s(D(x)) for real, -log(1 - s(D(x))) for fake, s the sigmoid (Goodfellow et al. 2014, equation 1)."""
    return -F.logsigmoid(logits if real else -logits).mean()


def l1(output: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference over every value, as a 0-d tensor."""
    return F.l1_loss(output, target)
