"""Two processes that form a group and compute what a test asks: the far side of test_exchange.py.

    python -m tests.engine.ranks.two_ranks RANK PORT OUT

writes what it found to OUT, as tensors by name.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.networks.synced_batch_norm import SyncedBatchNorm2d
from engine.ranks.division import Division, Shard, divided
from engine.ranks.exchange import mean_over_batch, of_whole_batch, own_of_batch, sum_over_ranks
from engine.ranks.group import join, leave, reach_store

SIZES = (5, 1)
"""Of the whole batches: one that divides unevenly, and one that leaves rank 0 without an image."""
CHANNELS = 3


def batch(items: int) -> Tensor:
    """The same on every rank and in the test."""
    return torch.randn(items, CHANNELS, 4, 2, generator=torch.Generator().manual_seed(items), dtype=torch.float64)


def norm() -> nn.BatchNorm2d:
    layer = nn.BatchNorm2d(CHANNELS).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([0.5, 1.0, 2.0]))
        layer.bias.copy_(torch.tensor([0.1, -0.2, 0.3]))
    return layer


def weighed(maps: Tensor) -> Tensor:
    """A loss of each item by itself, (N), with another slope everywhere."""
    return (maps.sin() * torch.linspace(0, 1, maps[0].numel(), dtype=maps.dtype).view(maps.shape[1:])).flatten(1).sum(1)


def many_types(value: Tensor) -> list[Tensor]:
    """Multiples of a value, each of another type than the one before: every one is exchanged by itself."""
    return [(number + 1) * value.to(torch.float32 if number % 2 else torch.float64) for number in range(5)]


def findings(division: Division) -> dict[str, Tensor]:
    """What this rank makes of its share of a batch."""
    found: dict[str, Tensor] = {}
    whole = batch(division.items)
    own = whole[division.own]

    gradients = [weighed(own).mean() * division.share, own.sum((0, 2, 3)) * (not division.is_idle)]
    losses = sum_over_ranks(gradients, {"loss": weighed(own).mean() * division.share})
    found |= {"sum.first": gradients[0], "sum.second": gradients[1], "sum.loss": losses["loss"]}

    many = many_types(weighed(own).mean() * division.share)
    sum_over_ranks(many, {"loss": torch.zeros((), dtype=torch.float64)})
    found |= {f"sum.many.{number}": tensor for number, tensor in enumerate(many)}

    leaf = own.clone().requires_grad_()
    gathered = of_whole_batch(leaf)
    (weighed(gathered).sum() * division.share).backward()
    found |= {"gather": gathered.detach(), "gather.slope": leaf.grad, "own": own_of_batch(gathered.detach(), own)}

    leaf = own.clone().requires_grad_()
    mean = mean_over_batch(leaf)
    (mean.square().sum() * division.share).backward()
    found |= {"mean": mean.detach(), "mean.slope": leaf.grad}

    layer = SyncedBatchNorm2d.of(norm())
    leaf = own.clone().requires_grad_()
    normalised = layer(leaf)
    (weighed(normalised).mean() * division.share).backward()
    slopes = [layer.weight.grad, layer.bias.grad]
    sum_over_ranks(slopes, {"loss": torch.zeros((), dtype=torch.float64)})
    found |= {"norm": normalised.detach(), "norm.slope": leaf.grad, "norm.weight": slopes[0], "norm.bias": slopes[1]}
    found |= {f"norm.{name}": buffer for name, buffer in layer.named_buffers()}
    return found


def main(rank: int, port: int, out: Path) -> None:
    shard = Shard(rank, 2)
    join(reach_store("127.0.0.1", port), shard, torch.device("cpu"))
    found: dict[str, Tensor] = {}
    for items in SIZES:
        division = Division(items, shard)
        with divided(division):
            found |= {f"{items}.{name}": tensor.contiguous() for name, tensor in findings(division).items()}
    leave(torch.device("cpu"))
    save_file({name: tensor.clone() for name, tensor in found.items()}, out)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
