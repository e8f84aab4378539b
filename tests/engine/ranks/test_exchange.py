"""What two ranks exchange, against what one process computes of the whole batch: real processes, in float64."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from engine.ranks.division import Division, Shard
from engine.ranks.exchange import mean_over_batch, of_whole_batch, own_of_batch, share_of_batch, sum_over_ranks
from engine.ranks.group import open_store
from tests.engine.ranks.two_ranks import SIZES, batch, many_types, norm, weighed
from tests.until import PATIENCE

Found = list[dict[str, Tensor]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What each rank found."""
    folder = tmp_path_factory.mktemp("ranks")
    _store, port = open_store("127.0.0.1")
    files = [folder / f"{rank}.safetensors" for rank in range(2)]
    command = [sys.executable, "-m", "tests.engine.ranks.two_ranks"]
    processes = [
        subprocess.Popen([*command, str(rank), str(port), str(file)], stderr=subprocess.PIPE, text=True)
        for rank, file in enumerate(files)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors
    return [load_file(file) for file in files]


def of_batch(found: Found, items: int, name: str) -> Tensor:
    """The ranks' parts of something, put together as the batch is."""
    divisions = [Division(items, Shard(rank, 2)) for rank in range(2)]
    parts = [each[f"{items}.{name}"] for each, division in zip(found, divisions, strict=True) if not division.is_idle]
    return torch.cat(parts)


@pytest.mark.parametrize("items", SIZES)
def test_gradients_and_losses_are_those_of_the_whole_batch(found: Found, items: int) -> None:
    whole = batch(items)
    for rank in found:
        torch.testing.assert_close(rank[f"{items}.sum.first"], weighed(whole).mean())
        torch.testing.assert_close(rank[f"{items}.sum.loss"], weighed(whole).mean())
        torch.testing.assert_close(rank[f"{items}.sum.second"], whole.sum((0, 2, 3)))
        for number, expected in enumerate(many_types(weighed(whole).mean())):
            torch.testing.assert_close(rank[f"{items}.sum.many.{number}"], expected)


@pytest.mark.parametrize("items", SIZES)
def test_every_rank_sees_the_whole_batch_and_finds_its_own(found: Found, items: int) -> None:
    whole = batch(items).requires_grad_()
    weighed(whole).sum().backward()
    for rank, each in enumerate(found):
        torch.testing.assert_close(each[f"{items}.gather"], whole.detach())
        torch.testing.assert_close(each[f"{items}.own"], whole.detach()[Division(items, Shard(rank, 2)).own])
    torch.testing.assert_close(of_batch(found, items, "gather.slope"), whole.grad)


@pytest.mark.parametrize("items", SIZES)
def test_means_are_over_the_whole_batch(found: Found, items: int) -> None:
    whole = batch(items).requires_grad_()
    mean = whole.mean(0)
    mean.square().sum().backward()
    for each in found:
        torch.testing.assert_close(each[f"{items}.mean"], mean.detach())
    torch.testing.assert_close(of_batch(found, items, "mean.slope"), whole.grad)


@pytest.mark.parametrize("items", SIZES)
def test_batch_normalisation_is_that_of_the_whole_batch(found: Found, items: int) -> None:
    layer, whole = norm(), batch(items).requires_grad_()
    normalised = layer(whole)
    weighed(normalised).mean().backward()
    torch.testing.assert_close(of_batch(found, items, "norm"), normalised.detach())
    torch.testing.assert_close(of_batch(found, items, "norm.slope"), whole.grad)
    for each in found:
        torch.testing.assert_close(each[f"{items}.norm.weight"], layer.weight.grad)
        torch.testing.assert_close(each[f"{items}.norm.bias"], layer.bias.grad)
        for name, buffer in layer.named_buffers():
            torch.testing.assert_close(each[f"{items}.norm.{name}"], buffer)


@pytest.mark.parametrize("items", SIZES)
def test_a_rank_without_an_image_changes_nothing(found: Found, items: int) -> None:
    for rank, each in enumerate(found):
        if Division(items, Shard(rank, 2)).is_idle:
            slopes = [each[f"{items}.{name}"] for name in ("gather.slope", "mean.slope", "norm.slope")]
            assert all(slope.count_nonzero() == 0 for slope in slopes)


def test_a_process_by_itself_exchanges_nothing() -> None:
    whole = batch(2)
    assert of_whole_batch(whole) is whole
    assert own_of_batch(whole, whole[:1]) is whole
    assert share_of_batch() == 1
    assert sum_over_ranks([whole], {"loss": whole[0, 0, 0, 0]}) == {"loss": whole[0, 0, 0, 0]}
    torch.testing.assert_close(mean_over_batch(whole), whole.mean(0), rtol=0, atol=0)
