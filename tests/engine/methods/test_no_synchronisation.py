"""A step asks the device for nothing: for a number that the host must see it waits for all that the device was given.

On a CPU nothing waits, but whatever would is called all the same, in Python or below it, and is refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from engine.batch import ImageBatch
from engine.config.controls import controls_of
from engine.config.methods import CONFIGS
from engine.methods.build import build_method
from engine.methods.method import set_learning_rate
from engine.train.meters import Meters
from engine.train.samples import send_off
from tests.engine.methods.stepping import CPU, batch
from tests.engine.train.late import Late
from tests.runs import tiny_config

STEPS = 6
"""Enough for both stages of DTN, both players of DiscoGAN, and images from a full pool."""

READS = {
    Tensor.item, Tensor.tolist, Tensor.numpy, Tensor.cpu, Tensor.nonzero, Tensor.unique, Tensor.masked_select,
    Tensor.equal, Tensor.allclose, torch.equal, torch.allclose, torch.nonzero, torch.unique, torch.masked_select,
    Tensor.__bool__, Tensor.__float__, Tensor.__int__, Tensor.__index__, Tensor.__contains__, Tensor.__array__,
}  # fmt: skip
"""What reads values, as Python calls it. On a CPU, tolist and numpy do it with no operation that is seen below."""
READS_BELOW = {
    "aten::_local_scalar_dense", "aten::is_nonzero", "aten::equal", "aten::nonzero", "aten::masked_select",
    "aten::_unique2", "aten::unique_dim", "aten::unique_consecutive", "aten::repeat_interleave.Tensor",
}  # fmt: skip
"""Operations whose result, or its shape, the host must know before it goes on."""
PLACES = {torch.tensor, torch.as_tensor}
"""What copies numbers of the host to a device, and waits for them to be there."""


class SynchronisedError(AssertionError):
    """The host would have waited for a device."""


class _NoneInPython(TorchFunctionMode):
    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        reads = func in READS or (func in (Tensor.__getitem__, Tensor.__setitem__) and _is_mask(args[1]))
        places = func in PLACES and named.get("device") is not None
        moves = func is Tensor.to and _names_device(args, named) and not named.get("non_blocking", False)
        if reads or places or moves:
            raise SynchronisedError(func.__name__)
        return func(*args, **named)


class _NoneBelow(TorchDispatchMode):
    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func.name() in READS_BELOW:
            raise SynchronisedError(func.name())
        return func(*args, **(kwargs or {}))


def _is_mask(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, Tensor) and part.dtype in (torch.bool, torch.uint8) for part in parts)


def _names_device(args: tuple[Any, ...], named: dict[str, Any]) -> bool:
    return named.get("device") is not None or any(isinstance(value, torch.device | str) for value in args[1:])


@contextmanager
def refusing_to_wait() -> Iterator[None]:
    """Within it, whatever would make the host wait for a device raises SynchronisedError."""
    with _NoneBelow(), _NoneInPython():
        yield


VALUE = torch.tensor(1.0)
WAITS: dict[str, Callable[[], object]] = {
    "item": VALUE.item,
    "float": lambda: float(VALUE),
    "int": lambda: int(VALUE),
    "bool": lambda: 1 if VALUE > 0 else 0,
    "any": lambda: any(VALUE[None]),
    "tolist": VALUE[None].tolist,
    "numpy": VALUE.numpy,
    "cpu": VALUE.cpu,
    "equal": lambda: torch.equal(VALUE, VALUE),
    "mask": lambda: VALUE[None][VALUE[None] > 0],
    "where": lambda: torch.where(VALUE[None] > 0),
    "tensor": lambda: torch.tensor(1.0, device=CPU),
    "to": lambda: VALUE.to(CPU),
    "in a backward pass": lambda: _Reading.apply(VALUE.clone().requires_grad_()).backward(),  # type: ignore[no-untyped-call]
}


class _Reading(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, value: Tensor) -> Tensor:
        return value.clone()

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        return gradients[0] * gradients[0].item()


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_what_waits_is_refused(wait: Callable[[], object]) -> None:
    wait()
    with refusing_to_wait(), pytest.raises(SynchronisedError):
        wait()


TECHNIQUES = ("optim.ema=0.9", "loss.historical=0.1", "loss.feature_matching=1.0", "optim.pool=2")
PENALTY = ("loss.gan=wgan-gp", "discriminator.norm=instance", "loss.gradient_penalty=10.0")
MORE: dict[str, tuple[str, ...]] = {
    "cyclegan": (*TECHNIQUES, *PENALTY, "loss.tv=0.01", "generator.dropout=true", "run.precision=bf16"),
    "pix2pix": (*TECHNIQUES, *PENALTY, "run.accumulate=2"),
    "discogan": ("optim.ema=0.9", "loss.historical=0.1", "loss.tv=0.01"),
    "dtn": ("optim.ema=0.9", "loss.tv=0.01"),
    "aegan": (*TECHNIQUES, *PENALTY, "generator.variational=true", "discriminator.spectral=true"),
}
"""What a step of each system may do besides."""
CASES = [(kind, settings) for kind in CONFIGS for settings in ((), MORE[kind])]


@pytest.mark.parametrize(("kind", "settings"), CASES, ids=[f"{kind}-{len(settings)}" for kind, settings in CASES])
def test_steps_nudges_meters_and_samples_wait_for_no_device(kind: str, settings: tuple[str, ...]) -> None:
    config = tiny_config(*settings, kind=kind)
    method = build_method(config, CPU)
    weight = next(control.name for control in controls_of(config) if control.name.startswith("loss."))
    meters = Meters(method.components, CPU)
    images = single(batch(side=32))
    send = Late(lambda: 0)
    with refusing_to_wait():
        for _ in range(STEPS):
            meters.add(method.step(images))
            method.set_control(weight, 0.5)
            for optimizer in method.optimizers.values():
                set_learning_rate(optimizer, 1e-4)
        drained = meters.drain(send)
        meters.forget_epoch()
        send_off(method.sample(images), STEPS, send)
    assert send.sent == 2
    assert set(drained.means()) == set(method.components)


def single(images: ImageBatch) -> ImageBatch:
    """The same in single precision."""
    return replace(images, real_A=images.real_A.float(), real_B=images.real_B.float())
