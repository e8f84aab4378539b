"""What ranks exchange within a step: gradients and losses, and whatever has to be seen of the batch as a whole.

With one rank, and outside of a step, every function here returns what it is given. Where ranks do exchange something,
all of them call the same functions in the same order, as they compute the same step.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from engine.ranks.division import Division, division_under_way

BUCKET_BYTES = 32 * 2**20
"""Gradients that are sent at a time: enough to fill the line."""
BUCKETS_UNDER_WAY = 2
"""The next one is on its way while the last one is copied back; more at a time would be so many more copies."""


def share_of_batch() -> float:
    """What a mean over this rank's images counts for in the mean over the whole batch."""
    division = division_under_way()
    return 1.0 if division is None else division.share


def items_of_batch(own: int) -> int:
    """Items of the whole batch, given how many this rank has."""
    division = division_under_way()
    return own if division is None else division.items


# --------------------------------------------------------------------------------------------- gradients and losses


def sum_over_ranks(gradients: Iterable[Tensor], losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Sum gradients over the ranks, in place, and losses with them.

    Args:
        gradients: the same ones on every rank.
        losses: 0-d each, the same names on every rank.

    Returns:
        The losses' sums.
    """
    if division_under_way() is None:
        return dict(losses)
    values = torch.stack(list(losses.values()))
    under_way: deque[_Sum] = deque()
    for bucket in _buckets([*gradients, values]):
        if len(under_way) == BUCKETS_UNDER_WAY:
            under_way.popleft().finish()
        under_way.append(_Sum(bucket))
    for summed in under_way:
        summed.finish()
    return dict(zip(losses, values.unbind(), strict=True))


class _Sum:
    """Tensors of one type, copied into one and on their way to the other ranks."""

    def __init__(self, bucket: Sequence[Tensor]) -> None:
        self._bucket = bucket
        self._flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
        self._work = dist.all_reduce(self._flat, async_op=True)

    def finish(self) -> None:
        """Wait for the sum, on a GPU within its own order of work, and copy it back."""
        self._work.wait()
        pieces = torch.split(self._flat, [tensor.numel() for tensor in self._bucket])
        for tensor, piece in zip(self._bucket, pieces, strict=True):
            tensor.copy_(piece.view(tensor.shape))


def _buckets(tensors: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    """The tensors in their order, as many of one type together as a bucket holds; one that is larger has its own."""
    bucket: list[Tensor] = []
    nbytes = 0
    for tensor in tensors:
        full = nbytes + tensor.nbytes > BUCKET_BYTES
        if bucket and (full or tensor.dtype != bucket[0].dtype):
            yield bucket
            bucket, nbytes = [], 0
        bucket.append(tensor)
        nbytes += tensor.nbytes
    if bucket:
        yield bucket


# ------------------------------------------------------------------------------------------------ the whole batch


def of_whole_batch(own: Tensor) -> Tensor:
    """What all ranks have, (n, ...) each, in the order of the batch: (N, ...). It can be differentiated."""
    return own if division_under_way() is None else _gathered(own)


@torch.compiler.disable  # type: ignore[untyped-decorator]  # compiled networks call this from their programs
def _gathered(own: Tensor) -> Tensor:
    gathered: Tensor = _Gathered.apply(own, division_under_way())
    return gathered


def own_of_batch(whole: Tensor, own: Tensor) -> Tensor:
    """This rank's items of what all ranks have.

    Args:
        whole: (N, ...).
        own: (n, ...): what a rank without an item of its own computes with.
    """
    division = division_under_way()
    if division is None:
        return whole
    return own if division.is_idle else whole[division.counted]


def mean_over_batch(values: Tensor) -> Tensor:
    """The mean over the items of the whole batch: (n, ...) -> (...). It can be differentiated."""
    division = division_under_way()
    if division is None:
        return values.mean(0)
    summed: Tensor = _Summed.apply(values.mean(0) * division.share)
    return summed


def gather_rows(row: Tensor, division: Division) -> Tensor:
    """The like-shaped tensors of all ranks, by rank: (k, ...) -> (ranks, k, ...)."""
    rows = row.new_empty((division.shard.ranks * len(row), *row.shape[1:]))
    dist.all_gather_into_tensor(rows, row.contiguous())
    return rows.view(division.shard.ranks, *row.shape)


@functools.lru_cache(maxsize=64)
def shares_on(device: torch.device, dtype: torch.dtype, division: Division) -> Tensor:
    """Each rank's part of the batch, (ranks, 1)."""
    return torch.tensor(division.shares, dtype=dtype, device=device).unsqueeze(1)


class _Summed(torch.autograd.Function):
    """The sum over the ranks; each rank's loss goes by it, so its slope is summed over them as well."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        total = own.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        total = slope.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total


class _Gathered(torch.autograd.Function):
    """The items of all ranks, in the order of the batch."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, division: Division) -> Tensor:
        ctx.division = division
        counts = division.counts
        padded = own.new_zeros((max(counts), *own.shape[1:]))
        mine = counts[division.shard.rank]
        padded[:mine] = own[:mine]
        rows = gather_rows(padded, division)
        return torch.cat([row[:count] for row, count in zip(rows, counts, strict=True)])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None]:
        division: Division = ctx.division
        total = slope.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return (torch.zeros_like(total[:1]) if division.is_idle else total[division.counted]), None
