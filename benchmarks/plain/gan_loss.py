"""The adversarial criterion as junyanz's CycleGAN and pix2pix have it, and what goes with it."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GANLoss(nn.Module):
    """Compares judgements with a label as large as they are.

    Args:
        gan_mode: "lsgan" or "vanilla".
    """

    def __init__(self, gan_mode: str) -> None:
        super().__init__()
        self.register_buffer("real_label", torch.tensor(1.0))
        self.register_buffer("fake_label", torch.tensor(0.0))
        match gan_mode:
            case "lsgan":
                self.loss: nn.Module = nn.MSELoss()
            case "vanilla":
                self.loss = nn.BCEWithLogitsLoss()
            case _:
                raise ValueError(f"no published system has the adversarial loss {gan_mode!r}")

    def forward(self, prediction: Tensor, target_is_real: bool) -> Tensor:
        """The mean over the judgements, 0-d."""
        label = self.get_buffer("real_label" if target_is_real else "fake_label")
        loss: Tensor = self.loss(prediction, label.to(prediction.dtype).expand_as(prediction))
        return loss
