"""A training step of DTN once f is fixed, after its paper (arXiv:1611.02200, equations 2 to 7)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.batch import ImageBatch
from engine.config.methods import DtnConfig

from .freezing import set_requires_grad
from .networks import ImageGan, digit_features, feature_decoder


class PlainDtn:
    """Its networks, optimizers and step."""

    cycle = 1

    def __init__(self, config: DtnConfig) -> None:
        self.config = config
        self.f = digit_features(config.method.f_width)
        self.g = feature_decoder(config.generator, 2 * config.method.f_width)
        self.D = ImageGan(config.discriminator, outputs=3)
        self.networks: Mapping[str, nn.Module] = {"f": self.f, "g": self.g, "D": self.D}

        set_requires_grad([self.f], False)
        self.f.eval()
        optim = config.optim
        betas = (optim.beta1, optim.beta2)
        self.optimizer_G = torch.optim.Adam(self.g.parameters(), lr=optim.lr_g, betas=betas)
        self.optimizer_D = torch.optim.Adam(self.D.parameters(), lr=optim.lr_d, betas=betas)

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """D, then g against it."""
        s, t, weight = batch.real_A, batch.real_B, self.config.loss
        f_s = self.f(s)
        G_s = self.g(f_s)
        G_t = self.g(self.f(t))

        set_requires_grad([self.D], True)
        self.optimizer_D.zero_grad()
        losses = {
            "D_s": self.surprise(G_s.detach(), 0),
            "D_t": self.surprise(G_t.detach(), 1),
            "D_real": self.surprise(t, 2),
        }
        torch.stack(list(losses.values())).sum().backward()
        self.optimizer_D.step()

        set_requires_grad([self.D], False)
        self.optimizer_G.zero_grad()
        of_generator = {
            "G_GAN": (self.surprise(G_s, 2) + self.surprise(G_t, 2)) * weight.adversarial,
            "const": F.mse_loss(self.f(G_s), f_s) * weight.const,
            "tid": F.mse_loss(G_t, t) * weight.tid,
        }
        torch.stack(list(of_generator.values())).sum().backward()
        self.optimizer_G.step()
        return {name: loss.detach() for name, loss in (losses | of_generator).items()}

    def surprise(self, images: Tensor, kind: int) -> Tensor:
        """-log of the probability that D gives images of being of a kind."""
        logits, _ = self.D(images)
        labels = torch.full((len(images),), kind, dtype=torch.long, device=images.device)
        return F.cross_entropy(logits.flatten(1), labels)
