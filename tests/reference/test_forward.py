"""What every network makes of an image."""

from __future__ import annotations

import pytest
import torch

from engine.networks.convolutions import compute_by
from engine.networks.discriminators import Verdict
from tests.reference import vectors

NAMES = vectors.cases("forward")
STORED = vectors.tensors("forward.safetensors")


@pytest.mark.parametrize("name", NAMES)
def test_keys_shapes_and_order_are_the_references(name: str) -> None:
    case = vectors.CASES[name]
    network = vectors.network_of(name)
    if isinstance(case["keys"], list):
        assert [[key, list(value.shape)] for key, value in network.state_dict().items()] == case["keys"]
    assert vectors.load_recipe_weights(network, "scaled") == case["weights_sha256"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, "forward_f32"), (torch.float64, "forward_f64")])
def test_output(name: str, dtype: torch.dtype, tolerance: str) -> None:
    case = vectors.CASES[name]
    network = vectors.network_of(name)
    vectors.load_recipe_weights(network, "scaled")
    network.to(dtype).train(case["train_mode"])
    images = vectors.image(vectors.tag_in(case["input"]), vectors.shape_in(case["input"]), dtype)
    with torch.no_grad():
        output = vectors.output_of(network, images)
    assert list(output.shape) == case["output_shape"]
    assert vectors.worst_difference(output, STORED[f"{name}.output"]) <= vectors.TOLERANCES[tolerance]


@pytest.mark.parametrize("name", [name for name in NAMES if "resnet" in name])
def test_output_with_every_convolution_computed_the_other_way(name: str) -> None:
    """By Winograd's algorithm and by folding, whatever the size, in float32."""
    case = vectors.CASES[name]
    network = vectors.network_of(name)
    vectors.load_recipe_weights(network, "scaled")
    compute_by("fast", network.train(case["train_mode"]))
    images = vectors.image(vectors.tag_in(case["input"]), vectors.shape_in(case["input"]), torch.float32)
    with torch.no_grad():
        output = vectors.output_of(network, images)
    assert vectors.worst_difference(output, STORED[f"{name}.output"]) <= vectors.TOLERANCES["forward_f32"]


@pytest.mark.parametrize("name", vectors.variants())
def test_output_of_other_papers_networks(name: str) -> None:
    """Those of DiscoGAN and the ResNet with resize-convolution, by the second manifest.

    Its ptgan_D is left out: PyTorch-GAN's discriminator is not the paper's PatchGAN, and none of ours. DiscoGAN's ends
    in a sigmoid, ours in a logit. In float64 alone: of two images and one pixel, as at the bottleneck, batch
    normalisation keeps little but the sign of the difference, and magnifies the rounding of float32 with it.
    """
    variant = vectors.variant(name)
    with torch.no_grad():
        output = vectors.output_of(variant.network, variant.images)
    output = output.sigmoid() if name == "disco_D" else output
    assert output.shape[1:] == variant.stored.shape[1:]
    assert sum(parameter.numel() for parameter in variant.network.parameters()) == vectors.CASES2[name]["params"]
    assert vectors.worst_difference(output[: len(variant.stored)], variant.stored) <= vectors.TOLERANCES["forward_f64"]


def test_features_that_discogan_matches() -> None:
    case, variant = vectors.CASES2["disco_D"], vectors.variant("disco_D")
    with torch.no_grad():
        verdict: Verdict = variant.network(variant.images)
    [features] = verdict.features
    assert [list(layer.shape) for layer in features] == case["feat_shapes"]
    tolerance = vectors.TOLERANCES["forward_f64"]
    assert [layer.mean().item() for layer in features] == pytest.approx(case["feat_means"], abs=tolerance)
    assert [layer.abs().mean().item() for layer in features] == pytest.approx(case["feat_abs"], abs=tolerance)
    assert verdict.logits[0].sigmoid().flatten().tolist() == pytest.approx(case["output"], abs=tolerance)
