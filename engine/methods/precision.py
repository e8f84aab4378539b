"""How exact the arithmetic of the networks is: float32, TF32 products, or bfloat16 autocast."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, TypeAlias, assert_never

import torch

from engine.errors import RequestError

Precision: TypeAlias = Literal["fp32", "tf32", "bf16"]
Autocast: TypeAlias = Callable[[], AbstractContextManager[object]]


def autocast_of(precision: Precision, device: torch.device) -> Autocast:
    """The context in which a method runs its networks' forward passes.

    TF32 itself is switched on or off for the whole process, by engine.device.

    Raises:
        RequestError: TF32 is asked for on a device that has none.
    """
    match precision:
        case "fp32":
            return nullcontext
        case "tf32":
            if device.type != "cuda":
                raise RequestError(
                    "run.precision", f"tf32 needs a CUDA device and this run is on {device.type}", "Use fp32 or bf16."
                )
            return nullcontext
        case "bf16":
            return lambda: torch.autocast(device.type, torch.bfloat16)
        case _:
            assert_never(precision)
