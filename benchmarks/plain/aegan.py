"""A training step of an autoencoder GAN, after UNIT's terms in the order of NVlabs/MUNIT (trainer.py, UNIT_Trainer).

Without its variational part, the class terms and several scales. Its program translates once for the discriminators and
once more for the generators; here, as in pix2pix's, both learn from the same translations.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.methods import AeGanConfig

from .freezing import set_requires_grad
from .gan_loss import GANLoss
from .networks import decoder, encoder, patch_gan, shared_blocks


class PlainAeGan:
    """Its networks, optimizers and step."""

    cycle = 1

    def __init__(self, config: AeGanConfig) -> None:
        self.config = config
        self.generators: dict[str, nn.Module] = {
            "encoder_A": encoder(config.generator),
            "encoder_B": encoder(config.generator),
            "decoder_A": decoder(config.generator),
            "decoder_B": decoder(config.generator),
        }
        into, out = [], []
        if config.generator.shared:
            into, out = [shared_blocks(config.generator)], [shared_blocks(config.generator)]
            self.generators |= {"shared_encoder": into[0], "shared_decoder": out[0]}
        self.D_A, self.D_B = patch_gan(config.discriminator), patch_gan(config.discriminator)
        self.networks: Mapping[str, nn.Module] = {**self.generators, "D_A": self.D_A, "D_B": self.D_B}
        self.encode_A = nn.Sequential(self.generators["encoder_A"], *into)
        self.encode_B = nn.Sequential(self.generators["encoder_B"], *into)
        self.decode_A = nn.Sequential(*out, self.generators["decoder_A"])
        self.decode_B = nn.Sequential(*out, self.generators["decoder_B"])

        self.criterionGAN = GANLoss(config.loss.gan)
        self.recon_criterion = nn.L1Loss()
        optim = config.optim
        betas, decay = (optim.beta1, optim.beta2), optim.weight_decay
        generators = itertools.chain(*(network.parameters() for network in self.generators.values()))
        discriminators = itertools.chain(self.D_A.parameters(), self.D_B.parameters())
        self.gen_opt = torch.optim.Adam(generators, lr=optim.lr_g, betas=betas, weight_decay=decay)
        self.dis_opt = torch.optim.Adam(discriminators, lr=optim.lr_d, betas=betas, weight_decay=decay)

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """The discriminators, then the generators against them."""
        x_a, x_b, weight = batch.real_A, batch.real_B, self.config.loss
        h_a, h_b = self.encode_A(x_a), self.encode_B(x_b)
        x_a_recon, x_b_recon = self.decode_A(h_a), self.decode_B(h_b)
        x_ba, x_ab = self.decode_A(h_b), self.decode_B(h_a)
        x_bab, x_aba = self.decode_B(self.encode_A(x_ba)), self.decode_A(self.encode_B(x_ab))

        set_requires_grad([self.D_A, self.D_B], True)
        self.dis_opt.zero_grad()
        losses = {"D_A": self.judged(self.D_A, x_a, x_ba), "D_B": self.judged(self.D_B, x_b, x_ab)}
        (losses["D_A"] + losses["D_B"]).backward()
        self.dis_opt.step()

        set_requires_grad([self.D_A, self.D_B], False)
        self.gen_opt.zero_grad()
        of_generators = {
            "recon_A": self.recon_criterion(x_a_recon, x_a) * weight.recon_a,
            "recon_B": self.recon_criterion(x_b_recon, x_b) * weight.recon_b,
            "cycle_A": self.recon_criterion(x_aba, x_a) * weight.cycle_a,
            "cycle_B": self.recon_criterion(x_bab, x_b) * weight.cycle_b,
            "adver_A": self.criterionGAN(self.D_A(x_ba), True) * weight.adversarial,
            "adver_B": self.criterionGAN(self.D_B(x_ab), True) * weight.adversarial,
        }
        torch.stack(list(of_generators.values())).sum().backward()
        self.gen_opt.step()
        return {name: loss.detach() for name, loss in (losses | of_generators).items()}

    def judged(self, D: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """What one discriminator minimises."""
        loss: Tensor = self.criterionGAN(D(fake.detach()), False) + self.criterionGAN(D(real), True)
        return loss
