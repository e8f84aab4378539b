"""What tests of methods share: small batches, weights and gradients compared, runs that go on from a saved state."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.methods.method import Method

CPU = torch.device("cpu")
DIGITS = 10


def batch(seed: int = 0, size: int = 2, side: int = 16) -> ImageBatch:
    """Random images of both domains, with labels."""
    draws = torch.Generator().manual_seed(seed)
    real_A, real_B = (torch.rand(size, 3, side, side, generator=draws, dtype=torch.float64) * 2 - 1 for _ in "AB")
    label_A, label_B = (torch.randint(DIGITS, (size,), generator=draws) for _ in "AB")
    return ImageBatch(real_A=real_A, real_B=real_B, label_A=label_A, label_B=label_B)


def weights(method: Method, names: Iterable[str] | None = None) -> dict[str, Tensor]:
    """Every value of the networks named, or of all, running statistics included, as copies."""
    return {
        f"{name}/{key}": value.clone()
        for name in (names or method.networks)
        for key, value in method.networks[name].state_dict().items()
    }


def parameters(method: Method, names: Iterable[str]) -> dict[str, Tensor]:
    """What is learnt of the networks named, as copies."""
    return {f"{n}/{key}": p.detach().clone() for n in names for key, p in method.networks[n].named_parameters()}


def same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    """Whether both hold the same names and the same bits."""
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def alike(first: Mapping[str, Tensor], second: Mapping[str, Tensor], rtol: float) -> bool:
    """Whether both hold the same names and, but for rounding, the same values."""
    return first.keys() == second.keys() and all(torch.allclose(first[k], second[k], rtol, 1e-9) for k in first)


def changed(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> bool:
    """Whether any of the values that both name differs."""
    return any(not torch.equal(before[key], after[key]) for key in before)


def has_gradients(method: Method, names: Iterable[str]) -> bool:
    """Whether any parameter of the networks named has a gradient."""
    return any(parameter.grad is not None for name in names for parameter in method.networks[name].parameters())


def gradient(method: Method, optimizer: str) -> dict[str, Tensor]:
    """What an optimizer's last step went by, as one vector for each network: a step leaves its gradients there."""
    return {
        name: torch.cat(
            [torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in network.parameters()]
        )
        for name, network in method.networks.items()
        if name in networks_of(method.optimizers[optimizer], method.networks)
    }


def largest(gradient: Mapping[str, Tensor]) -> float:
    """The largest magnitude in it."""
    return max(of_network.abs().max().item() for of_network in gradient.values())


@dataclass(frozen=True)
class Step:
    """What a step reported, and the gradient that an optimizer went by."""

    losses: dict[str, float]
    gradient: dict[str, Tensor]


def step_with(
    make: Callable[[], Method], control: str, value: float, *, optimizer: str, after: int = 0, side: int = 16
) -> Step:
    """The step that follows `after` others and a nudge, in a new run; its noise is the same each time."""
    torch.manual_seed(0)
    method = make()
    for seed in range(after):
        method.step(batch(seed, side=side))
    method.set_control(control, value)
    losses = {name: loss.item() for name, loss in method.step(batch(after, side=side)).items()}
    return Step(losses, gradient(method, optimizer))


def check_weight(
    make: Callable[[], Method],
    control: str,
    components: set[str],
    *,
    optimizer: str,
    teaches: Iterable[str],
    after: int = 0,
    side: int = 16,
) -> None:
    """A weight scales its components and their gradient, at 0 to nothing, and touches no other component.

    Args:
        make: a new method, of whose run the control is part.
        control: such as "loss.tv".
        components: those that it weighs.
        optimizer: whose gradient it enters.
        teaches: the networks that its gradient reaches; no other.
        after: the step that is looked at.
        side: of the images, in pixels.
    """
    none, once, twice = (
        step_with(make, control, value, optimizer=optimizer, after=after, side=side) for value in (0.0, 1.0, 2.0)
    )
    assert components <= once.losses.keys()
    for name, loss in once.losses.items():
        if name in components:
            assert none.losses[name] == 0
            assert loss != 0
            assert abs(twice.losses[name] - 2 * loss) < 1e-9 * abs(loss)
        else:
            assert none.losses[name] == loss == twice.losses[name]
    share = {name: once.gradient[name] - none.gradient[name] for name in once.gradient}
    rounding = 1e-9 * largest(share)
    assert {name for name, of_network in share.items() if of_network.abs().max() > rounding} == set(teaches)
    for name, of_network in share.items():
        again = twice.gradient[name] - once.gradient[name]
        assert torch.allclose(again, of_network, rtol=1e-6, atol=rounding)


def resumed(method: Method, fresh: Method) -> Method:
    """A method that goes on from another's state, which went through a file that is read without trusting it."""
    state: dict[str, Any] = {
        "networks": {name: network.state_dict() for name, network in method.networks.items()},
        "optimizers": {name: optimizer.state_dict() for name, optimizer in method.optimizers.items()},
        "method": method.state_dict(),
    }
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    for name, network in fresh.networks.items():
        network.load_state_dict(state["networks"][name])
    for name, optimizer in fresh.optimizers.items():
        optimizer.load_state_dict(state["optimizers"][name])
    fresh.load_state_dict(state["method"])
    return fresh


def step_alike(first: Method, second: Method, steps: Iterable[int], side: int = 16) -> bool:
    """Whether both take the same steps bit for bit, given the same noise."""
    alike = True
    for seed in steps:
        torch.manual_seed(seed)
        losses = first.step(batch(seed, side=side))
        torch.manual_seed(seed)
        alike &= same(losses, second.step(batch(seed, side=side)))
    return alike and same(weights(first), weights(second))


def networks_of(optimizer: torch.optim.Optimizer, networks: Mapping[str, nn.Module]) -> set[str]:
    """The names of the networks whose every weight an optimizer changes, each weight once."""
    changed_by = [id(parameter) for group in optimizer.param_groups for parameter in group["params"]]
    assert len(changed_by) == len(set(changed_by))
    return {name for name, network in networks.items() if {id(p) for p in network.parameters()} <= set(changed_by)}
