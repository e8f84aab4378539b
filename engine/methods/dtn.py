"""DTN: translation that keeps what a classifier sees, learnt without pairs.

Taigman, Polyak, Wolf 2016, "Unsupervised cross-domain image generation", arXiv:1611.02200; equations and sections below
are its. Its source s is our A, its target t is B. G = g(f(x)): f, a classifier of the source's digits, is fixed, and
only g and the discriminator D learn; D tells three kinds of image apart.

The training of f is the first stage of a run: method.f_steps steps of the same loop, with curves, checkpoints, pauses
and an exact resume like any other, in which g and D rest; afterwards f rests for good. So every later checkpoint holds
a trained f, and method.f_from lets another run begin with it, such as an ablation or another target. It is taken where
it is asked for and nowhere else: f follows from data, digits left out, width, steps, rate, batch and seed, and a cache
that guessed whether all of these are the same would one day give a run an f that its preset does not describe.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from engine.batch import ImageBatch
from engine.config.data import Direction
from engine.config.geometry import check_translatable
from engine.config.methods import DtnConfig
from engine.errors import RequestError
from engine.losses import l2, ternary_belief, ternary_discriminator, ternary_generator, total_variation
from engine.methods.adversary import belief_names
from engine.methods.assembly import Assembly, adam
from engine.methods.averages import Averages
from engine.methods.descent import Losses, descend, only
from engine.methods.method import SampleRow, Stage, check_forward, evaluating, frozen
from engine.methods.passes import Passes
from engine.methods.weights import LossWeights
from engine.networks.discriminators import Verdict
from engine.protocol.trained_f import find_trained_f

KINDS = 3
"""Of image that D tells apart: G(s), G(t) and t."""


@dataclass(frozen=True, kw_only=True)
class _Translated:
    """Images of both domains, what f sees in the source's, and what G made of both, in the graph of the step."""

    s: Tensor
    f_s: Tensor
    G_s: Tensor
    t: Tensor
    G_t: Tensor

    def __len__(self) -> int:
        return len(self.s)


