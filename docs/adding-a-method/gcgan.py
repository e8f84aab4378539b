"""GcGAN: translation one way, without pairs and without a way back.

Fu, Gong, Wang, Batmanghelich, Zhang, Tao 2019, "Geometry-consistent generative adversarial networks for one-sided
unsupervised domain mapping", arXiv:1809.05852. Its X is our A, Y is B, and f turns an image. One generator serves for
images that are upright and turned, and each kind has a discriminator. Terms and weights are those of its authors'
program (hufu6371/GcGAN, gc_gan_share_model).

An example for docs/adding-a-method.md, complete and tested (tests/test_adding_a_method.py), and no part of the engine:
there its structs are in two files of engine/config, and what follows them is engine/methods/gcgan.py.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.data import Direction, ImagesConfig, UnpairedData
from engine.config.geometry import check_translatable
from engine.config.losses import GanLoss
from engine.config.methods import MethodConfig
from engine.config.networks import DiscriminatorConfig, PatchDiscriminator, ResnetGenerator, TranslatingGenerator
from engine.config.schema import LiveWeight, PoolingOptim, Section
from engine.image_pool import ImagePool
from engine.losses import l1, total_variation
from engine.methods.adversary import Adversary, names_of_beliefs
from engine.methods.assembly import Assembly, adam
from engine.methods.averages import Averages
from engine.methods.descent import Losses, descend, only
from engine.methods.method import SampleRow, check_forward, evaluating, frozen
from engine.methods.passes import Passes
from engine.methods.random_state import random_from_tensor, random_to_tensor
from engine.methods.weights import LossWeights

# ------------------------------------------------------ engine/config/losses.py (the first), engine/config/methods.py


class GcGanLoss(GanLoss, frozen=True, kw_only=True):
    """The objective of GcGAN, with its authors' weights and their identity terms."""

    geometry: LiveWeight = 20.0
    """Weight of the distance of G(A) from G(A turned) turned back, and of the one from the other turned."""
    identity: LiveWeight = 5.0
    """Weight of |G(B) - B|, B upright and turned; at 0 it is not computed."""


class GcGanMethod(Section, frozen=True, kw_only=True, tag_field="kind", tag="gcgan"):
    """GcGAN (Fu et al. 2019, arXiv:1809.05852)."""

    geometry: Literal["rotation", "flip"] = "rotation"
    """What an image is put through that its content does not change by: a quarter turn, or upside down."""


class GcGanConfig(MethodConfig, frozen=True, kw_only=True):
    """Everything that defines a GcGAN run."""

    both_ways = False

    method: GcGanMethod = GcGanMethod()
    data: ImagesConfig = UnpairedData()
    generator: TranslatingGenerator = ResnetGenerator()
    discriminator: DiscriminatorConfig = PatchDiscriminator()
    loss: GcGanLoss = GcGanLoss()
    optim: PoolingOptim = PoolingOptim()


