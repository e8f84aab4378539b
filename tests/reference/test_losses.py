"""The adversarial losses of a patch map."""

from __future__ import annotations

import pytest
import torch

from engine.losses import GanKind, adversarial_loss
from tests.reference import vectors

CASE = vectors.CASES["gan_losses"]
KINDS: tuple[GanKind, ...] = ("lsgan", "vanilla")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", ["real", "fake"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-7)])
def test_value(kind: GanKind, side: str, dtype: torch.dtype, tolerance: float) -> None:
    shape = tuple(vectors.shape_in(CASE["input"]))
    draws = vectors.RECIPE._rs(vectors.SEED, vectors.tag_in(CASE["input"])).standard_normal(shape)
    logits = torch.from_numpy(draws.astype("float32")).to(dtype)
    loss = adversarial_loss(kind)(logits, real=side == "real")
    assert loss.item() == pytest.approx(CASE["values"][kind][side], abs=tolerance, rel=0)
