"""A method's whole state as bytes: what the leader hands to the other ranks, which need no files, before they train."""

from __future__ import annotations

from collections import defaultdict

from safetensors.torch import load, save
from torch import Tensor
from torch.optim import Optimizer

from engine.methods.method import Method

_NETWORK, _OPTIMIZER, _METHOD = "network", "optimizer", "method"


def packed_state(method: Method) -> bytes:
    """Networks, moments of optimizers, and the method's own state, as safetensors."""
    state = {f"{_METHOD}/{key}": tensor for key, tensor in method.state_dict().items()}
    for name, network in method.networks.items():
        state |= {f"{_NETWORK}/{name}/{key}": tensor for key, tensor in network.state_dict().items()}
    for name, optimizer in method.optimizers.items():
        for number, moments in optimizer.state_dict()["state"].items():
            state |= {f"{_OPTIMIZER}/{name}/{number}/{key}": tensor for key, tensor in moments.items()}
    return save({key: tensor.detach().to("cpu", copy=True).contiguous() for key, tensor in state.items()})


def take_up_state(method: Method, packed: bytes) -> None:
    """Put such a state into the same method; settings of optimizers stay the configuration's."""
    state = _nested(load(packed))
    for name, network in method.networks.items():
        network.load_state_dict(state[f"{_NETWORK}/{name}"])
    for name, optimizer in method.optimizers.items():
        _take_up_moments(optimizer, state[f"{_OPTIMIZER}/{name}"])
    method.load_state_dict(state[_METHOD])


def _nested(flat: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """By whose they are; what is left of a key is that within it."""
    nested: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, tensor in flat.items():
        kind, rest = key.split("/", 1)
        name, within = ("", rest) if kind == _METHOD else rest.split("/", 1)
        nested[f"{kind}/{name}" if name else kind][within] = tensor
    return nested


def _take_up_moments(optimizer: Optimizer, moments: dict[str, Tensor]) -> None:
    by_parameter: dict[int, dict[str, Tensor]] = defaultdict(dict)
    for key, tensor in moments.items():
        number, name = key.split("/", 1)
        by_parameter[int(number)][name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    rates = [group["lr"] for group in optimizer.param_groups]
    optimizer.load_state_dict({"state": dict(by_parameter), "param_groups": groups})
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate  # the tensor that a recording reads, where it is one
