"""A training step of CycleGAN, after junyanz/pytorch-CycleGAN-and-pix2pix (models/cycle_gan_model.py)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from random import Random

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.methods import CycleGanConfig

from .freezing import set_requires_grad
from .gan_loss import GANLoss
from .image_pool import ImagePool
from .networks import patch_gan, translator


class PlainCycleGan:
    """Its networks, optimizers and step."""

    cycle = 1

    def __init__(self, config: CycleGanConfig) -> None:
        self.config = config
        self.G_A, self.G_B = translator(config.generator), translator(config.generator)
        self.D_A, self.D_B = patch_gan(config.discriminator), patch_gan(config.discriminator)
        self.networks: Mapping[str, nn.Module] = {
            "G_A": self.G_A, "G_B": self.G_B, "D_A": self.D_A, "D_B": self.D_B
        }  # fmt: skip

        self.criterionGAN = GANLoss(config.loss.gan)
        self.criterionCycle = nn.L1Loss()
        self.criterionIdt = nn.L1Loss()
        optim = config.optim
        betas = (optim.beta1, optim.beta2)
        generators = itertools.chain(self.G_A.parameters(), self.G_B.parameters())
        discriminators = itertools.chain(self.D_A.parameters(), self.D_B.parameters())
        self.optimizer_G = torch.optim.Adam(generators, lr=optim.lr_g, betas=betas)
        self.optimizer_D = torch.optim.Adam(discriminators, lr=optim.lr_d, betas=betas)
        rng = Random(config.run.seed)
        self.fake_A_pool, self.fake_B_pool = ImagePool(optim.pool, rng), ImagePool(optim.pool, rng)

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Both generators, then both discriminators."""
        real_A, real_B, weight = batch.real_A, batch.real_B, self.config.loss
        fake_B = self.G_A(real_A)
        rec_A = self.G_B(fake_B)
        fake_A = self.G_B(real_B)
        rec_B = self.G_A(fake_A)

        set_requires_grad([self.D_A, self.D_B], False)
        self.optimizer_G.zero_grad()
        losses = {}
        idt_A = self.G_A(real_B)
        losses["idt_A"] = self.criterionIdt(idt_A, real_B) * weight.cycle_b * weight.identity
        idt_B = self.G_B(real_A)
        losses["idt_B"] = self.criterionIdt(idt_B, real_A) * weight.cycle_a * weight.identity
        losses["G_A"] = self.criterionGAN(self.D_A(fake_B), True) * weight.adversarial
        losses["G_B"] = self.criterionGAN(self.D_B(fake_A), True) * weight.adversarial
        losses["cycle_A"] = self.criterionCycle(rec_A, real_A) * weight.cycle_a
        losses["cycle_B"] = self.criterionCycle(rec_B, real_B) * weight.cycle_b
        torch.stack(list(losses.values())).sum().backward()
        self.optimizer_G.step()

        set_requires_grad([self.D_A, self.D_B], True)
        self.optimizer_D.zero_grad()
        losses["D_A"] = self.descend(self.D_A, real_B, self.fake_B_pool.query(fake_B))
        losses["D_B"] = self.descend(self.D_B, real_A, self.fake_A_pool.query(fake_A))
        self.optimizer_D.step()
        return {name: loss.detach() for name, loss in losses.items()}

    def descend(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """The gradient of one discriminator."""
        loss_D_real = self.criterionGAN(D(real), True)
        loss_D_fake = self.criterionGAN(D(fake.detach()), False)
        loss_D: Tensor = (loss_D_real + loss_D_fake) * 0.5
        loss_D.backward()
        return loss_D