# --------------------------------------------------------------------------------------------- engine/methods/gcgan.py


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What the discriminators see: real images and translations, some of these older; detached."""

    real: Tensor
    fake: Tensor
    fake_turned: Tensor

    def __len__(self) -> int:
        return len(self.real)


class GcGan:
    """The networks, objectives and optimizers of GcGAN; implements engine.methods.method.Method.

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
        self, config: GcGanConfig, device: torch.device, seed: int, dtype: torch.dtype = torch.float32
    ) -> None:
        self._config = config
        self._run = Passes(config, device, dtype)
        self._weights = LossWeights(config, device, dtype)

        assembly = Assembly(device, dtype, seed, config.run.convolution)
        self.G = assembly.generator(config.generator)
        self.D, self.D_turned = (assembly.discriminator(config.discriminator) for _ in "xy")
        discriminators = {"D": self.D, "D_turned": self.D_turned}
        self._averages = Averages(config.optim.ema, self._weights, {"G": self.G}, discriminators)
        self.networks: Mapping[str, nn.Module] = {"G": self.G, **discriminators, **self._averages.networks}
        self.averages = frozenset(self._averages.networks)
        self.optimizers = {
            "G": adam([self.G], config.optim.lr_g, config.optim),
            "D": adam(discriminators.values(), config.optim.lr_d, config.optim),
        }
        self._judge = Adversary(self.D, config.discriminator, config.loss, self._weights, dtype)
        self._judge_turned = Adversary(self.D_turned, config.discriminator, config.loss, self._weights, dtype)
        self._pool_rng = Random(seed)
        self._pool, self._pool_turned = (ImagePool(config.optim.pool, self._pool_rng, device) for _ in "xy")
        self._zero = torch.zeros((), dtype=dtype, device=device)

        terms = self._weights.terms
        techniques = {"feature_matching": ("fm", "fm_turned"), "tv": ("tv",), "historical": ("hist_G",)}
        self.objective = ("G", "G_turned", "geometry", "idt", "idt_turned", *terms(techniques))
        of_discriminators = terms({"gradient_penalty": ("gp", "gp_turned"), "historical": ("hist_D",)})
        self.components = (*self.objective, "D", "D_turned", *of_discriminators)
        self.beliefs = names_of_beliefs(config.loss, "D", "D_turned")

    # ------------------------------------------------------------------------------------------------- a step

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Prepare, then compute (see Method.step)."""
        self.prepare(len(batch))
        return only(self.compute(batch), self.components)

    def prepare(self, images: int) -> Hashable:
        """Draw what the pools will show; whether the identity terms are computed makes two kinds of step."""
        self._pool.decide(images)
        self._pool_turned.decide(images)
        return self._weights.wanted("identity")

    def compute(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Update the generator, then both discriminators against the images just made (see Method.compute)."""
        parts = batch.parts(self._config.run.accumulate)
        fakes, fakes_turned, losses = self._update_generator(parts)
        losses |= self._update_discriminators(parts, fakes, fakes_turned)
        return {name: losses[name] for name in (*self.components, *self.beliefs)}

    def _update_generator(self, parts: list[ImageBatch]) -> tuple[list[Tensor], list[Tensor], Losses]:
        fakes: list[Tensor] = []
        fakes_turned: list[Tensor] = []

        def losses_of(part: ImageBatch) -> Losses:
            with self._run.autocast():
                fake, fake_turned = self._run.both(self.G, part.real_A, self._turned(part.real_A))
                fakes.append(fake.detach())
                fakes_turned.append(fake_turned.detach())
                return self._generator_losses(part, fake, fake_turned)

        with frozen(self.D, self.D_turned):
            losses = descend(self.optimizers["G"], parts, losses_of, self._averages.distance("G"))
        self._averages.moved("G")
        return fakes, fakes_turned, losses

    def _update_discriminators(
        self, parts: list[ImageBatch], fakes: list[Tensor], fakes_turned: list[Tensor]
    ) -> Losses:
        sizes = [len(part) for part in parts]
        older = torch.split(self._pool.query(torch.cat(fakes)), sizes)
        older_turned = torch.split(self._pool_turned.query(torch.cat(fakes_turned)), sizes)
        shown = [
            _Shown(real=part.real_B, fake=fake, fake_turned=turned)
            for part, fake, turned in zip(parts, older, older_turned, strict=True)
        ]
        losses = descend(self.optimizers["D"], shown, self._discriminator_losses, self._averages.distance("D"))
        self._averages.moved("D")
        return losses

    def _generator_losses(self, batch: ImageBatch, fake: Tensor, fake_turned: Tensor) -> Losses:
        """L_GAN of both kinds of image, L_geo, and the identity terms, each with its weight."""
        weights, real_turned = self._weights, self._turned(batch.real_B)
        upright = self._judge.deceive(fake, batch.real_B)
        turned = self._judge_turned.deceive(fake_turned, real_turned)
        losses = {
            "G": upright.adversarial * weights["adversarial"],
            "G_turned": turned.adversarial * weights["adversarial"],
            "geometry": self._inconsistency(fake, fake_turned) * weights["geometry"],
            "idt": self._zero,
            "idt_turned": self._zero,
        }
        if weights.wanted("identity"):
            same, same_turned = self._run.both(self.G, batch.real_B, real_turned)
            losses["idt"] = l1(same, batch.real_B) * weights["identity"]
            losses["idt_turned"] = l1(same_turned, real_turned) * weights["identity"]
        if upright.feature_matching is not None and turned.feature_matching is not None:
            losses |= {"fm": upright.feature_matching, "fm_turned": turned.feature_matching}
        if "tv" in weights:
            losses["tv"] = total_variation(fake) * weights["tv"]
        return losses

    def _inconsistency(self, fake: Tensor, fake_turned: Tensor) -> Tensor:
        """L_geo: each translation goes towards the other one, turned as it is, and not the other towards it."""
        back = self._turned(fake_turned.detach(), back=True)
        return l1(fake, back) + l1(fake_turned, self._turned(fake.detach()))

    def _turned(self, images: Tensor, *, back: bool = False) -> Tensor:
        """f of (N, C, H, W) images, or its inverse."""
        if self._config.method.geometry == "flip":
            return images.flip(2)
        return torch.rot90(images, 1 if back else -1, (2, 3))

    def _discriminator_losses(self, shown: _Shown) -> Losses:
        """L_GAN as each discriminator minimises it, halved."""
        with self._run.autocast():
            upright = self._judge.tell_apart(shown.real, shown.fake)
            turned = self._judge_turned.tell_apart(self._turned(shown.real), shown.fake_turned)
        losses = {"D": (upright.real + upright.fake) * 0.5, "D_turned": (turned.real + turned.fake) * 0.5}
        losses |= upright.believed("D") | turned.believed("D_turned")
        if upright.penalty is not None and turned.penalty is not None:
            losses |= {"gp": upright.penalty * 0.5, "gp_turned": turned.penalty * 0.5}
        return losses

    # ------------------------------------------------------------------------------------------ looking at it

    def sample(self, batch: ImageBatch) -> list[SampleRow]:
        """Two rows: A with its translation, and by way of the turned image; B as it is left (see Method.sample)."""
        generator = self._averages.shown("G")
        with evaluating(self.networks.values()), self._run.autocast():
            fake_B = self._run.many(generator, batch.real_A)
            turned = self._run.many(generator, self._turned(batch.real_A))
            idt_B = self._run.many(generator, batch.real_B)
        return [
            {"real_A": batch.real_A, "fake_B": fake_B, "turned_B": self._turned(turned, back=True)},
            {"real_B": batch.real_B, "idt_B": idt_B},
        ]

    def translator(self, direction: Direction) -> nn.Module:
        """G, from A to B, the only direction that is trained (see Method.translator)."""
        check_forward(direction, "GcGAN")
        return self._averages.shown("G")

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """See Method.translate."""
        generator = self.translator(direction)
        height, width = images.shape[-2:]
        check_translatable(self._config.generator, height=height, width=width)
        with evaluating([generator]), self._run.autocast():
            return self._run.many(generator, images)

    # -------------------------------------------------------------------------------------- control and state

    def set_control(self, name: str, value: float) -> None:
        """Set a loss weight (see Method.set_control); identity at 0 saves its passes through the generator."""
        self._weights.set(name, value)

    def state_dict(self) -> dict[str, Tensor]:
        """The pools' images, the stream that their decisions come from, and averages over the past."""
        return {
            "pool.images": self._pool.state_dict()["images"],
            "pool_turned.images": self._pool_turned.state_dict()["images"],
            "pool_rng": random_to_tensor(self._pool_rng),
            **self._averages.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """See Method.load_state_dict."""
        self._pool.load_state_dict({"images": state["pool.images"]})
        self._pool_turned.load_state_dict({"images": state["pool_turned.images"]})
        random_from_tensor(self._pool_rng, state["pool_rng"])
        self._averages.load_state_dict(state)
