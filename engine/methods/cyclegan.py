"""CycleGAN: translation between two domains without paired examples.

Zhu, Park, Isola, Efros 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks",
arXiv:1703.10593; equations and sections below are its. Its G is our G_A, F is G_B, D_Y is D_A, D_X is D_B, after the
reference implementation. Losses are weighted, reported and applied in that implementation's order.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.data import Direction
from engine.config.geometry import check_translatable
from engine.config.methods import CycleGanConfig
from engine.losses import l1, total_variation
from engine.methods.adversary import Adversary, names_of_beliefs
from engine.methods.assembly import Assembly, adam
from engine.methods.averages import Averages
from engine.methods.descent import Losses, descend, only
from engine.methods.exhibits import Exhibits, Histories
from engine.methods.method import SampleRow, evaluating, frozen
from engine.methods.passes import Passes
from engine.methods.weights import LossWeights


@dataclass(frozen=True, kw_only=True)
class _Translations:
    """What the generators make of a batch: x -> G(x) -> F(G(x)), y -> F(y) -> G(F(y)), and G(y), F(x) if wanted."""

    fake_B: Tensor
    rec_A: Tensor
    fake_A: Tensor
    rec_B: Tensor
    idt_A: Tensor | None
    idt_B: Tensor | None


class CycleGan:
    """The networks, objectives and optimizers of CycleGAN; implements engine.methods.method.Method.

    Args:
        config: the run's preset.
        device: where it trains.
        seed: of the first weights, which are the same on every device, and of the image pools (random.Random(seed)).
            Dropout and the gradient penalty alone draw from PyTorch's global random state.
        dtype: of weights, images and losses.

    Raises:
        RequestError: the device does not have the precision that is asked for.
    """

    base_rates: Mapping[str, str] = {"G": "optim.lr_g", "D": "optim.lr_d"}
    stage = None
    idle_controls: Mapping[str, str] = {}

    def __init__(
        self, config: CycleGanConfig, device: torch.device, seed: int, dtype: torch.dtype = torch.float32
    ) -> None:
        self._config = config
        self._run = Passes(config, device, dtype)
        self._weights = LossWeights(config, device, dtype)

        assembly = Assembly(device, dtype, seed, config.run.convolution)
        self.G_A, self.G_B = assembly.generator(config.generator), assembly.generator(config.generator)
        self.D_A, self.D_B = assembly.discriminator(config.discriminator), assembly.discriminator(config.discriminator)
        generators, discriminators = {"G_A": self.G_A, "G_B": self.G_B}, {"D_A": self.D_A, "D_B": self.D_B}
        self._averages = Averages(config.optim.ema, self._weights, generators, discriminators)
        self.networks: Mapping[str, nn.Module] = {**generators, **discriminators, **self._averages.networks}
        self.averages = frozenset(self._averages.networks)
        self.optimizers = {
            "G": adam(generators.values(), config.optim.lr_g, config.optim),
            "D": adam(discriminators.values(), config.optim.lr_d, config.optim),
        }
        self._judge_of_B = Adversary(self.D_A, config.discriminator, config.loss, self._weights, dtype)
        self._judge_of_A = Adversary(self.D_B, config.discriminator, config.loss, self._weights, dtype)

        self._histories = Histories(config.optim.pool, seed, device)
        self._zero = torch.zeros((), dtype=dtype, device=device)

        terms = self._weights.terms
        techniques = {"feature_matching": ("fm_A", "fm_B"), "tv": ("tv_A", "tv_B"), "historical": ("hist_G",)}
        self.objective = ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", *terms(techniques))
        of_discriminators = terms({"gradient_penalty": ("gp_A", "gp_B"), "historical": ("hist_D",)})
        self.components = (*self.objective, "D_A", "D_B", *of_discriminators)
        self.beliefs = names_of_beliefs(config.loss, "D_A", "D_B")

    # ------------------------------------------------------------------------------------------------ section 4

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Prepare, then compute (see Method.step)."""
        self.prepare(len(batch))
        return only(self.compute(batch), self.components)

    def prepare(self, images: int) -> Hashable:
        """Draw what the histories will show; whether the identity terms are computed makes two kinds of step."""
        self._histories.decide(images)
        return self._weights.wanted("identity")

    def compute(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Update both generators, then both discriminators against the images just made (see Method.compute)."""
        parts = batch.parts(self._config.run.accumulate)
        fakes_A, fakes_B, generator_losses = self._update_generators(parts)
        losses = generator_losses | self._update_discriminators(parts, fakes_A, fakes_B)
        return {name: losses[name] for name in (*self.components, *self.beliefs)}

    def _update_generators(self, parts: list[ImageBatch]) -> tuple[list[Tensor], list[Tensor], Losses]:
        fakes_A: list[Tensor] = []
        fakes_B: list[Tensor] = []

        def losses_of(part: ImageBatch) -> Losses:
            with self._run.autocast():
                images = self._translate_batch(part)
                fakes_A.append(images.fake_A.detach())
                fakes_B.append(images.fake_B.detach())
                return self._generator_losses(part, images)

        with frozen(self.D_A, self.D_B):
            losses = descend(self.optimizers["G"], parts, losses_of, self._averages.distance("G"))
        self._averages.moved("G")
        return fakes_A, fakes_B, losses

    def _update_discriminators(self, parts: list[ImageBatch], fakes_A: list[Tensor], fakes_B: list[Tensor]) -> Losses:
        exhibits = self._histories.exhibits(parts, fakes_A, fakes_B)
        losses = descend(self.optimizers["D"], exhibits, self._discriminator_losses, self._averages.distance("D"))
        self._averages.moved("D")
        return losses

    # ------------------------------------------------------------------------------------------ sections 3, 5.2

    def _translate_batch(self, batch: ImageBatch) -> _Translations:
        if self._weights.wanted("identity") and self._config.generator.norm != "batch":
            fake_B, idt_A = self._run.both(self.G_A, batch.real_A, batch.real_B)
            fake_A, idt_B = self._run.both(self.G_B, batch.real_B, batch.real_A)
            rec_A, rec_B = self._run(self.G_B, fake_B), self._run(self.G_A, fake_A)
            return _Translations(fake_B=fake_B, rec_A=rec_A, fake_A=fake_A, rec_B=rec_B, idt_A=idt_A, idt_B=idt_B)
        return self._translate_one_by_one(batch)

    def _translate_one_by_one(self, batch: ImageBatch) -> _Translations:
        """In the reference's order, which is also the order in which batch normalisation averages its statistics."""
        identity = self._weights.wanted("identity")
        fake_B = self._run(self.G_A, batch.real_A)
        rec_A = self._run(self.G_B, fake_B)
        fake_A = self._run(self.G_B, batch.real_B)
        rec_B = self._run(self.G_A, fake_A)
        idt_A = self._run(self.G_A, batch.real_B) if identity else None
        idt_B = self._run(self.G_B, batch.real_A) if identity else None
        return _Translations(fake_B=fake_B, rec_A=rec_A, fake_A=fake_A, rec_B=rec_B, idt_A=idt_A, idt_B=idt_B)

    def _generator_losses(self, batch: ImageBatch, images: _Translations) -> Losses:
        """Equation 3, each term with its weight; the identity terms are those of section 5.2."""
        weights = self._weights
        to_B = self._judge_of_B.deceive(images.fake_B, batch.real_B)
        to_A = self._judge_of_A.deceive(images.fake_A, batch.real_A)
        losses = {
            # equation 1, as the generators minimise it
            "G_A": to_B.adversarial * weights["adversarial"],
            "G_B": to_A.adversarial * weights["adversarial"],
            # equation 2
            "cycle_A": l1(images.rec_A, batch.real_A) * weights["cycle_a"],
            "cycle_B": l1(images.rec_B, batch.real_B) * weights["cycle_b"],
            "idt_A": self._zero,
            "idt_B": self._zero,
        }
        if images.idt_A is not None and images.idt_B is not None:
            losses["idt_A"] = l1(images.idt_A, batch.real_B) * weights["cycle_b"] * weights["identity"]
            losses["idt_B"] = l1(images.idt_B, batch.real_A) * weights["cycle_a"] * weights["identity"]
        if to_B.feature_matching is not None and to_A.feature_matching is not None:
            losses |= {"fm_A": to_B.feature_matching, "fm_B": to_A.feature_matching}
        if "tv" in weights:
            losses["tv_A"] = total_variation(images.fake_B) * weights["tv"]
            losses["tv_B"] = total_variation(images.fake_A) * weights["tv"]
        return losses

    def _discriminator_losses(self, shown: Exhibits) -> Losses:
        """Equation 1, as a discriminator minimises it, halved to slow it relative to the generator (appendix 7.1)."""
        with self._run.autocast():
            of_B = self._judge_of_B.tell_apart(shown.real_B, shown.fake_B)
            of_A = self._judge_of_A.tell_apart(shown.real_A, shown.fake_A)
        losses = {"D_A": (of_B.real + of_B.fake) * 0.5, "D_B": (of_A.real + of_A.fake) * 0.5}
        losses |= of_B.believed("D_A") | of_A.believed("D_B")
        if of_B.penalty is not None and of_A.penalty is not None:
            losses |= {"gp_A": of_B.penalty * 0.5, "gp_B": of_A.penalty * 0.5}
        return losses

    # ------------------------------------------------------------------------------------------- looking at it

    def sample(self, batch: ImageBatch) -> list[SampleRow]:
        """Two rows: A with its translation and reconstruction, and B with its own (see Method.sample).

        While the identity terms are trained, each row ends with what the other generator makes of its real images.
        """
        G_A, G_B = self._averages.shown("G_A"), self._averages.shown("G_B")
        with evaluating(self.networks.values()), self._run.autocast():
            fake_B, fake_A = self._run.many(G_A, batch.real_A), self._run.many(G_B, batch.real_B)
            rows = [
                {"real_A": batch.real_A, "fake_B": fake_B, "rec_A": self._run.many(G_B, fake_B)},
                {"real_B": batch.real_B, "fake_A": fake_A, "rec_B": self._run.many(G_A, fake_A)},
            ]
            if self._weights.wanted("identity"):
                rows[0]["idt_B"] = self._run.many(G_B, batch.real_A)
                rows[1]["idt_A"] = self._run.many(G_A, batch.real_B)
        return rows

    def translator(self, direction: Direction) -> nn.Module:
        """G_A translates AtoB, G_B BtoA (see Method.translator)."""
        return self._averages.shown("G_A" if direction == "AtoB" else "G_B")

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """See Method.translate."""
        height, width = images.shape[-2:]
        check_translatable(self._config.generator, height=height, width=width)
        generator = self.translator(direction)
        with evaluating([generator]), self._run.autocast():
            return self._run.many(generator, images)

    # ---------------------------------------------------------------------------------------- control and state

    def set_control(self, name: str, value: float) -> None:
        """Set a loss weight (see Method.set_control); identity at 0 saves its two passes through the generators."""
        self._weights.set(name, value)

    def state_dict(self) -> dict[str, Tensor]:
        """The histories of generated images, and averages over the past."""
        return {**self._histories.state_dict(), **self._averages.state_dict()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """See Method.load_state_dict."""
        self._histories.load_state_dict(state)
        self._averages.load_state_dict(state)
