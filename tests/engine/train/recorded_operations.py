"""A recorder for the CPU that does what CUDA graphs do: it keeps the operations of some work, and does them again.

A stated fake at the seam engine.train.capture.Recorder. Like a CUDA graph, a recording knows tensors by their memory
and every other argument by its value at the time: what reads a number from a tensor, or makes a tensor from a number
that the host has, cannot be recorded, and what the host decides is decided for good. Unlike one, it has already been
done when it is recorded, so the recorder brings everything back that it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

from engine.methods.descent import Losses
from engine.train.capture import Work

aten = torch.ops.aten

FORBIDDEN = {
    aten._local_scalar_dense.default: "reads a number from the device",
    aten.is_nonzero.default: "reads a number from the device",
    aten.nonzero.default: "makes a tensor whose size depends on numbers on the device",
    aten.equal.default: "reads a number from the device",
    aten.lift_fresh.default: "makes a tensor from numbers on the host",
}


UNSAID = ("running_mean", "running_var")
"""Arguments that batch normalisation changes although its schema does not say so."""


class RecordedOperations:
    """Records the operations that PyTorch dispatches (Recorder)."""

    def __init__(self, *, room: bool = True) -> None:
        self.recorded = 0
        """How often it was asked to record something."""
        self.cleared = 0
        """How often it was asked to make room."""
        self._room = room

    def warm_up(self, work: Work) -> Losses:
        """See Recorder."""
        return work()

    def record(self, work: Work) -> tuple[Losses, Callable[[], None]]:
        """See Recorder."""
        self.recorded += 1
        noise = torch.get_rng_state()
        recording = _Recording()
        try:
            with recording:
                losses = work()
        finally:
            recording.undo()
            torch.set_rng_state(noise)
        return losses, recording.replay

    def has_room(self) -> bool:
        """See Recorder."""
        return self._room

    def make_room(self, drop: Callable[[], None]) -> None:
        """See Recorder."""
        drop()
        self.cleared += 1


class _Recording(TorchDispatchMode):
    """The operations done within it, and what the memory that they changed held before."""

    def __init__(self) -> None:
        super().__init__()
        self._operations: list[tuple[Any, Any, Any, Any]] = []
        self._made: set[int] = set()
        """The memory that was made within it."""
        self._before: dict[int, tuple[Tensor, Tensor]] = {}
        """The memory that was there, by its address: all of it, and a copy from before the first change."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if reason := FORBIDDEN.get(func):
            message = f"{func} {reason}"
            raise RuntimeError(message)
        kwargs = kwargs or {}
        for argument, value in zip(func._schema.arguments, args, strict=False):
            if argument.is_write or argument.name in UNSAID:
                self._keep(value)
        made = func(*args, **kwargs)
        taken = {_address(tensor) for tensor in _tensors((args, kwargs))}
        self._made |= {_address(tensor) for tensor in _tensors(made)} - taken
        self._operations.append((func, args, kwargs, made))
        return made

    def _keep(self, changed: Any) -> None:
        for tensor in _tensors(changed):
            address = _address(tensor)
            if address not in self._made and address not in self._before:
                whole = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
                self._before[address] = (whole, whole.clone())

    def undo(self) -> None:
        for whole, copy in self._before.values():
            whole.copy_(copy)

    @torch.no_grad()
    def replay(self) -> None:
        for func, args, kwargs, made in self._operations:
            again = func(*tree_map_only(Tensor, Tensor.detach, args), **tree_map_only(Tensor, Tensor.detach, kwargs))
            for place, value in zip(_tensors(made), _tensors(again), strict=True):
                if _address(place) != _address(value):
                    place.detach().copy_(value)


def _tensors(value: Any) -> list[Tensor]:
    return [leaf for leaf in tree_flatten(value)[0] if isinstance(leaf, Tensor)]


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
