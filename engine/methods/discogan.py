"""DiscoGAN: relations between two domains discovered without paired examples.

Kim, Cha, Kim, Lee, Kim 2017, "Learning to discover cross-domain relations with generative adversarial networks",
arXiv:1703.05192; the terms and the section named below are its. Feature matching, the rate that shares out the
objective, and the players' turns are of its authors' implementation (SKTBrain/DiscoGAN). Names are CycleGAN's: the
paper's G_AB is our G_A, G_BA is G_B, D_B, which judges images of B, is D_A, and D_A is D_B.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.data import Direction
from engine.config.geometry import check_translatable
from engine.config.methods import DiscoGanConfig
from engine.losses import l2, total_variation
from engine.methods.adversary import Adversary, names_of_beliefs
from engine.methods.assembly import Assembly, adam
from engine.methods.averages import Averages
from engine.methods.descent import Losses, descend, only
from engine.methods.method import SampleRow, evaluating, frozen
from engine.methods.passes import Passes
from engine.methods.weights import LossWeights


class DiscoGan:
    """The networks, objectives and optimizers of DiscoGAN; implements engine.methods.method.Method.

    Its networks see and make images in [0, 1], where a sigmoid ends.

    Args:
        config: the run's preset.
        device: where it trains.
        seed: of the first weights, which are the same on every device. The gradient penalty alone draws from PyTorch's
            global random state.
        dtype: of weights, images and losses.

    Raises:
        RequestError: the device does not have the precision that is asked for.
    """

    base_rates: Mapping[str, str] = {"G": "optim.lr_g", "D": "optim.lr_d"}
    stage = None

    def __init__(
        self, config: DiscoGanConfig, device: torch.device, seed: int, dtype: torch.dtype = torch.float32
    ) -> None:
        self._config = config
        self._run = Passes(config, device, dtype)
        self._weights = LossWeights(config, device, dtype)
        self._steps = 0
        self._discriminators_turn = True
        self._rate = torch.zeros((), dtype=dtype, device=device)
        """The share of the reconstruction terms in the step."""

        assembly = Assembly(device, dtype, seed, config.run.convolution)
        self.G_A = assembly.generator(config.generator, unit_range=True)
        self.G_B = assembly.generator(config.generator, unit_range=True)
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

        terms = self._weights.terms
        matching = terms({"feature_matching": ("fm_A", "fm_B")})
        techniques = terms({"tv": ("tv_A", "tv_B"), "historical": ("hist_G",)})
        self.objective = ("G_A", "G_B", *matching, "recon_A", "recon_B", *techniques)
        of_discriminators = terms({"gradient_penalty": ("gp_A", "gp_B"), "historical": ("hist_D",)})
        self.components = (*self.objective, "D_A", "D_B", *of_discriminators)
        self.beliefs = names_of_beliefs(config.loss, "D_A", "D_B")

    # ---------------------------------------------------------------------------------------------- section 2.3

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Prepare, then compute (see Method.step)."""
        self.prepare(len(batch))
        return only(self.compute(batch), self.components)

    def prepare(self, images: int) -> Hashable:
        """Whose turn it is: the discriminators' in one step of every d_every, the first included (see Method.prepare).

        The rate of the step is put where it is read, as it depends on how many were done.
        """
        self._discriminators_turn = self._steps % self._config.method.d_every == 0
        self._rate.fill_(self._weights.values["rate_after" if self._has_switched else "rate"])
        self._steps += 1
        return self._discriminators_turn

    def compute(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Update the discriminators or the generators; both players' losses are reported (see Method.compute)."""
        parts = batch.parts(self._config.run.accumulate)
        losses = self._update_discriminators(parts) if self._discriminators_turn else self._update_generators(parts)
        return {name: losses[name] for name in (*self.components, *self.beliefs)}

    def _update_generators(self, parts: list[ImageBatch]) -> Losses:
        def losses_of(part: ImageBatch) -> Losses:
            generators, discriminators = self._losses(part)
            return generators | _only_reported(discriminators)

        with frozen(self.D_A, self.D_B):
            losses = descend(self.optimizers["G"], parts, losses_of, self._distances())
        self._averages.moved("G")
        return losses

    def _update_discriminators(self, parts: list[ImageBatch]) -> Losses:
        def losses_of(part: ImageBatch) -> Losses:
            generators, discriminators = self._losses(part)
            return _only_reported(generators) | discriminators

        with frozen(self.G_A, self.G_B):
            losses = descend(self.optimizers["D"], parts, losses_of, self._distances())
        self._averages.moved("D")
        return losses

    def _distances(self) -> Losses:
        """Of both players' weights from their past; that of the player who is frozen has no gradient."""
        return self._averages.distance("G") | self._averages.distance("D")

    def _losses(self, batch: ImageBatch) -> tuple[Losses, Losses]:
        """What the generators minimise, sharing it out by the rate r, and what the discriminators do, halved.

        The networks run in the implementation's order, in which batch normalisation averages its statistics.
        """
        weights = self._weights
        with self._run.autocast():
            real_A, real_B = _to_unit(batch.real_A), _to_unit(batch.real_B)
            fake_B, fake_A = self._run(self.G_A, real_A), self._run(self.G_B, real_B)
            rec_A, rec_B = self._run(self.G_B, fake_B), self._run(self.G_A, fake_A)
            to_A, of_A = self._judge_of_A.confront(real_A, fake_A)
            to_B, of_B = self._judge_of_B.confront(real_B, fake_B)
        r = self._rate
        generators = {
            # L_GAN
            "G_A": to_B.adversarial * weights["adversarial"] * (1 - r),
            "G_B": to_A.adversarial * weights["adversarial"] * (1 - r),
            # L_CONST
            "recon_A": l2(rec_A, real_A) * r,
            "recon_B": l2(rec_B, real_B) * r,
        }
        if to_B.feature_matching is not None and to_A.feature_matching is not None:
            generators["fm_A"] = to_B.feature_matching * (1 - r)
            generators["fm_B"] = to_A.feature_matching * (1 - r)
        if "tv" in weights:
            generators["tv_A"] = total_variation(fake_B) * weights["tv"]
            generators["tv_B"] = total_variation(fake_A) * weights["tv"]
        discriminators = {"D_A": (of_B.real + of_B.fake) * 0.5, "D_B": (of_A.real + of_A.fake) * 0.5}
        discriminators |= of_B.believed("D_A") | of_A.believed("D_B")
        if of_B.penalty is not None and of_A.penalty is not None:
            discriminators |= {"gp_A": of_B.penalty * 0.5, "gp_B": of_A.penalty * 0.5}
        return generators, discriminators

    @property
    def _has_switched(self) -> bool:
        return self._steps >= self._weights.values["switch"]

    # ------------------------------------------------------------------------------------------- looking at it

    def sample(self, batch: ImageBatch) -> list[SampleRow]:
        """Two rows: A with its translation and reconstruction, and B with its own (see Method.sample)."""
        G_A, G_B = self._averages.shown("G_A"), self._averages.shown("G_B")
        with evaluating(self.networks.values()), self._run.autocast():
            fake_B, fake_A = self._show(G_A, batch.real_A), self._show(G_B, batch.real_B)
            return [
                {"real_A": batch.real_A, "fake_B": fake_B, "rec_A": self._show(G_B, fake_B)},
                {"real_B": batch.real_B, "fake_A": fake_A, "rec_B": self._show(G_A, fake_A)},
            ]

    def translator(self, direction: Direction) -> nn.Module:
        """G_A translates AtoB, G_B BtoA (see Method.translator)."""
        return _Translator(self._averages.shown("G_A" if direction == "AtoB" else "G_B"))

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """See Method.translate."""
        height, width = images.shape[-2:]
        check_translatable(self._config.generator, height=height, width=width)
        translator = self.translator(direction)
        with evaluating([translator]), self._run.autocast():
            return self._run.many(translator, images)

    def _show(self, generator: nn.Module, images: Tensor) -> Tensor:
        """What a generator makes of images in [-1, 1], likewise in [-1, 1]."""
        return self._run.many(_Translator(generator), images)

    # ---------------------------------------------------------------------------------------- control and state

    @property
    def idle_controls(self) -> Mapping[str, str]:
        """The rate from before the switch (see Method.idle_controls)."""
        if not self._has_switched:
            return {}
        return {"loss.rate": f"acts up to step {self._weights.values['switch']:,.0f}, and then loss.rate_after"}

    def set_control(self, name: str, value: float) -> None:
        """Set a loss weight, a rate, or the step at which the rates switch (see Method.set_control)."""
        self._weights.set(name, value)

    def state_dict(self) -> dict[str, Tensor]:
        """The steps done, by which the players take turns and the rate switches, and averages over the past."""
        return {"steps": torch.tensor(self._steps), **self._averages.state_dict()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """See Method.load_state_dict."""
        self._steps = int(state["steps"])
        self._averages.load_state_dict(state)


class _Translator(nn.Module):
    """A generator, whose images are in [0, 1], for images in [-1, 1]."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> (N, 3, H, W) in [-1, 1]."""
        out: Tensor = self.generator(_to_unit(images)).to(images.dtype) * 2 - 1  # autocast may have narrowed it
        return out


def _to_unit(images: Tensor) -> Tensor:
    """From [-1, 1] to [0, 1]."""
    return (images + 1) / 2


def _only_reported(losses: Losses) -> Losses:
    return {name: loss.detach() for name, loss in losses.items()}
