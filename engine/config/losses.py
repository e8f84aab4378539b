"""The [loss] sections: which adversarial loss a method has, and one weight for each component."""

from __future__ import annotations

from typing import Literal, TypeAlias

from engine.config.schema import LiveSteps, LiveUnit, LiveWeight, Section

GanKind: TypeAlias = Literal["lsgan", "vanilla", "wgan-gp", "hinge"]


OF_GAN: dict[str, tuple[GanKind, ...]] = {
    "gradient_penalty": ("wgan-gp",),
    "label_smoothing": ("lsgan", "vanilla"),
}
"""Keys of [loss] that only these adversarial losses make something of."""


class GanLoss(Section, frozen=True, kw_only=True):
    """The adversarial loss, and the techniques that go with any of them; those with weight 0 are left out of a run."""

    gan: GanKind = "lsgan"
    """Adversarial loss: least squares, cross-entropy, Wasserstein with gradient penalty, or hinge."""
    adversarial: LiveWeight = 1.0
    """Weight of the generators' adversarial terms."""
    gradient_penalty: LiveWeight = 10.0
    """Weight of the gradient penalty of "wgan-gp", on norms that are not 1 (Gulrajani et al. 2017, equation 3)."""
    label_smoothing: LiveUnit = 0.0
    """How far the target of real images is below 1, for "lsgan" and "vanilla" (Salimans et al. 2016, section 3.4)."""
    feature_matching: LiveWeight = 0.0
    """Weight of the generators' distance from real images in the discriminators' layers (Salimans et al., 3.1)."""
    historical: LiveWeight = 0.0
    """Weight of every network's distance from the mean of its past weights (Salimans et al. 2016, section 3.3)."""
    tv: LiveWeight = 0.0
    """Weight of the total variation of translated images (DTN, equation 7, with B = 1)."""


class CycleGanLoss(GanLoss, frozen=True, kw_only=True):
    """The full objective of CycleGAN, equation 3, with the identity term of section 5.2."""

    adversarial: LiveWeight = 1.0
    """Weight of both generators' adversarial terms G_A and G_B."""
    cycle_a: LiveWeight = 10.0
    """Weight of |G_B(G_A(A)) - A| (lambda_A)."""
    cycle_b: LiveWeight = 10.0
    """Weight of |G_A(G_B(B)) - B| (lambda_B)."""
    identity: LiveWeight = 0.5
    """Weight of the identity terms relative to cycle_a and cycle_b; at 0 they are not computed."""


class Pix2PixLoss(GanLoss, frozen=True, kw_only=True):
    """The final objective of pix2pix, equation 4."""

    gan: GanKind = "vanilla"
    """Adversarial loss: cross-entropy, least squares, Wasserstein with gradient penalty, or hinge."""
    l1: LiveWeight = 100.0
    """Weight of |G(A) - B| (lambda)."""
    l2: LiveWeight = 0.0
    """Weight of (G(A) - B)^2, the paper's alternative to it; at 0 it is left out of the run."""


class DiscoGanLoss(GanLoss, frozen=True, kw_only=True):
    """The objective of DiscoGAN with its authors' feature matching, and reconstruction at a rate that switches."""

    gan: GanKind = "vanilla"
    """Adversarial loss: cross-entropy, least squares, Wasserstein with gradient penalty, or hinge."""
    adversarial: LiveWeight = 0.1
    """Weight of the adversarial terms; they and feature matching make up what reconstruction leaves of 1."""
    feature_matching: LiveWeight = 0.9
    """Weight of the distance from real images in the discriminators' hidden layers."""
    rate: LiveUnit = 0.01
    """Share of the reconstruction terms (r) up to loss.switch; the adversarial and matching terms have 1 - r."""
    rate_after: LiveUnit = 0.5
    """Share of the reconstruction terms after loss.switch; the adversarial and matching terms have the rest."""
    switch: LiveSteps = 10_000
    """Steps with the share loss.rate of the reconstruction terms; those that follow have loss.rate_after."""


class DtnLoss(Section, frozen=True, kw_only=True):
    """The objective of DTN, equations 2 to 7; its adversarial loss has three classes."""

    adversarial: LiveWeight = 1.0
    """Weight of the generator's adversarial term L_GANG."""
    const: LiveWeight = 15.0
    """Weight of L_CONST, how far f sees G(s) from s (alpha)."""
    tid: LiveWeight = 15.0
    """Weight of L_TID, how far G is from the identity on the target domain (beta)."""
    tv: LiveWeight = 0.0
    """Weight of L_TV, the total variation of G(s) and G(t) (gamma); at 0 it is left out of the run."""


class AeGanLoss(GanLoss, frozen=True, kw_only=True):
    """UNIT's objective (its section 3) and its weights, without or with its variational part."""

    adversarial: LiveWeight = 10.0
    """Weight of both domains' adversarial terms adver_a and adver_b."""
    recon_a: LiveWeight = 100.0
    """Weight of |decode_A(encode_A(A)) - A|."""
    recon_b: LiveWeight = 100.0
    """Weight of |decode_B(encode_B(B)) - B|."""
    cycle_a: LiveWeight = 100.0
    """Weight of |A translated there and back - A|."""
    cycle_b: LiveWeight = 100.0
    """Weight of |B translated there and back - B|."""
    class_a: LiveWeight = 0.0
    """Weight of the cross-entropy of domain A's classifier on translations of labelled B; 0 leaves it out."""
    class_b: LiveWeight = 0.0
    """Weight of the cross-entropy of domain B's classifier on translations of labelled A; 0 leaves it out."""
    kl: LiveWeight = 0.1
    """Weight of the KL terms of images' latents, where generator.variational."""
    kl_cycle: LiveWeight = 0.1
    """Weight of the KL terms of translations' latents, where generator.variational."""


LossConfig: TypeAlias = CycleGanLoss | Pix2PixLoss | DiscoGanLoss | DtnLoss | AeGanLoss
