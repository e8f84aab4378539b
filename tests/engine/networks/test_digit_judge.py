"""The judge's network."""

from __future__ import annotations

import torch
from torch import nn

from engine.networks.digit_judge import DigitJudge


def test_it_names_ten_digits_and_treats_each_image_by_itself() -> None:
    torch.manual_seed(0)
    judge = DigitJudge(4).eval()
    images = torch.rand(5, 3, 32, 32) * 2 - 1
    logits = judge(images)
    assert logits.shape == (5, 10)
    assert torch.allclose(logits[2:3], judge(images[2:3]), atol=1e-6)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in judge.modules())
