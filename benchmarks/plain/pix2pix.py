"""A training step of pix2pix, after junyanz/pytorch-CycleGAN-and-pix2pix (models/pix2pix_model.py)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.methods import Pix2PixConfig

from .freezing import set_requires_grad
from .gan_loss import GANLoss
from .networks import patch_gan, translator


class PlainPix2Pix:
    """Its networks, optimizers and step."""

    cycle = 1

    def __init__(self, config: Pix2PixConfig) -> None:
        self.config = config
        self.G, self.D = translator(config.generator), patch_gan(config.discriminator, in_channels=6)
        self.networks: Mapping[str, nn.Module] = {"G": self.G, "D": self.D}

        self.criterionGAN = GANLoss(config.loss.gan)
        self.criterionL1 = nn.L1Loss()
        optim = config.optim
        betas = (optim.beta1, optim.beta2)
        self.optimizer_G = torch.optim.Adam(self.G.parameters(), lr=optim.lr_g, betas=betas)
        self.optimizer_D = torch.optim.Adam(self.D.parameters(), lr=optim.lr_d, betas=betas)

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """The discriminator, then the generator against it."""
        real_A, real_B, weight = batch.real_A, batch.real_B, self.config.loss
        fake_B = self.G(real_A)

        set_requires_grad([self.D], True)
        self.optimizer_D.zero_grad()
        pred_fake = self.D(torch.cat((real_A, fake_B), 1).detach())
        loss_D_fake = self.criterionGAN(pred_fake, False)
        pred_real = self.D(torch.cat((real_A, real_B), 1))
        loss_D_real = self.criterionGAN(pred_real, True)
        ((loss_D_fake + loss_D_real) * 0.5).backward()
        self.optimizer_D.step()

        set_requires_grad([self.D], False)
        self.optimizer_G.zero_grad()
        pred_fake = self.D(torch.cat((real_A, fake_B), 1))
        loss_G_GAN = self.criterionGAN(pred_fake, True) * weight.adversarial
        loss_G_L1 = self.criterionL1(fake_B, real_B) * weight.l1
        (loss_G_GAN + loss_G_L1).backward()
        self.optimizer_G.step()
        losses = {"G_GAN": loss_G_GAN, "G_L1": loss_G_L1, "D_real": loss_D_real * 0.5, "D_fake": loss_D_fake * 0.5}
        return {name: loss.detach() for name, loss in losses.items()}
