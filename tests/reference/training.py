"""What the cases of whole training steps share: methods at their start, and losses and weights compared with theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.methods.method import Method
from tests.reference import vectors

LOSSES_F64 = 1e-9
"""Ours: the manifest stores the losses in full."""
Make = Callable[[dict[str, Any], torch.dtype], Method]
"""A case's method with weights of that type, as PyTorch or a seed has them."""
Values = dict[str, float]
"""The losses of a step by name."""


def started(make: Make, case: dict[str, Any], dtype: torch.dtype) -> Method:
    """The case's method with the recipe's weights, which are also compared with the manifest's digests."""
    method = make(case, dtype)
    for name, network in method.networks.items():
        assert vectors.load_recipe_weights(network.float(), "ref", f"{name}/") == case["weights_sha256"][name]
        network.to(dtype)
    return method


def batch(case: dict[str, Any], step: int, dtype: torch.dtype) -> ImageBatch:
    """The case's inputs of a step."""
    shape = vectors.shape_in(case["inputs"])
    real_A, real_B = (vectors.image(f"step{domain}{step}", shape, dtype) for domain in "AB")
    return ImageBatch(real_A=real_A, real_B=real_B)


def values_of(method: Method, losses: Mapping[str, Tensor]) -> Values:
    """A step's losses, and the sum that the generators minimise."""
    values = {name: loss.item() for name, loss in losses.items()}
    return values | {"G_total": sum(values[name] for name in method.objective)}


def take_every_step(method: Method, case: dict[str, Any]) -> list[Values]:
    """Train through the case in float64."""
    return [values_of(method, method.step(batch(case, step, torch.float64))) for step in range(case["steps"])]


def take_every_step_rounded(make: Make, case: dict[str, Any]) -> list[Values]:
    """The losses in float32, where every step starts from the float64 run's weights.

    Left to themselves the two part: a ReLU whose input is zero but for rounding changes a gradient, and Adam's first
    steps turn a changed sign into a full step. The reference's own float32 run does so or not with the thread count.
    """
    exact, rounded = started(make, case, torch.float64), started(make, case, torch.float32)
    values = []
    for step in range(case["steps"]):
        for key, network in rounded.networks.items():
            network.load_state_dict(exact.networks[key].state_dict())
        values.append(values_of(rounded, rounded.step(batch(case, step, torch.float32))))
        exact.step(batch(case, step, torch.float64))
    return values


def compare_losses(ours: list[Values], theirs: list[Values], tolerance: float) -> None:
    """Every loss that the reference reports, under its name."""
    assert len(ours) == len(theirs)
    for mine, wanted in zip(ours, theirs, strict=True):
        assert mine == pytest.approx(wanted, abs=tolerance, rel=tolerance)


def compare_state_after(method: Method, case: dict[str, Any]) -> None:
    """Weights and running statistics after the case's last step: each of them where they are stored, or their sums."""
    if "after" in case:
        _compare_values(method, case["after"].split()[0], vectors.TOLERANCES["params_after_step_f64"])
    else:
        _compare_digests(method, case["after_digest_f64"])


def _compare_values(method: Method, file: str, tolerance: float) -> None:
    wanted = vectors.tensors(file)
    ours = {
        f"{name}/{key}": value
        for name, network in method.networks.items()
        for key, value in network.state_dict().items()
        if value.is_floating_point()
    }
    assert set(ours) == set(wanted)
    apart = {key: vectors.worst_difference(value, wanted[key]) for key, value in ours.items()}
    assert {key: distance for key, distance in apart.items() if distance > tolerance} == {}


def _compare_digests(method: Method, digests: dict[str, list[float]]) -> None:
    """By the sum and the sum of magnitudes of each network's values."""
    for name, (total, magnitude) in digests.items():
        values = [value for value in method.networks[name].state_dict().values() if value.is_floating_point()]
        assert sum(value.sum().item() for value in values) == pytest.approx(total, abs=1e-9 * magnitude, rel=0)
        assert sum(value.abs().sum().item() for value in values) == pytest.approx(magnitude, rel=1e-9)


def share_apart_after_one_step(make: Make, case: dict[str, Any]) -> dict[str, float]:
    """By network, the share of weights that end up elsewhere in float32 than in float64, beyond the tolerance."""
    exact, rounded = started(make, case, torch.float64), started(make, case, torch.float32)
    exact.step(batch(case, 0, torch.float64))
    rounded.step(batch(case, 0, torch.float32))
    shares = {}
    for key, network in rounded.networks.items():
        dead = _dead_biases(network)
        parameters = [(name, value) for name, value in network.named_parameters() if name not in dead]
        apart = torch.cat([(v.double() - exact.networks[key].get_parameter(name)).flatten() for name, v in parameters])
        shares[key] = (apart.abs() > vectors.TOLERANCES["live_params_after_step_f32"]).double().mean().item()
    return shares


def _dead_biases(network: nn.Module) -> set[str]:
    """Biases that instance normalisation removes again: their gradient is rounding noise, which Adam magnifies."""
    dead = set()
    for prefix, layers in network.named_modules():
        if isinstance(layers, nn.Sequential):
            for (index, layer), (_, following) in pairwise(layers.named_children()):
                if hasattr(layer, "bias") and isinstance(following, nn.InstanceNorm2d):
                    dead.add(f"{prefix}.{index}.bias")
    return dead
