"""A run's state at one step boundary: copying it to host memory, and telling whether it is fit to be saved."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.methods.method import Method
from engine.protocol.checkpoints import Manifest
from engine.transfers import copying_to_host


class NotFiniteError(Exception):
    """A state that is not to be saved: some of its numbers are NaN or infinite."""

    def __init__(self, names: str) -> None:
        super().__init__(f"{names}: values are NaN or infinite")
        self.names = names
        """The networks and optimizers concerned."""


@dataclass(frozen=True)
class Snapshot:
    """A run's state at one step boundary, copied to host memory."""

    manifest: Manifest
    """Complete but for ``files``."""
    networks: Mapping[str, dict[str, Tensor]]
    training: dict[str, Any]
    """Tensors and plain values: optimizers, method, schedule, panel, meters, progress, random states."""
    thumbnail: bytes | None
    """A small PNG, where there is one."""


def copy_state(
    method: Method, training: dict[str, Any], manifest: Manifest, thumbnail: bytes | None = None
) -> Snapshot:
    """Copy a run's state to host memory; the step loop waits for this and for nothing else of a checkpoint.

    A GPU is waited for once, when all copies are under way.

    Args:
        method: its networks, optimizers and own state are copied.
        training: what else belongs to the run: plain values and tensors.
        manifest: what the checkpoint will say of itself.
        thumbnail: a PNG to be kept beside it.
    """
    whole = {
        **training,
        "optimizers": {name: optimizer.state_dict() for name, optimizer in method.optimizers.items()},
        "method": method.state_dict(),
        "random": _random_states(),
    }
    with copying_to_host() as copy:
        networks = {name: _copied(network.state_dict(), copy) for name, network in method.networks.items()}
        copied_training = _copied(whole, copy)
    return Snapshot(manifest=manifest, networks=networks, training=copied_training, thumbnail=thumbnail)


def require_finite(snapshot: Snapshot) -> None:
    """Raises NotFiniteError when a network or an optimizer holds NaN or infinity."""
    states = {**snapshot.networks, **{f"optimizer {k}": v for k, v in snapshot.training["optimizers"].items()}}
    broken = [name for name, state in states.items() if not all(map(_is_finite, _tensors(state)))]
    if broken:
        raise NotFiniteError(", ".join(broken))


def _tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor within a nest of mappings and lists."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)


def _is_finite(tensor: Tensor) -> bool:
    """By its extremes, which takes one pass and no memory; NaN is an extreme for aminmax."""
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    low, high = torch.aminmax(tensor)
    return bool(torch.isfinite(low) and torch.isfinite(high))


def _copied(value: Any, copy: Callable[[Tensor], Tensor]) -> Any:
    """A deep copy of a nest of mappings and lists, its tensors copied as told."""
    if isinstance(value, Tensor):
        return copy(value)
    if isinstance(value, Mapping):
        return {key: _copied(item, copy) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(item, copy) for item in value]
    return value


def _random_states() -> dict[str, Any]:
    """Of the generators that code may draw from without owning one."""
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return {
        "python": [version, list(words), gauss],
        "numpy": [kind, torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, cached],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
    }


def restore_random_states(states: Mapping[str, Any]) -> None:
    """Set the generators that code may draw from without owning one, as far as this machine has their devices."""
    version, words, gauss = states["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, position, has_gauss, cached = states["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(states["torch"])
    for index, state in zip(range(torch.cuda.device_count()), states["cuda"], strict=False):
        torch.cuda.set_rng_state(state, index)
    if torch.backends.mps.is_available() and states["mps"] is not None:
        torch.mps.set_rng_state(states["mps"])


def has_random_state_of(device: torch.device, states: Mapping[str, Any]) -> bool:
    """Whether a device's own generator is among those of a checkpoint; what the CPU draws always is."""
    match device.type:
        case "cuda":
            return (device.index or 0) < len(states["cuda"])
        case "mps":
            return states["mps"] is not None
        case _:
            return True
