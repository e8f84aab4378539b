"""Streams of several ranks together are the stream of one process, cut into parts."""

from __future__ import annotations

import contextlib
from itertools import islice

import pytest
import torch

from engine.config.data import DataConfig, SyntheticData, SyntheticDigits, UnpairedData
from engine.data.build import Source, build_source, with_cache
from engine.data.stream import Batch, BatchStream
from engine.ranks.division import Shard
from tests.engine.data.conftest import MakeFolders
from tests.engine.data.streams import take

BATCH, BATCHES = 4, 7


def shards(source: Source, ranks: int) -> list[list[Batch]]:
    """The batches that each rank has of a stream."""
    taken = []
    for rank in range(ranks):
        stream = BatchStream(source, BATCH, 1, 0, workers=0, shard=Shard(rank, ranks))
        with contextlib.closing(stream):
            taken.append(list(islice(stream, BATCHES)))
    return taken


def assert_parts_of(whole: list[Batch], parts: list[list[Batch]]) -> None:
    for number, batch in enumerate(whole):
        mine = [rank[number] for rank in parts]
        assert {len(part) for part in mine} == {len(batch)}, "each knows how large the whole is"
        counted = [part for part in mine if not part.division.is_idle]
        assert torch.equal(torch.cat([part.images.real_A for part in counted]), batch.images.real_A)
        assert torch.equal(torch.cat([part.images.real_B for part in counted]), batch.images.real_B)
        if batch.images.label_A is not None:
            labels = [part.images.label_A for part in counted if part.images.label_A is not None]
            assert torch.equal(torch.cat(labels), batch.images.label_A)
        assert all(len(part.images.real_A) for part in mine), "a rank without an item has one that counts for nothing"
        assert {part.last_in_epoch for part in mine} == {batch.last_in_epoch}


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize(
    ("config", "aligned"),
    [
        (SyntheticData(images=9, resize=20, crop=16), False),
        (SyntheticData(images=9, resize=20, crop=16), True),
        (SyntheticDigits(images=13), False),
    ],
    ids=["unpaired", "paired", "digits"],
)
def test_ranks_share_every_batch_out(config: DataConfig, aligned: bool, ranks: int) -> None:
    """Nine and thirteen items in batches of four: the last of an epoch has one."""
    source = build_source(config, 5, aligned=aligned)
    assert_parts_of(take(source, BATCHES, batch=BATCH), shards(source, ranks))


def test_so_they_do_where_images_are_kept(make_folders: MakeFolders) -> None:
    config = UnpairedData(root=str(make_folders(trainA=5, trainB=9)), resize=20, crop=12, cache="host")
    source = build_source(config, 3)
    kept, _ = with_cache(source, config, torch.device("cpu"))
    assert kept.cache is not None
    assert_parts_of(take(source, BATCHES, batch=BATCH), shards(kept, 2))
