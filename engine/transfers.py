"""Values on their way from the training device to host memory, while the device goes on with what it was given.

A CUDA device does its work in order, far behind the host that gives it: asking it for a number means waiting until all
that was given before is done. Here the number is copied beside that work, and asked for once it has arrived.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

log = logging.getLogger(__name__)


class Transfer(Protocol):
    """The values of a tensor, as they were when they were sent."""

    @property
    def done(self) -> bool:
        """Whether they are in host memory. Never waits."""

    def wait(self) -> Tensor:
        """The values, contiguous, in host memory; waits until they are there. Any thread may call it."""


Send: TypeAlias = Callable[[Tensor], Transfer]
"""Sends a tensor's values to the host, as the work given to the device so far will leave them. Never waits for the
device; the tensor may be changed right afterwards."""


def sender_from(device: torch.device) -> Send:
    """What sends values from a device. From all but CUDA devices they arrive within the call."""
    return _SideStream(device).send if device.type == "cuda" else _Arrived


class _Arrived:
    """Values that are in host memory already."""

    done = True

    def __init__(self, values: Tensor) -> None:
        self._values = values.detach().to("cpu", copy=True).contiguous()

    def wait(self) -> Tensor:
        return self._values


class _SideStream:
    """A CUDA stream beside the one that trains: it waits for what that one has been given, and not the other way."""

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def send(self, values: Tensor) -> Transfer:
        # A copy of its own, made in the order of the training stream, which may then go on to change the original.
        own = values.detach().clone(memory_format=torch.contiguous_format)
        host = _room_for(own)
        self._stream.wait_stream(torch.cuda.current_stream(own.device))
        with torch.cuda.stream(self._stream):
            host.copy_(own, non_blocking=True)
            own.record_stream(self._stream)  # or its memory could be given to the training stream before it is read
            # Who waits for it sleeps, and leaves the processor to others.
            arrived = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
            arrived.record(self._stream)
        return _UnderWay(host, arrived, own.device)


class _UnderWay:
    """Values that are in host memory once an event has happened on their device."""

    def __init__(self, host: Tensor, arrived: torch.cuda.Event, device: torch.device) -> None:
        self._host = host
        self._arrived = arrived
        self._device = device

    @property
    def done(self) -> bool:
        return bool(self._arrived.query())  # type: ignore[no-untyped-call]

    def wait(self) -> Tensor:
        with torch.cuda.device(self._device):  # a thread that has none yet would make a context on the first device
            self._arrived.synchronize()
        return self._host


@contextmanager
def copying_to_host() -> Iterator[Callable[[Tensor], Tensor]]:
    """A function that copies tensors to host memory, contiguous; the copies are whole when the block is left.

    They are made in the order of the device's work, which waits for them, and the host waits for each device once, at
    the end of the block.
    """
    devices: set[torch.device] = set()

    def copied(tensor: Tensor) -> Tensor:
        values = tensor.detach()
        if values.device.type != "cuda":
            return values.to("cpu", copy=True).contiguous()
        devices.add(values.device)
        return _room_for(values).copy_(values.contiguous(), non_blocking=True)

    yield copied
    for device in devices:
        torch.cuda.current_stream(device).synchronize()


def _room_for(values: Tensor) -> Tensor:
    """Host memory for values of a CUDA device, page-locked, so that they can be copied while the host goes on.

    PyTorch keeps what was page-locked once, and gives it out again when nobody holds it any more and no copy to it is
    under way. Where a system lets no more be locked, the copy is as right and the host waits for it.
    """
    try:
        return torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    except RuntimeError as error:
        _tell_that_no_memory_is_locked(str(error))
        return torch.empty(values.shape, dtype=values.dtype)


@functools.cache
def _tell_that_no_memory_is_locked(reason: str) -> None:
    log.warning("host memory could not be page-locked, so training waits for copies to the host: %s", reason)