class Dtn:
    """The networks, objectives and optimizers of DTN; implements engine.methods.method.Method.

    Args:
        config: the run's preset.
        device: where it trains.
        seed: of the first weights, which are the same on every device.
        dtype: of weights, images and losses.

    Raises:
        RequestError: the device does not have the precision that is asked for.
    """

    def __init__(self, config: DtnConfig, device: torch.device, seed: int, dtype: torch.dtype = torch.float32) -> None:
        self._config = config
        self._run = Passes(config, device, dtype)
        self._weights = LossWeights(config, device, dtype)

        assembly = Assembly(device, dtype, seed, config.run.convolution)
        self.f = assembly.classifier(config.method.f_width)
        self.g = assembly.decoder(config.generator, self.f.channels)
        self.D = assembly.discriminator(config.discriminator, outputs=KINDS)
        self._averages = Averages(config.optim.ema, self._weights, {"g": self.g}, {"D": self.D})
        self.networks: Mapping[str, nn.Module] = {"f": self.f, "g": self.g, "D": self.D, **self._averages.networks}
        self.averages = frozenset(self._averages.networks)
        self.optimizers = {
            "G": adam([self.g], config.optim.lr_g, config.optim),
            "D": adam([self.D], config.optim.lr_d, config.optim),
        }
        self.base_rates: Mapping[str, str] = {"G": "optim.lr_g", "D": "optim.lr_d"}
        if config.method.trains_f:
            self.optimizers = {"f": adam([self.f], config.optim.lr_f, config.optim), **self.optimizers}
            self.base_rates = {"f": "optim.lr_f", **self.base_rates}
        self._f_steps = 0
        self._f_is_fixed = False
        self._f_learns = False
        """Whether it does in the step that was prepared."""
        self._zero = torch.zeros((), dtype=dtype, device=device)

        self.objective = ("G_GAN", "const", "tid", *self._weights.terms({"tv": ("tv",)}))
        self._of_f = ("f", "f_error") if config.method.trains_f else ()
        self._of_g_and_D = (*self.objective, "D_s", "D_t", "D_real")
        self.components = (*self._of_f, *self._of_g_and_D)
        self.beliefs = belief_names("D")

    @property
    def stage(self) -> Stage | None:
        """The training of f, until f is fixed (see Method.stage)."""
        if self._f_is_fixed or not self._config.method.trains_f:
            return None
        return Stage("training f", self._f_steps, self._config.method.f_steps, "method.f_steps")

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Prepare, then compute (see Method.step)."""
        self.prepare(len(batch))
        return only(self.compute(batch), self.components)

    def prepare(self, images: int) -> Hashable:
        """Whether f learns; if not, whether D does (see Method.prepare)."""
        self._f_learns = self.stage is not None
        if self._f_learns:
            self._f_steps += 1
            self._f_is_fixed = self._f_steps >= self._config.method.f_steps  # once this step is done
        else:
            self._take_f()
            self._rest_f()
        return self._f_learns, self._weights.wanted("adversarial")

    def compute(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Update f; once it is fixed, D, and then g against it on the same images (see Method.compute)."""
        if self._f_learns:
            return self._update_f(batch)
        translated = self._translate_batch(batch)
        losses = self._update_discriminator(translated) | self._update_generator(translated)
        return {name: losses.get(name, self._zero) for name in self._of_g_and_D} | only(losses, self.beliefs)

    # -------------------------------------------------------------------------------------- f, section 5.1

    def _update_f(self, batch: ImageBatch) -> Losses:
        """A step of f as a classifier of the source's digits."""

        def losses_of(part: ImageBatch) -> Losses:
            assert part.label_A is not None, "the data of a DTN run have labels"
            with self._run.autocast():
                logits = self._run(self.f, part.real_A)
            share_wrong = (logits.argmax(1) != part.label_A).to(logits.dtype).mean()
            return {"f": F.cross_entropy(logits, part.label_A), "f_error": share_wrong}

        return descend(self.optimizers["f"], [batch], losses_of)

    def _take_f(self) -> None:
        """Begin with the f of another run, or with one that stays at random, unless f is there already.

        Where f is first needed rather than where it is built: a run that goes on from its own checkpoint has its f
        there, and the other run may be gone.

        Raises:
            RequestError: the other run has no f that fits, or a branch is to have a random f and its parent's is none.
        """
        method = self._config.method
        if self._f_is_fixed or method.trains_f:
            return
        if self._f_steps and not method.f_from:
            fact = f"is behind the checkpoint, whose f has been trained for {self._f_steps:,} steps"
            raise RequestError("method.f_steps = 0", fact, "Set it to more, or begin at an earlier checkpoint.")
        if method.f_from:
            self.f.load_state_dict(load_file(find_trained_f(method.f_from, method.f_width)))
        self._f_is_fixed = True

    def _rest_f(self) -> None:
        """Let f be a fixed function: no gradient reaches its weights."""
        self.f.requires_grad_(False)
        for parameter in self.f.parameters():
            parameter.grad = None

    # ------------------------------------------------------------------------------------------- section 4

    def _translate_batch(self, batch: ImageBatch) -> _Translated:
        s, t = batch.real_A, batch.real_B
        with self._run.autocast():
            f_s, f_t = self._see(s), self._see(t)
            return _Translated(s=s, f_s=f_s, G_s=self._draw(f_s), t=t, G_t=self._draw(f_t))

    def _update_discriminator(self, images: _Translated) -> Losses:
        """Equation 3; while the generator does not ask D, D rests."""
        if not self._weights.wanted("adversarial"):
            return {}

        def losses_of(shown: _Translated) -> Losses:
            with self._run.autocast():
                verdicts = list(zip(*map(self._judge, (shown.G_s.detach(), shown.G_t.detach(), shown.t)), strict=True))
            judged = [ternary_discriminator(*logits) for logits in verdicts]
            of_source, of_target, of_real = (torch.stack(terms).mean() for terms in zip(*judged, strict=True))
            return {"D_s": of_source, "D_t": of_target, "D_real": of_real, **_believed(verdicts)}

        losses = descend(self.optimizers["D"], [images], losses_of)
        self._averages.moved("D")
        return losses

    def _update_generator(self, images: _Translated) -> Losses:
        with frozen(self.D):
            losses = descend(self.optimizers["G"], [images], self._generator_losses)
        self._averages.moved("G")
        return losses

    def _generator_losses(self, images: _Translated) -> Losses:
        """L_G, the sum of equations 4 to 7, each with its weight."""
        weights = self._weights
        with self._run.autocast():
            f_G_s = self._see(images.G_s)
        losses = {
            # equation 5
            "const": l2(f_G_s, images.f_s) * weights["const"],
            # equation 6
            "tid": l2(images.G_t, images.t) * weights["tid"],
        }
        if weights.wanted("adversarial"):
            losses["G_GAN"] = self._deception(images) * weights["adversarial"]
        if "tv" in weights:
            # equation 7
            losses["tv"] = (total_variation(images.G_s) + total_variation(images.G_t)) * weights["tv"]
        return losses

    def _deception(self, images: _Translated) -> Tensor:
        """L_GANG, equation 4."""
        with self._run.autocast():
            verdicts = zip(self._judge(images.G_s), self._judge(images.G_t), strict=True)
        return torch.stack([ternary_generator(of_source, of_target) for of_source, of_target in verdicts]).mean()

    def _see(self, images: Tensor) -> Tensor:
        """f(x): what it sees in images, (N, features, 2, 2)."""
        return self._run(self.f.features, images)

    def _draw(self, seen: Tensor, generator: nn.Module | None = None) -> Tensor:
        """g(f(x)): images, (N, 3, H, W)."""
        return self._run(generator or self.g, seen)

    def _judge(self, images: Tensor) -> list[Tensor]:
        """D's logits of the three kinds, (N, 3), by each discriminator that there is.

        The kinds go through it one by one: batch normalisation must not mix their statistics.
        """
        verdict: Verdict = self.D(images)
        return [logits.flatten(1).to(self._run.dtype) for logits in verdict.logits]

    # ------------------------------------------------------------------------------------------- looking at it

    def sample(self, batch: ImageBatch) -> list[SampleRow]:
        """Two rows: A with its translation, and B with what G makes of it, which should be the same."""
        self._take_f()
        with evaluating(self.networks.values()):
            return [
                {"real_A": batch.real_A, "fake_B": self._show(batch.real_A)},
                {"real_B": batch.real_B, "idt_B": self._show(batch.real_B)},
            ]

    def translator(self, direction: Direction) -> nn.Module:
        """g(f(x)), from A to B, the only direction that is trained (see Method.translator)."""
        check_forward(direction, "DTN")
        return nn.Sequential(self.f.model, self._averages.shown("g"))

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """See Method.translate."""
        check_forward(direction, "DTN")
        height, width = images.shape[-2:]
        check_translatable(self._config.generator, height=height, width=width)
        with evaluating(self.networks.values()):
            return self._show(images)

    def _show(self, images: Tensor) -> Tensor:
        generator = self._averages.shown("g")
        with self._run.autocast():
            return self._run.many(lambda chunk: self._draw(self._see(chunk), generator), images)

    # ---------------------------------------------------------------------------------------- control and state

    @property
    def idle_controls(self) -> Mapping[str, str]:
        """The rate of f once it is fixed (see Method.idle_controls)."""
        trained = self._config.method.trains_f and self._f_is_fixed
        return {"optim.lr_f": "is for the training of f, which is done"} if trained else {}

    def set_control(self, name: str, value: float) -> None:
        """Set a loss weight (see Method.set_control); adversarial at 0 saves D's step and its passes."""
        self._weights.set(name, value)

    def state_dict(self) -> dict[str, Tensor]:
        """How far f is trained, and averages over the past."""
        return {
            "f.steps": torch.tensor(self._f_steps),
            "f.is_fixed": torch.tensor(self._f_is_fixed),
            **self._averages.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """See Method.load_state_dict."""
        self._f_steps = int(state["f.steps"])
        self._f_is_fixed = bool(state["f.is_fixed"])
        self._take_f()  # where a branch trains its parent's no further, and has another run's instead
        self._averages.load_state_dict(state)


@torch.no_grad()
def _believed(verdicts: Sequence[tuple[Tensor, ...]]) -> Losses:
    """How real D takes target images and both kinds of generated ones to be: its probability of the third kind."""
    beliefs = torch.stack([torch.stack([ternary_belief(logits) for logits in kinds]) for kinds in verdicts]).mean(0)
    return dict(zip(belief_names("D"), (beliefs[2], beliefs[:2].mean()), strict=True))
