"""AE-GAN: translation between two domains through a latent space that they share.

Liu, Breuel, Kautz 2017, "Unsupervised image-to-image translation networks" (UNIT), arXiv:1703.00848; terms and
sections below are its. Its X_1 is our A, X_2 is B; E, G and D are our encoder, decoder and D of the domain that they
take, make or judge, so unlike CycleGAN's, D_B judges images of B. Its variational part and its weight sharing are
options. Class terms, for labelled images, are an addition: a translation is to keep its class.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from engine.batch import ImageBatch
from engine.config.data import Direction
from engine.config.geometry import check_translatable
from engine.config.methods import AeGanConfig
from engine.losses import l1, total_variation, unit_normal_kl
from engine.methods.adversary import Adversary, names_of_beliefs
from engine.methods.assembly import Assembly, adam
from engine.methods.averages import Averages
from engine.methods.descent import Losses, descend, only
from engine.methods.exhibits import Exhibits, Histories
from engine.methods.method import SampleRow, evaluating, frozen
from engine.methods.passes import Passes
from engine.methods.weights import LossWeights


class _Autoencoder(NamedTuple):
    """A domain's way into the latent space and out of it, with the blocks that both domains share."""

    encoder: nn.Module
    decoder: nn.Module


class _Images(NamedTuple):
    """What the generators make of images: within their domain, of the other, and there and back.

    latent_A is the latent map of real_A, and cycle_latent_A that of its translation, fake_B; neither with noise.
    """

    latent_A: Tensor
    latent_B: Tensor
    recon_A: Tensor
    recon_B: Tensor
    fake_B: Tensor
    fake_A: Tensor
    cycle_latent_A: Tensor
    cycle_latent_B: Tensor
    cycle_A: Tensor
    cycle_B: Tensor


@dataclass(frozen=True, kw_only=True)
class _Translated:
    """Part of a batch, and what the generators made of it, in the graph of the step."""

    batch: ImageBatch
    images: _Images

    def __len__(self) -> int:
        return len(self.batch)


