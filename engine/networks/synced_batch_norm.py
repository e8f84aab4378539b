"""Batch normalisation whose statistics are those of the whole batch, when its images are divided among ranks.

torch.nn.SyncBatchNorm does the same on GPUs alone. This one also runs on CPUs, gives a rank without an image no say,
and is nn.BatchNorm2d outside of a step, so that sampling waits for no other rank. State-dict keys are nn.BatchNorm2d's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from engine.ranks.division import Division, division_under_way
from engine.ranks.exchange import gather_rows, shares_on

_PER_CHANNEL = (0, 2, 3)
"""Dimensions that statistics are taken over."""


def synchronise(networks: Iterable[nn.Module]) -> None:
    """Replace every nn.BatchNorm2d inside of networks, with the same parameters and statistics."""
    for network in networks:
        for module in list(network.modules()):
            for name, child in module.named_children():
                if type(child) is nn.BatchNorm2d:
                    setattr(module, name, SyncedBatchNorm2d.of(child))


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """nn.BatchNorm2d with weights, over the images of all ranks while a step trains it."""

    @classmethod
    def of(cls, norm: nn.BatchNorm2d) -> SyncedBatchNorm2d:
        """The same layer: its parameters and buffers are shared."""
        synced = cls(norm.num_features, norm.eps, norm.momentum)
        synced.weight, synced.bias = norm.weight, norm.bias
        synced.running_mean, synced.running_var = norm.running_mean, norm.running_var
        synced.num_batches_tracked = norm.num_batches_tracked
        synced.training = norm.training
        return synced

    @torch.compiler.disable  # type: ignore[untyped-decorator]  # compiled networks call this from their programs
    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        division = division_under_way()
        if division is None or not self.training:
            return super().forward(x)
        normalised, mean, variance = _Normalised.apply(x, self.weight, self.bias, self.eps, division)
        self._take_in(mean, variance, division.items * x.shape[2] * x.shape[3])
        out: Tensor = normalised
        return out

    @torch.no_grad()
    def _take_in(self, mean: Tensor, variance: Tensor, values: int) -> None:
        """Let running statistics follow, as nn.BatchNorm2d does: the variance is the unbiased one."""
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        assert self.momentum is not None, "no network here averages over all batches"
        for running, newest in ((self.running_mean, mean), (self.running_var, variance * (values / (values - 1)))):
            assert running is not None
            running.lerp_(newest.to(running.dtype), self.momentum)


class _Normalised(torch.autograd.Function):
    """(x - mean) / sqrt(variance + eps) * weight + bias, with the statistics of all ranks, each by its share."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, division: Division
    ) -> tuple[Tensor, Tensor, Tensor]:
        variance, mean = torch.var_mean(x.to(weight.dtype), dim=_PER_CHANNEL, correction=0)
        both = gather_rows(torch.stack([mean, variance]), division)
        shares = shares_on(x.device, weight.dtype, division)
        means, variances = both[:, 0], both[:, 1]
        mean = (means * shares).sum(0)
        variance = ((variances + (means - mean).square()) * shares).sum(0)  # within the ranks, and between them
        scale = torch.rsqrt(variance + eps)
        ctx.save_for_backward(x, weight, mean, scale)
        ctx.division = division
        ctx.mark_non_differentiable(mean, variance)
        normalised = (x - _wide(mean)) * _wide(scale * weight) + _wide(bias)
        return normalised.to(x.dtype), mean, variance

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        x, weight, mean, scale = ctx.saved_tensors
        division: Division = ctx.division
        slope_wide = slope.to(weight.dtype)
        standard = (x - _wide(mean)) * _wide(scale)
        of_bias, of_weight = slope_wide.sum(_PER_CHANNEL), (slope_wide * standard).sum(_PER_CHANNEL)
        sums = torch.stack([of_bias, of_weight])
        dist.all_reduce(sums)
        if division.is_idle:  # its image has no part in the statistics
            return torch.zeros_like(x), of_weight, of_bias, None, None
        sums /= division.items * x.shape[2] * x.shape[3]
        through_statistics = _wide(sums[0]) + standard * _wide(sums[1])
        of_x = (slope_wide - through_statistics) * _wide(scale * weight)
        return of_x.to(x.dtype), of_weight, of_bias, None, None


def _wide(of_channels: Tensor) -> Tensor:
    """(C) -> (C, 1, 1), to go with maps."""
    return of_channels[:, None, None]
