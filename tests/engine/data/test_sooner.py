"""What a run that waits for its images is advised: what its machine has to give, and nothing that makes it worse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.config.data import UnpairedData
from engine.data.build import build_source
from engine.data.cache_plan import MEBIBYTE
from engine.data.sooner import advise
from engine.data.unpaired import UnpairedImages
from tests.engine.data.conftest import MakeFolders

RESUME = " A branch can have others: gan-tui resume r --branch"


@pytest.fixture
def folders(make_folders: MakeFolders) -> Path:
    """12 images that take 1.8 MiB at 230 px."""
    return make_folders(trainA=5, trainB=7)


def advised(root: Path, *, kept: bool = False, free: int = 64 * MEBIBYTE, sharing: int = 1, **settings: Any) -> str:
    """Two cores, or as many for each of those that share them."""
    config = UnpairedData(root=str(root), crop=12, **{"resize": 230, **settings})
    images = build_source(config, 0).images
    assert isinstance(images, UnpairedImages)
    return advise("r", config, images, kept=kept, free=free, cores=2 * sharing, sharing=sharing)


def test_the_command_has_what_was_named_and_never_fewer_workers(folders: Path) -> None:
    for sharing, need in ((1, 2), (4, 8)):
        told = advised(folders, cache="off", workers=8, sharing=sharing)
        assert told.startswith(
            f"data.cache = off keeps nothing decoded: the images would take {need} MiB, and 64 MiB of"
        )
        assert told.endswith(f"{RESUME} --set data.cache=host --set data.cache_limit=2")
    both = advised(folders, workers=0)
    assert "; data.workers is 0, and there are 2 cores; " in both
    assert both.endswith(" --set data.cache_limit=2 --set data.workers=2")
    assert advised(folders, kept=True, workers=1).endswith(f"{RESUME} --set data.workers=2")


def test_where_images_cannot_be_kept_no_command_tries_it(folders: Path) -> None:
    told = advised(folders, workers=8, free=3 * MEBIBYTE)
    assert "would take 2 MiB, and 3 MiB of memory are free, too few for that and for training; a faster disk" in told
    assert RESUME not in told


def test_of_images_that_keep_their_sizes_it_is_known_what_they_take_at_the_least(folders: Path) -> None:
    told = advised(folders, workers=8, resize=0)
    assert "would take more than 1 MiB" in told
    assert "data.cache_limit would have to be higher than 1;" in told
    assert RESUME not in told


def test_where_all_is_done_the_disk_is_left(folders: Path) -> None:
    assert advised(folders, kept=True, workers=2) == "A faster disk or smaller images would do it."
