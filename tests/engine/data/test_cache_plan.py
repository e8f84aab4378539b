"""Images are kept where they fit, by a rule that is told; a place asked for by name is taken or refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from engine.config.data import CacheWish, PairedData, SyntheticData, UnpairedData
from engine.data.build import build_source, with_cache
from engine.data.cache_plan import MEBIBYTE, Decision, bytes_needed, decide
from engine.data.framed import FramedImages
from engine.data.free_memory import free_host_memory
from engine.data.paired import PairedImages
from engine.data.unpaired import UnpairedImages
from engine.errors import RequestError
from tests.engine.data.conftest import MakeFolders, write_image, write_pair

CPU = torch.device("cpu")


def images_of(config: UnpairedData | PairedData, *, aligned: bool = False) -> FramedImages:
    images = build_source(config, 0, aligned=aligned).images
    assert isinstance(images, UnpairedImages | PairedImages)
    return images


@pytest.fixture
def folders(make_folders: MakeFolders) -> Path:
    """12 images that take 1.8 MiB at 230 px."""
    return make_folders(trainA=5, trainB=7)


def decided(root: Path, wish: CacheWish, limit: int = 0, device: torch.device = CPU) -> Decision:
    config = UnpairedData(root=str(root), resize=230, crop=12, cache=wish, cache_limit=limit)
    return decide(config, images_of(config), device)


@pytest.mark.parametrize("wish", ["auto", "host"])
def test_on_a_cpu_images_that_fit_are_kept_by_the_host(folders: Path, wish: CacheWish) -> None:
    decision = decided(folders, wish)
    assert decision.plan is not None
    assert (decision.plan.device, decision.plan.on_device) == (CPU, False)
    assert decision.plan.nbytes == 12 * 3 * 230 * 230
    assert decision.reason.startswith(
        "12 images, 2 MiB, kept in the host's memory; the limit, a quarter of what is free"
    )


def test_on_a_cpu_the_device_s_memory_is_the_host_s_and_the_loop_cuts(folders: Path) -> None:
    decision = decided(folders, "device")
    assert decision.plan is not None
    assert (decision.plan.device, decision.plan.on_device) == (CPU, True)


def test_a_quarter_of_what_is_free_is_the_limit_where_none_is_set(folders: Path) -> None:
    told = decided(folders, "auto").reason.rpartition(" is ")[2]
    assert int(told.removesuffix(" MiB").replace(",", "")) == pytest.approx(free_host_memory() / 4 / MEBIBYTE, rel=0.2)


def test_processes_on_one_machine_share_that_limit(folders: Path) -> None:
    config = UnpairedData(root=str(folders), resize=230, crop=12)
    told = decide(config, images_of(config), CPU, sharing=4).reason
    assert "a quarter of what is free there for 4 processes that keep all images each" in told
    limit = int(told.rpartition(" is ")[2].removesuffix(" MiB").replace(",", ""))
    assert limit == pytest.approx(free_host_memory() / 16 / MEBIBYTE, rel=0.2)


def test_images_that_do_not_fit_are_decoded_anew_and_that_is_told(folders: Path) -> None:
    decision = decided(folders, "auto", limit=1)
    assert decision.plan is None
    assert decision.reason == (
        "12 images, decoded whenever they are seen: "
        "they would take more than 1 MiB of the host's memory, which is data.cache_limit"
    )
    assert decided(folders, "auto", limit=2).plan is not None


@pytest.mark.parametrize("wish", ["host", "device"])
def test_a_place_asked_for_by_name_is_refused_where_they_do_not_fit(folders: Path, wish: CacheWish) -> None:
    with pytest.raises(RequestError) as refused:
        decided(folders, wish, limit=1)
    assert refused.value.subject == f"data.cache = {wish}"
    assert "12 images that take more than 1 MiB" in refused.value.fact
    assert "data.cache_limit" in refused.value.fix


def test_off_is_off_whatever_there_is_room_for(folders: Path) -> None:
    decision = decided(folders, "off", limit=1000)
    assert (decision.plan, decision.reason) == (None, "12 images, decoded whenever they are seen: data.cache = off")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_keeps_them_where_there_is_room_and_else_the_host_does(folders: Path) -> None:
    gpu = torch.device("cuda:0")
    decision = decided(folders, "auto", device=gpu)
    assert decision.plan is not None
    assert (decision.plan.device, decision.plan.on_device) == (gpu, True)
    assert "kept in the memory of cuda:0; the limit, an eighth of what is free there, is " in decision.reason
    on_host = decided(folders, "host", device=gpu)
    assert on_host.plan is not None
    assert (on_host.plan.device, on_host.plan.on_device) == (CPU, False)


# ------------------------------------------------------------------------------------------------ what they take


def test_images_that_are_resized_take_that_size_and_pairs_twice_that(tmp_path: Path) -> None:
    for k in range(4):
        write_pair(tmp_path / "train" / f"{k}.png", k)
    config = PairedData(root=str(tmp_path), resize=20, crop=12)
    for aligned in (True, False):
        assert bytes_needed(images_of(config, aligned=aligned), 10**6) == 4 * 2 * 3 * 20 * 20


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("side_by_side", [True, False])
def test_images_that_keep_their_sizes_take_what_their_headers_say(
    tmp_path: Path, aligned: bool, side_by_side: bool
) -> None:
    sizes = [(24, 20), (30, 22), (24, 26)]
    for k, size in enumerate(sizes):
        if side_by_side:
            write_pair(tmp_path / "train" / f"{k}.png", k, size)
        else:
            write_image(tmp_path / "A" / "train" / f"{k}.png", k, size)
            write_image(tmp_path / "B" / "train" / f"{k}.png", 100 + k, size)
    config = PairedData(root=str(tmp_path), resize=0, crop=12)
    exact = sum(2 * 3 * math.prod(size) for size in sizes)
    assert bytes_needed(images_of(config, aligned=aligned), exact) == exact
    assert bytes_needed(images_of(config, aligned=aligned), exact - 1) is None


def test_a_file_that_cannot_be_read_takes_nothing_and_too_many_are_not_opened(folders: Path) -> None:
    config = UnpairedData(root=str(folders), resize=0, crop=12)
    images = images_of(config)
    (folders / "trainA" / "000.png").write_text("no picture")
    assert bytes_needed(images, 10**6) == 11 * 3 * 24 * 20
    for path in folders.rglob("*.png"):
        path.unlink()  # were they opened, they would take nothing
    assert bytes_needed(images, 12 * 3 * 12 * 12 - 1) is None


def test_data_that_are_in_memory_as_it_is_are_left_alone() -> None:
    config = SyntheticData(images=2, resize=16, crop=12)
    source = build_source(config, 0)
    assert with_cache(source, config, CPU) == (source, "")