class AeGan:
    """The networks, objectives and optimizers of an autoencoder GAN; implements engine.methods.method.Method.

    Args:
        config: the run's preset.
        device: where it trains.
        seed: of the first weights, which are the same on every device, and of the image pools. The latent noise and the
            gradient penalty draw from PyTorch's global random state.
        dtype: of weights, images and losses.

    Raises:
        RequestError: the device does not have the precision that is asked for.
    """

    stage = None
    idle_controls: Mapping[str, str] = {}

    def __init__(
        self, config: AeGanConfig, device: torch.device, seed: int, dtype: torch.dtype = torch.float32
    ) -> None:
        self._config = config
        self._run = Passes(config, device, dtype)
        self._weights = LossWeights(config, device, dtype)

        assembly = Assembly(device, dtype, seed, config.run.convolution)
        generators = assembly.autoencoders(config.generator)
        self.D_A, self.D_B = assembly.discriminator(config.discriminator), assembly.discriminator(config.discriminator)
        discriminators = {"D_A": self.D_A, "D_B": self.D_B}
        classified = self._weights.terms({"class_a": ("A",), "class_b": ("B",)})
        self._classifiers = {domain: assembly.classifier(config.discriminator.width) for domain in classified}
        classifiers = {f"C_{domain}": network for domain, network in self._classifiers.items()}
        self._averages = Averages(config.optim.ema, self._weights, generators, discriminators)
        trained = {**generators, **discriminators, **classifiers}
        self.networks: Mapping[str, nn.Module] = {**trained, **self._averages.networks}
        self.averages = frozenset(self._averages.networks)
        self._of_A, self._of_B = self._autoencoders(generators.__getitem__)
        self._judge_of_A = Adversary(self.D_A, config.discriminator, config.loss, self._weights, dtype)
        self._judge_of_B = Adversary(self.D_B, config.discriminator, config.loss, self._weights, dtype)
        self._histories = Histories(config.optim.pool, seed, device)

        self.optimizers = {
            "G": adam(generators.values(), config.optim.lr_g, config.optim),
            "D": adam(discriminators.values(), config.optim.lr_d, config.optim),
        }
        self.base_rates: Mapping[str, str] = {"G": "optim.lr_g", "D": "optim.lr_d"}
        if classifiers:
            self.optimizers["C"] = adam(classifiers.values(), config.optim.lr_d, config.optim)
            self.base_rates = {**self.base_rates, "C": "optim.lr_d"}
        self.objective, self.components = _names(self._weights, tuple(classifiers))
        self.beliefs = names_of_beliefs(config.loss, "D_A", "D_B")

    def _autoencoders(self, network: Callable[[str], nn.Module]) -> tuple[_Autoencoder, _Autoencoder]:
        """Those of A and of B, from the generators' networks by name (section 3, weight-sharing)."""
        shared = self._config.generator.shared > 0
        into = [network("shared_encoder")] if shared else []
        out = [network("shared_decoder")] if shared else []

        def of(domain: str) -> _Autoencoder:
            encoder, decoder = network(f"encoder_{domain}"), network(f"decoder_{domain}")
            return _Autoencoder(nn.Sequential(encoder, *into), nn.Sequential(*out, decoder))

        return of("A"), of("B")

    # -------------------------------------------------------------------------------------- section 3, learning

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Prepare, then compute (see Method.step)."""
        self.prepare(len(batch))
        return only(self.compute(batch), self.components)

    def prepare(self, images: int) -> Hashable:
        """Draw what the histories will show; every step is of one kind (see Method.prepare)."""
        self._histories.decide(images)
        return ()

    def compute(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Update the discriminators, then the generators against them, on the same translations (see Method.compute).

        The classifiers, where there are any, learn in between.
        """
        parts = batch.parts(self._config.run.accumulate)
        translated = [self._translated(part) for part in parts]
        losses = self._update_discriminators(translated)
        losses |= self._update_classifiers(parts)
        losses |= self._update_generators(translated)
        return {name: losses[name] for name in (*self.components, *self.beliefs)}

    def _update_discriminators(self, translated: list[_Translated]) -> Losses:
        parts = [part.batch for part in translated]
        fakes_A, fakes_B = [part.images.fake_A for part in translated], [part.images.fake_B for part in translated]
        exhibits = self._histories.exhibits(parts, fakes_A, fakes_B)
        losses = descend(self.optimizers["D"], exhibits, self._discriminator_losses, self._averages.distance("D"))
        self._averages.moved("D")
        return losses

    def _update_classifiers(self, parts: list[ImageBatch]) -> Losses:
        """On real images alone."""
        if not self._classifiers:
            return {}
        return descend(self.optimizers["C"], parts, self._classifier_losses)

    def _update_generators(self, translated: list[_Translated]) -> Losses:
        with frozen(self.D_A, self.D_B, *self._classifiers.values()):
            losses = descend(self.optimizers["G"], translated, self._generator_losses, self._averages.distance("G"))
        self._averages.moved("G")
        return losses

    # ------------------------------------------------------------------------------------- section 3, the terms

    def _translated(self, part: ImageBatch) -> _Translated:
        """With all that the generators make; a part's activations are made again for its gradient, with the same noise.

        Both players see it, so without that all parts' activations would be held at once.
        """
        with self._run.autocast():
            if self._config.run.accumulate > 1:
                images = checkpoint(self._make, part.real_A, part.real_B, use_reentrant=False)
            else:
                images = self._make(part.real_A, part.real_B)
        return _Translated(batch=part, images=images)

    def _make(self, real_A: Tensor, real_B: Tensor) -> _Images:
        A, B = self._of_A, self._of_B
        latent_A, latent_B = self._run(A.encoder, real_A), self._run(B.encoder, real_B)
        drawn_A, drawn_B = self._drawn(latent_A), self._drawn(latent_B)
        recon_A, fake_A = self._run.both(A.decoder, drawn_A, drawn_B)
        recon_B, fake_B = self._run.both(B.decoder, drawn_B, drawn_A)
        cycle_latent_A, cycle_latent_B = self._run(B.encoder, fake_B), self._run(A.encoder, fake_A)
        cycle_A = self._run(A.decoder, self._drawn(cycle_latent_A))
        cycle_B = self._run(B.decoder, self._drawn(cycle_latent_B))
        return _Images(
            latent_A=latent_A,
            latent_B=latent_B,
            recon_A=recon_A,
            recon_B=recon_B,
            fake_B=fake_B,
            fake_A=fake_A,
            cycle_latent_A=cycle_latent_A,
            cycle_latent_B=cycle_latent_B,
            cycle_A=cycle_A,
            cycle_B=cycle_B,
        )

    def _drawn(self, latent: Tensor) -> Tensor:
        """A latent map drawn from N(latent, 1), as q is while training, where the run is variational (section 3)."""
        return latent + torch.randn_like(latent) if self._config.generator.variational else latent

    def _generator_losses(self, translated: _Translated) -> Losses:
        """The objective as the generators minimise it, each term with its weight."""
        weights, real, images = self._weights, translated.batch, translated.images
        with self._run.autocast():
            to_A = self._judge_of_A.deceive(images.fake_A, real.real_A)
            to_B = self._judge_of_B.deceive(images.fake_B, real.real_B)
            losses = self._class_losses(real, images)
        losses |= {
            # L_GAN
            "adver_A": to_A.adversarial * weights["adversarial"],
            "adver_B": to_B.adversarial * weights["adversarial"],
            # the likelihood in L_VAE, a Laplacian's
            "recon_A": l1(images.recon_A, real.real_A) * weights["recon_a"],
            "recon_B": l1(images.recon_B, real.real_B) * weights["recon_b"],
            # and that in L_CC
            "cycle_A": l1(images.cycle_A, real.real_A) * weights["cycle_a"],
            "cycle_B": l1(images.cycle_B, real.real_B) * weights["cycle_b"],
        }
        if self._config.generator.variational:
            # the divergences in L_VAE, and those that L_CC has besides them
            losses["kl_A"] = unit_normal_kl(images.latent_A) * weights["kl"]
            losses["kl_B"] = unit_normal_kl(images.latent_B) * weights["kl"]
            losses["kl_cycle_A"] = unit_normal_kl(images.cycle_latent_A) * weights["kl_cycle"]
            losses["kl_cycle_B"] = unit_normal_kl(images.cycle_latent_B) * weights["kl_cycle"]
        if to_A.feature_matching is not None and to_B.feature_matching is not None:
            losses |= {"fm_A": to_A.feature_matching, "fm_B": to_B.feature_matching}
        if "tv" in weights:
            losses["tv_A"] = total_variation(images.fake_A) * weights["tv"]
            losses["tv_B"] = total_variation(images.fake_B) * weights["tv"]
        return losses

    def _class_losses(self, real: ImageBatch, images: _Images) -> Losses:
        """How far a domain's classifier is from seeing in a translation the class of what was translated."""
        losses = {}
        if "A" in self._classifiers:
            losses["class_A"] = self._cross_entropy("A", images.fake_A, real.label_B) * self._weights["class_a"]
        if "B" in self._classifiers:
            losses["class_B"] = self._cross_entropy("B", images.fake_B, real.label_A) * self._weights["class_b"]
        return losses

    def _discriminator_losses(self, shown: Exhibits) -> Losses:
        """L_GAN as the discriminators minimise it; loss.adversarial weighs the generators' part of it alone."""
        with self._run.autocast():
            of_A = self._judge_of_A.tell_apart(shown.real_A, shown.fake_A)
            of_B = self._judge_of_B.tell_apart(shown.real_B, shown.fake_B)
        losses = {"D_A": of_A.real + of_A.fake, "D_B": of_B.real + of_B.fake}
        losses |= of_A.believed("D_A") | of_B.believed("D_B")
        if of_A.penalty is not None and of_B.penalty is not None:
            losses |= {"gp_A": of_A.penalty, "gp_B": of_B.penalty}
        return losses

    def _classifier_losses(self, real: ImageBatch) -> Losses:
        labelled = {"A": (real.real_A, real.label_A), "B": (real.real_B, real.label_B)}
        with self._run.autocast():
            return {f"C_{domain}": self._cross_entropy(domain, *labelled[domain]) for domain in self._classifiers}

    def _cross_entropy(self, domain: str, images: Tensor, labels: Tensor | None) -> Tensor:
        """Of what a domain's classifier makes of images; the preset is refused where they have no labels."""
        assert labels is not None
        return F.cross_entropy(self._run(self._classifiers[domain], images), labels)

    # ------------------------------------------------------------------------------------------- looking at it

    def sample(self, batch: ImageBatch) -> list[SampleRow]:
        """Two rows: A within its domain, translated, and back, and B likewise (see Method.sample)."""
        A, B = self._autoencoders(self._averages.shown)
        with evaluating(self.networks.values()), self._run.autocast():
            latent_A, latent_B = self._run.many(A.encoder, batch.real_A), self._run.many(B.encoder, batch.real_B)
            fake_B, fake_A = self._run.many(B.decoder, latent_A), self._run.many(A.decoder, latent_B)
            return [
                {
                    "real_A": batch.real_A,
                    "recon_A": self._run.many(A.decoder, latent_A),
                    "fake_B": fake_B,
                    "cycle_A": self._run.many(A.decoder, self._run.many(B.encoder, fake_B)),
                },
                {
                    "real_B": batch.real_B,
                    "recon_B": self._run.many(B.decoder, latent_B),
                    "fake_A": fake_A,
                    "cycle_B": self._run.many(B.decoder, self._run.many(A.encoder, fake_A)),
                },
            ]

    def translator(self, direction: Direction) -> nn.Module:
        """One domain's encoder and the other's decoder (see Method.translator)."""
        A, B = self._autoencoders(self._averages.shown)
        encoder, decoder = (A.encoder, B.decoder) if direction == "AtoB" else (B.encoder, A.decoder)
        return nn.Sequential(encoder, decoder)

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """See Method.translate."""
        height, width = images.shape[-2:]
        check_translatable(self._config.generator, height=height, width=width)
        translator = self.translator(direction)
        with evaluating([translator]), self._run.autocast():
            return self._run.many(translator, images)

    # ---------------------------------------------------------------------------------------- control and state

    def set_control(self, name: str, value: float) -> None:
        """Set a loss weight (see Method.set_control)."""
        self._weights.set(name, value)

    def state_dict(self) -> dict[str, Tensor]:
        """The pools' images, the stream that their decisions come from, and averages over the past."""
        return self._histories.state_dict() | self._averages.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """See Method.load_state_dict."""
        self._histories.load_state_dict(state)
        self._averages.load_state_dict(state)


def _names(weights: LossWeights, classifiers: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The generators' loss components, and all; a classifier's loss has the classifier's name."""
    options = {
        "class_a": ("class_A",),
        "class_b": ("class_B",),
        "kl": ("kl_A", "kl_B"),
        "kl_cycle": ("kl_cycle_A", "kl_cycle_B"),
        "feature_matching": ("fm_A", "fm_B"),
        "tv": ("tv_A", "tv_B"),
        "historical": ("hist_G",),
    }
    objective = ("adver_A", "adver_B", "recon_A", "recon_B", "cycle_A", "cycle_B", *weights.terms(options))
    of_discriminators = weights.terms({"gradient_penalty": ("gp_A", "gp_B"), "historical": ("hist_D",)})
    return objective, (*objective, "D_A", "D_B", *of_discriminators, *classifiers)
