"""The losses of DTN's three-class discriminator and of total variation, on given logits and images."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.losses import ternary_discriminator, ternary_generator, total_variation
from tests.reference import vectors

CASE = vectors.CASES2["dtn"]
PRECISIONS = pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-7)])


def logits(name: str, dtype: torch.dtype) -> Tensor:
    return torch.tensor(CASE["logits"][name], dtype=torch.float64).to(dtype)


@PRECISIONS
def test_what_the_discriminator_minimises(dtype: torch.dtype, tolerance: float) -> None:
    losses = ternary_discriminator(*(logits(name, dtype) for name in ("D_G_s", "D_G_t", "D_t")))
    assert torch.stack(losses).sum().item() == pytest.approx(CASE["L_D"], rel=tolerance)


@PRECISIONS
def test_what_the_generator_minimises(dtype: torch.dtype, tolerance: float) -> None:
    loss = ternary_generator(logits("D_G_s", dtype), logits("D_G_t", dtype))
    assert loss.item() == pytest.approx(CASE["L_GANG"], rel=tolerance)


@PRECISIONS
def test_total_variation_of_each_image(dtype: torch.dtype, tolerance: float) -> None:
    """With B = 1, the paper's choice and the only one offered; the manifest has B = 2 as well, which nothing uses."""
    shape = vectors.shape_in(CASE["tv_input"])
    images = vectors.image(vectors.tag_in(CASE["tv_input"]), shape, dtype, vectors.SEED2)
    each = [total_variation(image[None]).item() for image in images]
    assert each == pytest.approx(CASE["L_TV_B1_sum_per_image"], rel=tolerance)
    assert total_variation(images).item() == pytest.approx(sum(each) / len(each), rel=1e-6)
