"""CycleGAN: translation between two domains without paired examples.

Zhu, Park, Isola, Efros 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks",
arXiv:1703.10593; equations and sections below are its. Its G is our G_A, F is G_B, D_Y is D_A, D_X is D_B, after the
reference implementation. Losses are weighted, reported and applied in that implementation's order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn
from torch.optim import Adam

from engine.batch import ImageBatch
from engine.config.geometry import check_translatable
from engine.config.losses import CycleGanLoss
from engine.config.methods import CycleGanConfig
from engine.config.networks import DiscriminatorConfig, GeneratorConfig
from engine.config.schema import OptimConfig
from engine.errors import RequestError
from engine.image_pool import ImagePool
from engine.losses import adversarial_loss, l1
from engine.methods.method import Direction, SampleRow, evaluating, frozen, in_chunks
from engine.methods.precision import autocast_of
from engine.methods.random_state import random_from_tensor, random_to_tensor
from engine.networks.discriminators import build_discriminator
from engine.networks.generators import build_generator
from engine.networks.initialise import initialise

CHANNELS = 3


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
            Dropout alone draws from PyTorch's global random state.
        dtype: of weights, images and losses.

    Raises:
        RequestError: the device does not have the precision that is asked for.
    """

    components = ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", "D_A", "D_B")
    objective = ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B")
    base_rates: Mapping[str, str] = {"G": "optim.lr_g", "D": "optim.lr_d"}

    def __init__(
        self, config: CycleGanConfig, device: torch.device, seed: int, dtype: torch.dtype = torch.float32
    ) -> None:
        self._config = config
        self._device = device
        self._autocast = autocast_of(config.run.precision, device)
        self._dtype = dtype

        draws = torch.Generator().manual_seed(seed)
        self.G_A = _generator(config.generator, draws).to(device, dtype)
        self.G_B = _generator(config.generator, draws).to(device, dtype)
        self.D_A = _discriminator(config.discriminator, draws).to(device, dtype)
        self.D_B = _discriminator(config.discriminator, draws).to(device, dtype)
        self.networks: Mapping[str, nn.Module] = {
            "G_A": self.G_A, "G_B": self.G_B, "D_A": self.D_A, "D_B": self.D_B
        }  # fmt: skip
        self.optimizers = {
            "G": _adam([self.G_A, self.G_B], config.optim.lr_g, config.optim),
            "D": _adam([self.D_A, self.D_B], config.optim.lr_d, config.optim),
        }

        self._pool_rng = Random(seed)
        self._pool_of_fake_A = ImagePool(config.optim.pool, self._pool_rng)
        self._pool_of_fake_B = ImagePool(config.optim.pool, self._pool_rng)

        self._gan = adversarial_loss(config.loss.gan)
        self._weights = {
            name: torch.tensor(value, dtype=dtype, device=device) for name, value in _loss_weights(config.loss).items()
        }
        self._identity_wanted = config.loss.identity > 0
        self._zero = torch.zeros((), dtype=dtype, device=device)

    # ------------------------------------------------------------------------------------------------ section 4

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Update both generators, then both discriminators against the images just made (see Method.step)."""
        images, generator_losses = self._update_generators(batch)
        discriminator_losses = self._update_discriminators(batch, images)
        losses = {**generator_losses, **discriminator_losses}
        return {name: losses[name].detach() for name in self.components}

    def _update_generators(self, batch: ImageBatch) -> tuple[_Translations, dict[str, Tensor]]:
        with frozen(self.D_A, self.D_B):
            with self._autocast():
                images = self._translate_batch(batch)
                losses = self._generator_losses(batch, images)
            self.optimizers["G"].zero_grad()
            torch.autograd.backward([losses[name] for name in self.objective if losses[name].requires_grad])
            self.optimizers["G"].step()
        return images, losses

    def _update_discriminators(self, batch: ImageBatch, images: _Translations) -> dict[str, Tensor]:
        # The pools share one stream of draws, so their order is part of the result: fake_B first.
        fake_B = self._pool_of_fake_B.query(images.fake_B)
        fake_A = self._pool_of_fake_A.query(images.fake_A)
        with self._autocast():
            losses = {
                "D_A": self._discriminator_loss(self.D_A, batch.real_B, fake_B),
                "D_B": self._discriminator_loss(self.D_B, batch.real_A, fake_A),
            }
        self.optimizers["D"].zero_grad()
        torch.autograd.backward([losses["D_A"], losses["D_B"]])
        self.optimizers["D"].step()
        return losses

    # ------------------------------------------------------------------------------------------ sections 3, 5.2

    def _translate_batch(self, batch: ImageBatch) -> _Translations:
        if self._identity_wanted and self._config.generator.norm != "batch":
            fake_B, idt_A = self._run_both(self.G_A, batch.real_A, batch.real_B)
            fake_A, idt_B = self._run_both(self.G_B, batch.real_B, batch.real_A)
            rec_A, rec_B = self._run(self.G_B, fake_B), self._run(self.G_A, fake_A)
            return _Translations(fake_B=fake_B, rec_A=rec_A, fake_A=fake_A, rec_B=rec_B, idt_A=idt_A, idt_B=idt_B)
        return self._translate_one_by_one(batch)

    def _translate_one_by_one(self, batch: ImageBatch) -> _Translations:
        """In the reference's order, which is also the order in which batch normalisation averages its statistics."""
        fake_B = self._run(self.G_A, batch.real_A)
        rec_A = self._run(self.G_B, fake_B)
        fake_A = self._run(self.G_B, batch.real_B)
        rec_B = self._run(self.G_A, fake_A)
        idt_A = self._run(self.G_A, batch.real_B) if self._identity_wanted else None
        idt_B = self._run(self.G_B, batch.real_A) if self._identity_wanted else None
        return _Translations(fake_B=fake_B, rec_A=rec_A, fake_A=fake_A, rec_B=rec_B, idt_A=idt_A, idt_B=idt_B)

    def _generator_losses(self, batch: ImageBatch, images: _Translations) -> dict[str, Tensor]:
        """Equation 3, each term with its weight; the identity terms are those of section 5.2."""
        adversarial, identity = self._weights["loss.adversarial"], self._weights["loss.identity"]
        cycle_a, cycle_b = self._weights["loss.cycle_a"], self._weights["loss.cycle_b"]
        losses = {
            # equation 1, as the generators minimise it
            "G_A": self._gan(self._run(self.D_A, images.fake_B), real=True) * adversarial,
            "G_B": self._gan(self._run(self.D_B, images.fake_A), real=True) * adversarial,
            # equation 2
            "cycle_A": l1(images.rec_A, batch.real_A) * cycle_a,
            "cycle_B": l1(images.rec_B, batch.real_B) * cycle_b,
            "idt_A": self._zero,
            "idt_B": self._zero,
        }
        if images.idt_A is not None and images.idt_B is not None:
            losses["idt_A"] = l1(images.idt_A, batch.real_B) * cycle_b * identity
            losses["idt_B"] = l1(images.idt_B, batch.real_A) * cycle_a * identity
        return losses

    def _discriminator_loss(self, discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """Equation 1, as a discriminator minimises it, halved to slow it relative to the generator (appendix 7.1)."""
        if self._config.discriminator.norm == "batch":
            of_real, of_fake = self._run(discriminator, real), self._run(discriminator, fake.detach())
        else:
            of_real, of_fake = self._run_both(discriminator, real, fake.detach())
        return (self._gan(of_real, real=True) + self._gan(of_fake, real=False)) * 0.5

    def _run(self, network: nn.Module, images: Tensor) -> Tensor:
        """A forward pass, whose result is in the run's own dtype whatever autocast computed it in."""
        out: Tensor = network(images)
        return out.to(self._dtype)

    def _run_both(self, network: nn.Module, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Two forward passes as one; for networks without batch normalisation, which treat every image by itself."""
        of_first, of_second = torch.chunk(self._run(network, torch.cat([first, second])), 2)
        return of_first, of_second

    # ------------------------------------------------------------------------------------------- looking at it

    def sample(self, batch: ImageBatch) -> list[SampleRow]:
        """Two rows: A with its translation and reconstruction, and B with its own (see Method.sample).

        While the identity terms are trained, each row ends with what the other generator makes of its real images.
        """
        with evaluating(self.networks.values()), self._autocast():
            fake_B, fake_A = self._show(self.G_A, batch.real_A), self._show(self.G_B, batch.real_B)
            rows = [
                {"real_A": batch.real_A, "fake_B": fake_B, "rec_A": self._show(self.G_B, fake_B)},
                {"real_B": batch.real_B, "fake_A": fake_A, "rec_B": self._show(self.G_A, fake_A)},
            ]
            if self._identity_wanted:
                rows[0]["idt_B"] = self._show(self.G_B, batch.real_A)
                rows[1]["idt_A"] = self._show(self.G_A, batch.real_B)
        return rows

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """G_A translates AtoB, G_B BtoA (see Method.translate)."""
        height, width = images.shape[-2:]
        check_translatable(self._config.generator, height=height, width=width)
        generator = self.G_A if direction == "AtoB" else self.G_B
        with evaluating([generator]), self._autocast():
            return self._show(generator, images)

    def _show(self, generator: nn.Module, images: Tensor) -> Tensor:
        return in_chunks(lambda chunk: self._run(generator, chunk), images, self._config.run.batch)

    # ---------------------------------------------------------------------------------------- control and state

    def set_control(self, name: str, value: float) -> None:
        """Set a loss weight (see Method.set_control); identity at 0 saves its two passes through the generators."""
        if name not in self._weights:
            raise RequestError(name, "is not a loss weight of cyclegan", f"There are {', '.join(self._weights)}.")
        self._weights[name].fill_(value)
        if name == "loss.identity":
            self._identity_wanted = value > 0

    def state_dict(self) -> dict[str, Tensor]:
        """The two pools' images and the state of the stream that their decisions come from (see Method.state_dict)."""
        return {
            "pool_of_fake_A.images": self._pool_of_fake_A.state_dict()["images"],
            "pool_of_fake_B.images": self._pool_of_fake_B.state_dict()["images"],
            "pool_rng": random_to_tensor(self._pool_rng),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """See Method.load_state_dict."""
        self._pool_of_fake_A.load_state_dict({"images": state["pool_of_fake_A.images"]}, self._device)
        self._pool_of_fake_B.load_state_dict({"images": state["pool_of_fake_B.images"]}, self._device)
        random_from_tensor(self._pool_rng, state["pool_rng"])


def _generator(config: GeneratorConfig, draws: torch.Generator) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # PyTorch's own first weights, which `initialise` replaces, draw from it
        network = build_generator(config, CHANNELS, CHANNELS)
    initialise(network, config.init, config.init_gain, draws)
    return network


def _discriminator(config: DiscriminatorConfig, draws: torch.Generator) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        network = build_discriminator(config, CHANNELS)
    initialise(network, config.init, config.init_gain, draws)
    return network


def _adam(networks: list[nn.Module], rate: float, config: OptimConfig) -> Adam:
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return Adam(parameters, lr=rate, betas=(config.beta1, config.beta2), fused=True)


def _loss_weights(config: CycleGanLoss) -> dict[str, float]:
    return {
        "loss.adversarial": config.adversarial,
        "loss.cycle_a": config.cycle_a,
        "loss.cycle_b": config.cycle_b,
        "loss.identity": config.identity,
    }
