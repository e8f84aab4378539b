"""pix2pix: translation learnt from pairs of images.

Isola, Zhu, Zhou, Efros 2017, "Image-to-image translation with conditional adversarial networks", arXiv:1611.07004;
equations and sections below are its. Its x is our A, its y is B. Losses are weighted, reported and applied in the order
of the reference implementation (junyanz/pytorch-CycleGAN-and-pix2pix), whose names they have.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from engine.batch import ImageBatch
from engine.config.data import Direction
from engine.config.geometry import check_translatable
from engine.config.methods import Pix2PixConfig
from engine.image_pool import ImagePool
from engine.losses import l1, l2, total_variation
from engine.methods.adversary import Adversary, names_of_beliefs
from engine.methods.assembly import CHANNELS, Assembly, adam
from engine.methods.averages import Averages
from engine.methods.descent import Losses, descend, only
from engine.methods.method import SampleRow, check_forward, evaluating, frozen, translating_as_trained
from engine.methods.passes import Passes
from engine.methods.random_state import random_from_tensor, random_to_tensor
from engine.methods.weights import LossWeights


@dataclass(frozen=True, kw_only=True)
class _Translated:
    """Pairs, and what the generator made of their first halves, in the graph of the step."""

    real_A: Tensor
    real_B: Tensor
    fake_B: Tensor

    def __len__(self) -> int:
        return len(self.real_A)


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """As many real pairs as pairs of an image and its translation, some of these older; detached."""

    real: Tensor
    fake: Tensor

    def __len__(self) -> int:
        return len(self.real)


class Pix2Pix:
    """The networks, objectives and optimizers of pix2pix; implements engine.methods.method.Method.

    Args:
        config: the run's preset.
        device: where it trains.
        seed: of the first weights, which are the same on every device, and of the image pool (random.Random(seed)).
            Dropout and the gradient penalty draw from PyTorch's global random state.
        dtype: of weights, images and losses.

    Raises:
        RequestError: the device does not have the precision that is asked for.
    """

    base_rates: Mapping[str, str] = {"G": "optim.lr_g", "D": "optim.lr_d"}
    stage = None
    idle_controls: Mapping[str, str] = {}

    def __init__(
        self, config: Pix2PixConfig, device: torch.device, seed: int, dtype: torch.dtype = torch.float32
    ) -> None:
        self._config = config
        self._run = Passes(config, device, dtype)
        self._weights = LossWeights(config, device, dtype)

        assembly = Assembly(device, dtype, seed, config.run.convolution)
        self.G = assembly.generator(config.generator)
        self.D = assembly.discriminator(config.discriminator, channels=2 * CHANNELS)
        self._averages = Averages(config.optim.ema, self._weights, {"G": self.G}, {"D": self.D})
        self.networks: Mapping[str, nn.Module] = {"G": self.G, "D": self.D, **self._averages.networks}
        self.averages = frozenset(self._averages.networks)
        self.optimizers = {
            "G": adam([self.G], config.optim.lr_g, config.optim),
            "D": adam([self.D], config.optim.lr_d, config.optim),
        }
        self._judge = Adversary(self.D, config.discriminator, config.loss, self._weights, dtype)
        self._pool_rng = Random(seed)
        self._pool = ImagePool(config.optim.pool, self._pool_rng, device)

        terms = self._weights.terms
        techniques = {"l2": ("G_L2",), "feature_matching": ("fm",), "tv": ("tv",), "historical": ("hist_G",)}
        self.objective = ("G_GAN", "G_L1", *terms(techniques))
        of_discriminator = terms({"gradient_penalty": ("gp",), "historical": ("hist_D",)})
        self.components = (*self.objective, "D_real", "D_fake", *of_discriminator)
        self.beliefs = names_of_beliefs(config.loss, "D")

    # ---------------------------------------------------------------------------------------------- section 3.1

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Prepare, then compute (see Method.step)."""
        self.prepare(len(batch))
        return only(self.compute(batch), self.components)

    def prepare(self, images: int) -> Hashable:
        """Draw which pairs the pool will show; every step is of one kind (see Method.prepare)."""
        self._pool.decide(images)
        return ()

    def compute(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Update the discriminator, then the generator against it, on the same translations (see Method.compute)."""
        translated = [self._translate(part) for part in batch.parts(self._config.run.accumulate)]
        losses = self._update_discriminator(translated) | self._update_generator(translated)
        return {name: losses[name] for name in (*self.components, *self.beliefs)}

    def _translate(self, part: ImageBatch) -> _Translated:
        """The translation; of a part, its activations are made again when its gradient is, the same dropout included.

        Both players see it, so without that all parts' activations would be held at once.
        """
        with self._run.autocast():
            if self._config.run.accumulate > 1:
                fake_B = checkpoint(self._run, self.G, part.real_A, use_reentrant=False)
            else:
                fake_B = self._run(self.G, part.real_A)
        return _Translated(real_A=part.real_A, real_B=part.real_B, fake_B=fake_B)

    def _update_discriminator(self, translated: list[_Translated]) -> Losses:
        shown = self._show_pairs(translated)
        losses = descend(self.optimizers["D"], shown, self._discriminator_losses, self._averages.distance("D"))
        self._averages.moved("D")
        return losses

    def _show_pairs(self, translated: list[_Translated]) -> list[_Shown]:
        newest = torch.cat([_pair(part.real_A, part.fake_B.detach()) for part in translated])
        pairs = torch.split(self._pool.query(newest), [len(part) for part in translated])
        return [
            _Shown(real=_pair(part.real_A, part.real_B), fake=fake)
            for part, fake in zip(translated, pairs, strict=True)
        ]

    def _discriminator_losses(self, shown: _Shown) -> Losses:
        """Equation 1, as the discriminator minimises it, halved to slow it relative to the generator (3.3)."""
        with self._run.autocast():
            # In the reference's order, in which batch normalisation averages its statistics.
            judged = self._judge.tell_apart(shown.real, shown.fake, fake_first=True)
        losses = {"D_real": judged.real * 0.5, "D_fake": judged.fake * 0.5} | judged.believed("D")
        return losses if judged.penalty is None else losses | {"gp": judged.penalty * 0.5}

    def _update_generator(self, translated: list[_Translated]) -> Losses:
        with frozen(self.D):
            losses = descend(self.optimizers["G"], translated, self._generator_losses, self._averages.distance("G"))
        self._averages.moved("G")
        return losses

    def _generator_losses(self, images: _Translated) -> Losses:
        """Equation 4, each term with its weight."""
        weights = self._weights
        with self._run.autocast():
            real_pair = _pair(images.real_A, images.real_B)
            to_B = self._judge.deceive(_pair(images.real_A, images.fake_B), real_pair)
        losses = {
            # equation 1, as the generator minimises it
            "G_GAN": to_B.adversarial * weights["adversarial"],
            # equation 3
            "G_L1": l1(images.fake_B, images.real_B) * weights["l1"],
        }
        if "l2" in weights:
            losses["G_L2"] = l2(images.fake_B, images.real_B) * weights["l2"]
        if to_B.feature_matching is not None:
            losses["fm"] = to_B.feature_matching
        if "tv" in weights:
            losses["tv"] = total_variation(images.fake_B) * weights["tv"]
        return losses

    # ------------------------------------------------------------------------------------------- looking at it

    def sample(self, batch: ImageBatch) -> list[SampleRow]:
        """One row: A, its translation, and the B that belongs to it (see Method.sample)."""
        with self._looking():
            return [{"real_A": batch.real_A, "fake_B": self._show(batch.real_A), "real_B": batch.real_B}]

    def translator(self, direction: Direction) -> nn.Module:
        """G, from A to B, the only direction that was trained (see Method.translator)."""
        check_forward(direction, "pix2pix")
        return self._averages.shown("G")

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """With dropout and batch statistics, as sheets show it, where the run has that (see Method.translate)."""
        check_forward(direction, "pix2pix")
        height, width = images.shape[-2:]
        check_translatable(self._config.generator, height=height, width=width)
        with self._looking():
            return self._show(images)

    def _looking(self) -> AbstractContextManager[None]:
        """Without dropout and with averaged statistics, or as the paper does at test time (section 3.2)."""
        networks = self.networks.values()
        return translating_as_trained(networks) if self._config.method.test_time_noise else evaluating(networks)

    def _show(self, images: Tensor) -> Tensor:
        generator = self._averages.shown("G")
        with self._run.autocast():
            return self._run.many(generator, images)

    # ---------------------------------------------------------------------------------------- control and state

    def set_control(self, name: str, value: float) -> None:
        """Set a loss weight (see Method.set_control)."""
        self._weights.set(name, value)

    def state_dict(self) -> dict[str, Tensor]:
        """The pool's pairs, the stream that its decisions come from, and averages over the past."""
        return {
            "pool.images": self._pool.state_dict()["images"],
            "pool_rng": random_to_tensor(self._pool_rng),
            **self._averages.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """See Method.load_state_dict."""
        self._pool.load_state_dict({"images": state["pool.images"]})
        random_from_tensor(self._pool_rng, state["pool_rng"])
        self._averages.load_state_dict(state)


def _pair(first: Tensor, second: Tensor) -> Tensor:
    """Two images as one of twice the channels: the discriminator sees what was translated beside the translation."""
    return torch.cat([first, second], dim=1)
