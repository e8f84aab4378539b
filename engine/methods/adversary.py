"""A domain's discriminator and what is asked of it: the adversarial terms and the techniques that go with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from engine.config.losses import GanLoss
from engine.config.networks import DiscriminatorConfig, ImageDiscriminator
from engine.losses import adversarial_loss, feature_matching, gradient_penalty
from engine.methods.descent import Losses
from engine.methods.weights import LossWeights
from engine.networks.discriminators import Verdict
from engine.sentinels.names import ON_FAKE, ON_REAL


class Deception(NamedTuple):
    """What a generator minimises, 0-d each."""

    adversarial: Tensor
    """Unweighted."""
    feature_matching: Tensor | None
    """Weighted; None where it is no part of the run."""


class Judgement(NamedTuple):
    """What a discriminator minimises, 0-d each."""

    real: Tensor
    fake: Tensor
    penalty: Tensor | None
    """Weighted; None where it is no part of the run."""
    beliefs: tuple[Tensor, Tensor] | None = None
    """Mean beliefs, detached, that real and generated images are real; None where the judgements are none."""

    def believed(self, discriminator: str) -> Losses:
        """The beliefs by their names, to be averaged as the losses are; none where there are none."""
        if self.beliefs is None:
            return {}
        return dict(zip(belief_names(discriminator), self.beliefs, strict=True))


def belief_names(discriminator: str) -> tuple[str, str]:
    """What a step calls a discriminator's beliefs in real and in generated images."""
    return discriminator + ON_REAL, discriminator + ON_FAKE


def names_of_beliefs(loss: GanLoss, *discriminators: str) -> tuple[str, ...]:
    """Those that a step returns, with this adversarial loss."""
    believes = adversarial_loss(loss.gan).belief(torch.zeros(1)) is not None
    return tuple(name for who in discriminators for name in belief_names(who)) if believes else ()


class Adversary:
    """Judges images by one discriminator or several, whose losses are averaged.

    Its methods run networks, so they are called inside the run's autocast.

    Args:
        network: the discriminator; forward returns a Verdict.
        config: its section of the preset.
        loss: the preset's adversarial loss.
        weights: the run's loss weights.
        dtype: of the losses, whatever autocast computed the networks in.
    """

    def __init__(
        self, network: nn.Module, config: DiscriminatorConfig, loss: GanLoss, weights: LossWeights, dtype: torch.dtype
    ) -> None:
        self.network = network
        self._loss = adversarial_loss(loss.gan)
        self._weights = weights
        self._dtype = dtype
        # Without these two a network treats every image by itself, and real and generated ones can share a pass.
        compares = isinstance(config, ImageDiscriminator) and config.minibatch > 0
        self._one_pass = config.norm != "batch" and not compares

    def deceive(self, fake: Tensor, real: Tensor) -> Deception:
        """How far generated images, (N, C, H, W), are from passing for real ones; `real` serves feature matching."""
        verdict = self._judge(fake)
        if "feature_matching" not in self._weights:
            return self._deception(verdict)
        with torch.no_grad():
            of_real = self._judge(real)
        return self._deception(verdict, of_real)

    def tell_apart(self, real: Tensor, fake: Tensor, *, fake_first: bool = False) -> Judgement:
        """How far the discriminator is from telling real images from generated ones, which it sees detached.

        The order shows in the running statistics of batch normalisation alone.
        """
        fake = fake.detach()
        if fake_first:
            of_fake, of_real = self._judge_both(fake, real)
        else:
            of_real, of_fake = self._judge_both(real, fake)
        return self._judgement(of_real, of_fake, self._penalty(real, fake))

    def confront(self, real: Tensor, fake: Tensor) -> tuple[Deception, Judgement]:
        """Both players' losses after one look at real images and one at generated ones, which are not detached.

        For methods whose players take turns: each step both losses are known, and one of them is minimised.
        """
        of_real, of_fake = self._judge(real), self._judge(fake)
        judgement = self._judgement(of_real.logits, of_fake.logits, self._penalty(real, fake.detach()))
        return self._deception(of_fake, of_real), judgement

    def _deception(self, of_fake: Verdict, of_real: Verdict | None = None) -> Deception:
        adversarial = _mean([self._loss.of_generated(logits) for logits in of_fake.logits])
        if of_real is None or "feature_matching" not in self._weights:
            return Deception(adversarial, None)
        layers = zip(of_fake.features, of_real.features, strict=True)
        matching = _mean([feature_matching(ours, theirs) for ours, theirs in layers])
        return Deception(adversarial, matching * self._weights["feature_matching"])

    def _judgement(self, of_real: Sequence[Tensor], of_fake: Sequence[Tensor], penalty: Tensor | None) -> Judgement:
        judged_real = [self._loss.of_real(logits, self._target) for logits in of_real]
        judged_fake = [self._loss.of_fake(logits) for logits in of_fake]
        return Judgement(_mean(judged_real), _mean(judged_fake), penalty, self._beliefs(of_real, of_fake))

    @torch.no_grad()
    def _beliefs(self, of_real: Sequence[Tensor], of_fake: Sequence[Tensor]) -> tuple[Tensor, Tensor] | None:
        real, fake = ([self._loss.belief(logits) for logits in judged] for judged in (of_real, of_fake))
        if any(belief is None for belief in (*real, *fake)):
            return None
        return _mean([belief for belief in real if belief is not None]), _mean([b for b in fake if b is not None])

    @property
    def _target(self) -> Tensor | float:
        """What real images should be judged as."""
        return 1 - self._weights["label_smoothing"] if "label_smoothing" in self._weights else 1.0

    def _penalty(self, real: Tensor, fake: Tensor) -> Tensor | None:
        if "gradient_penalty" not in self._weights:
            return None
        alpha = torch.rand(len(real), 1, 1, 1, dtype=real.dtype, device=real.device)
        penalty = gradient_penalty(lambda images: self._judge(images).logits, real, fake, alpha)
        return penalty * self._weights["gradient_penalty"]

    def _judge_both(self, first: Tensor, second: Tensor) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
        """The logits of as many images of two kinds, which share a pass where that changes nothing."""
        if not self._one_pass:
            return self._judge(first).logits, self._judge(second).logits
        both = [torch.chunk(logits, 2) for logits in self._judge(torch.cat([first, second])).logits]
        return [of_first for of_first, _ in both], [of_second for _, of_second in both]

    def _judge(self, images: Tensor) -> Verdict:
        """The network's verdict in the run's own dtype."""
        verdict: Verdict = self.network(images)
        logits = tuple(logits.to(self._dtype) for logits in verdict.logits)
        features = tuple(tuple(layer.to(self._dtype) for layer in layers) for layers in verdict.features)
        return Verdict(logits, features)


def _mean(terms: Sequence[Tensor]) -> Tensor:
    """The mean over the discriminators."""
    return terms[0] if len(terms) == 1 else torch.stack(list(terms)).mean()
