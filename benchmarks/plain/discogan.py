"""A training step of DiscoGAN, after SKTBrain/DiscoGAN (discogan/image_translation.py), with CycleGAN's names."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.methods import DiscoGanConfig

from .freezing import set_requires_grad
from .networks import ImageGan, encoder_decoder


class PlainDiscoGan:
    """Its networks, optimizers and step; the players take turns."""

    def __init__(self, config: DiscoGanConfig) -> None:
        self.config = config
        self.cycle = config.method.d_every
        self.G_A, self.G_B = encoder_decoder(config.generator), encoder_decoder(config.generator)
        self.D_A, self.D_B = ImageGan(config.discriminator), ImageGan(config.discriminator)
        self.networks: Mapping[str, nn.Module] = {
            "G_A": self.G_A, "G_B": self.G_B, "D_A": self.D_A, "D_B": self.D_B
        }  # fmt: skip

        self.recon_criterion = nn.MSELoss()
        self.gan_criterion = nn.BCELoss()
        optim = config.optim
        betas, decay = (optim.beta1, optim.beta2), optim.weight_decay
        generators = itertools.chain(self.G_A.parameters(), self.G_B.parameters())
        discriminators = itertools.chain(self.D_A.parameters(), self.D_B.parameters())
        self.optim_gen = torch.optim.Adam(generators, lr=optim.lr_g, betas=betas, weight_decay=decay)
        self.optim_dis = torch.optim.Adam(discriminators, lr=optim.lr_d, betas=betas, weight_decay=decay)
        self.iters = 0

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """All losses; then the discriminators or the generators."""
        discriminators_turn = self.iters % self.config.method.d_every == 0
        set_requires_grad([self.G_A, self.G_B], not discriminators_turn)
        set_requires_grad([self.D_A, self.D_B], discriminators_turn)
        A, B, weight = (batch.real_A + 1) / 2, (batch.real_B + 1) / 2, self.config.loss
        AB, BA = self.G_A(A), self.G_B(B)
        ABA, BAB = self.G_B(AB), self.G_A(BA)
        rate = weight.rate if self.iters < weight.switch else weight.rate_after
        self.iters += 1

        losses = {
            "recon_A": self.recon_criterion(ABA, A) * rate,
            "recon_B": self.recon_criterion(BAB, B) * rate,
        }
        gan_A, fm_A, dis_A = self.judged(self.D_A, B, AB)
        gan_B, fm_B, dis_B = self.judged(self.D_B, A, BA)
        losses["G_A"] = gan_A * weight.adversarial * (1 - rate)
        losses["G_B"] = gan_B * weight.adversarial * (1 - rate)
        losses["fm_A"] = fm_A * weight.feature_matching * (1 - rate)
        losses["fm_B"] = fm_B * weight.feature_matching * (1 - rate)
        if discriminators_turn:
            self.optim_dis.zero_grad()
            (dis_A + dis_B).backward()
            self.optim_dis.step()
        else:
            self.optim_gen.zero_grad()
            torch.stack(list(losses.values())).sum().backward()
            self.optim_gen.step()
        return {name: loss.detach() for name, loss in (losses | {"D_A": dis_A, "D_B": dis_B}).items()}

    def judged(self, D: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the generator's images are judged as, how far their features are, and the discriminator's own loss."""
        (real_logits, real_features), (fake_logits, fake_features) = D(real), D(fake)
        dis_real, dis_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
        labels_gen, labels_dis = torch.ones_like(dis_real), torch.zeros_like(dis_fake)
        dis_loss = (self.gan_criterion(dis_real, labels_gen) + self.gan_criterion(dis_fake, labels_dis)) * 0.5
        gen_loss = self.gan_criterion(dis_fake, labels_gen)
        fm_loss = torch.zeros_like(gen_loss)
        for of_real, of_fake in zip(real_features, fake_features, strict=True):
            fm_loss = fm_loss + (of_real.mean(0) - of_fake.mean(0)).square().mean()
        return gen_loss, fm_loss, dis_loss
