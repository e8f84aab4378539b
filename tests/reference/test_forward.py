"""What every network makes of an image."""

from __future__ import annotations

import pytest
import torch

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
        output = network(images)
    assert list(output.shape) == case["output_shape"]
    worst = (output.double() - STORED[f"{name}.output"].double()).abs().max().item()
    assert worst <= vectors.TOLERANCES[tolerance]
