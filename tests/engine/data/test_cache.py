"""With its images kept a run is given the same bytes as without, from any place; each file is decoded once."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import psutil
import pytest
import torch
from PIL import Image

from engine.config.data import FolderData, PairedData, UnpairedData
from engine.data.build import Source, build_source, with_cache
from engine.data.cache import ARRIVED_AT_MOST, ImageCache
from engine.data.cache_plan import CachePlan, bytes_needed
from engine.data.epochs import Place
from engine.data.framed import AtSize, Read, in_order_of_need
from engine.data.paired import PairedImages
from engine.data.stream import BatchStream
from engine.data.unpaired import UnpairedImages
from engine.errors import WorkError
from tests.engine.data.conftest import MakeFolders, write_image, write_pair
from tests.engine.data.streams import assert_same, data_workers, take
from tests.until import until

CPU = torch.device("cpu")
Where = Literal["host", "device"]
WHERES: tuple[Where, ...] = ("host", "device")
ENOUGH = 40
"""Batches of two that take the small folders here through several epochs."""


def kept(source: Source, config: FolderData, where: Where, device: torch.device = CPU) -> Source:
    """The source with its images kept."""
    source, _ = with_cache(source, msgspec.structs.replace(config, cache=where), device)
    assert source.cache is not None
    return source


def noise(path: Path, seed: int, size: tuple[int, int]) -> None:
    """A lossless image of noise: no two crops of it are equal."""
    width, height = size
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)).save(path)


LAYOUTS = ("unpaired", "unpaired, sizes kept", "side by side", "side by side, apart", "matched", "matched, sizes kept")


@pytest.fixture(params=LAYOUTS)
def layout(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Source, FolderData]:
    """Every way in which images are read and framed; where they keep their sizes, those differ."""
    name: str = request.param
    resize = 0 if "sizes kept" in name else 20
    config: FolderData
    if name.startswith("unpaired"):
        for k in range(5):
            noise(tmp_path / "trainA" / f"{k}.png", k, (24 + k, 21))
        for k in range(7):
            noise(tmp_path / "trainB" / f"{k}.png", 100 + k, (22, 20 + k))
        config = UnpairedData(root=str(tmp_path), resize=resize, crop=12)
    else:
        for k in range(7):
            size = (24 + k, 20)
            if name.startswith("side"):
                noise(tmp_path / "train" / f"{k}.png", k, (2 * size[0], size[1]))
            else:
                noise(tmp_path / "A" / "train" / f"{k}.png", k, size)
                noise(tmp_path / "B" / "train" / f"{k}.png", 100 + k, size)
        config = PairedData(root=str(tmp_path), resize=resize, crop=12)
    return build_source(config, 3, aligned=name.startswith("matched") or name == "side by side"), config


@pytest.mark.parametrize("where", WHERES)
def test_the_same_bytes_with_and_without_from_any_place(layout: tuple[Source, FolderData], where: Where) -> None:
    source, config = layout
    whole = take(source, ENOUGH)
    with_cache_on = kept(source, config, where)
    assert_same(whole, take(with_cache_on, ENOUGH))
    for done in (1, 3, 6):
        place = whole[done - 1].following
        assert_same(whole[done:], take(with_cache_on, ENOUGH - done, epoch=place.epoch, index=place.index))


@pytest.mark.parametrize("where", WHERES)
@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_nothing(make_folders: MakeFolders, where: Where, workers: int) -> None:
    config = UnpairedData(root=str(make_folders(trainA=5, trainB=7)), resize=20, crop=12)
    source = build_source(config, 3)
    whole = take(source, ENOUGH)
    assert_same(whole, take(kept(source, config, where), ENOUGH, workers=workers))
    place = whole[4].following
    resumed = take(kept(source, config, where), ENOUGH - 5, epoch=place.epoch, index=place.index, workers=workers)
    assert_same(whole[5:], resumed)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("workers", [0, 2])
def test_the_same_bytes_from_a_gpu(layout: tuple[Source, FolderData], workers: int) -> None:
    source, config = layout
    batches = take(kept(source, config, "device", torch.device("cuda:0")), ENOUGH, workers=workers, pin=True)
    assert all(batch.images.real_A.is_cuda and batch.images.real_B.is_cuda for batch in batches)
    assert_same(take(source, ENOUGH), batches)


# ------------------------------------------------------------------------------------------------ damaged images


@pytest.mark.parametrize("where", WHERES)
@pytest.mark.parametrize("workers", [0, 2])
def test_damaged_and_unfit_images_are_passed_over_and_reported_as_without(
    make_folders: MakeFolders, where: Where, workers: int
) -> None:
    root = make_folders(size=(24, 24), trainA=5, trainB=7)
    config = UnpairedData(root=str(root), resize=0, crop=12)
    source = build_source(config, 3)
    (root / "trainA" / "002.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (root / "trainB" / "001.png").unlink()
    write_image(root / "trainB" / "002.png", 102, size=(24, 10))  # too small, right behind one that is gone
    without = take(source, ENOUGH)
    assert len([problem for batch in without for problem in batch.problems]) == 3
    assert_same(without, take(kept(source, config, where), ENOUGH, workers=workers))


@pytest.mark.parametrize("where", WHERES)
def test_pairs_that_cannot_be_cropped_alike_are_passed_over_as_without(tmp_path: Path, where: Where) -> None:
    for k in range(5):
        write_image(tmp_path / "A" / "train" / f"{k}.png", k)
        write_image(tmp_path / "B" / "train" / f"{k}.png", 100 + k, (26, 20) if k == 3 else (24, 20))
    config = PairedData(root=str(tmp_path), resize=0, crop=12)
    source = build_source(config, 3, aligned=True)
    without = take(source, ENOUGH)
    assert [problem.path for batch in without for problem in batch.problems] == [
        str(tmp_path.resolve() / "A" / "train" / "3.png")
    ]
    assert_same(without, take(kept(source, config, where), ENOUGH))


@pytest.mark.parametrize("where", WHERES)
def test_a_mended_image_is_used_from_then_on(whole_images: UnpairedData, where: Where) -> None:
    source = kept(build_source(whole_images, 0), whole_images, where)
    damaged = Path(whole_images.root, "trainA", "002.png")
    sound = damaged.read_bytes()
    damaged.write_text("no picture")
    with BatchStream(source, 1, 1, 0, workers=1) as stream:
        first = [int(batch.images.real_A[0, 0, 0, 0]) for batch in islice(stream, 21)]
        until(lambda: not data_workers(), "every image has been read")
        damaged.write_bytes(sound)
        later = [int(batch.images.real_A[0, 0, 0, 0]) for batch in islice(stream, 21)]
    assert 2 not in first
    assert 2 in later


@pytest.mark.parametrize("where", WHERES)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_domain_without_one_good_image_ends_the_work(whole_images: UnpairedData, where: Where, workers: int) -> None:
    source = kept(build_source(whole_images, 0), whole_images, where)
    for path in Path(whole_images.root, "trainB").iterdir():
        path.write_text("gone")
    with BatchStream(source, 1, 1, 0, workers=workers) as stream:
        for _ in range(2):
            with pytest.raises(WorkError, match=r"trainB: none of its 7 images.*not an image"):
                next(stream)


# ---------------------------------------------------------------------------------------------- read once, and early


@pytest.mark.parametrize("where", WHERES)
def test_every_image_is_read_ahead_and_then_neither_files_nor_workers_are_needed(
    layout: tuple[Source, FolderData], where: Where
) -> None:
    source, config = layout
    without = take(source, ENOUGH)
    with BatchStream(kept(source, config, where), 2, 1, 0, workers=2) as stream:
        assert_same(without[:1], [next(stream)])
        until(lambda: not data_workers(), "every image has been read while the loop takes none")
        for path in Path(config.root).rglob("*.png"):
            path.unlink()
        assert_same(without[1:], list(islice(stream, ENOUGH - 1)))


def test_without_workers_each_file_is_read_when_it_is_first_seen_and_never_again(make_folders: MakeFolders) -> None:
    root = make_folders(trainA=5, trainB=5)
    config = UnpairedData(root=str(root), resize=20, crop=12)
    source = build_source(config, 3)
    without = take(source, ENOUGH)
    with BatchStream(kept(source, config, "host"), 2, 1, 0, workers=0) as stream:
        begun = list(islice(stream, 30))
        for path in root.rglob("*.png"):
            path.unlink()
        assert_same(without, [*begun, *islice(stream, ENOUGH - 30)])


@pytest.mark.parametrize("kind", ["unpaired", "paired"])
def test_images_are_read_in_the_order_in_which_batches_need_them_and_each_once(tmp_path: Path, kind: str) -> None:
    if kind == "unpaired":
        for folder, count in (("trainA", 4), ("trainB", 9)):
            for k in range(count):
                write_image(tmp_path / folder / f"{k}.png", k)
        source = build_source(UnpairedData(root=str(tmp_path), resize=20, crop=12), 3)
    else:
        for k in range(9):
            write_pair(tmp_path / "train" / f"{k}.png", k)
        source = build_source(PairedData(root=str(tmp_path), resize=20, crop=12), 3, aligned=True)
    images = source.images
    assert isinstance(images, UnpairedImages | PairedImages)
    places = [Place(2, index) for index in range(2)]
    needed = [
        Read(want.collection, want.number) for place in places for item in images.wants(place, 2) for want in item
    ]
    reads = list(in_order_of_need(images, places, 2))
    assert reads[: len(set(needed))] == list(dict.fromkeys(needed))
    collections: Sequence[AtSize[Any]] = images.collections
    every = {Read(number, k) for number, collection in enumerate(collections) for k in range(len(collection))}
    assert len(reads) == len(every) > len(set(needed))
    assert set(reads) == every


def test_a_file_that_changes_once_it_is_kept_is_not_read_again(whole_images: UnpairedData) -> None:
    source = kept(build_source(whole_images, 0), whole_images, "host")
    with BatchStream(source, 1, 1, 0, workers=1) as stream:
        next(stream)
        until(lambda: not data_workers(), "every image has been read")
        for path in Path(whole_images.root).rglob("*.png"):
            write_image(path, 77)
        shown = {int(batch.images.real_A[0, 0, 0, 0]) for batch in islice(stream, 30)}
    assert shown == set(range(5))


# ------------------------------------------------------------------------------------------------------ what it takes


def plan_of(config: FolderData, *, nbytes: int | None = None, on_device: bool = False) -> CachePlan:
    images = build_source(config, 0).images
    assert isinstance(images, UnpairedImages)
    needed = bytes_needed(images, 2**40)
    assert needed is not None
    return CachePlan(images=images, device=CPU, nbytes=needed if nbytes is None else nbytes, on_device=on_device)


def test_what_is_kept_takes_what_was_reckoned_and_not_more(make_folders: MakeFolders) -> None:
    root = make_folders(size=(700, 600), trainA=25, trainB=25)
    config = UnpairedData(root=str(root), resize=0, crop=12)
    plan = plan_of(config)
    assert plan.nbytes == 50 * 700 * 600 * 3
    process = psutil.Process()
    cache = ImageCache(plan, pin=False)
    before = process.memory_info().rss
    for number in range(25):
        for domain, collection in enumerate(plan.images.collections):
            cache.keep(domain, number, collection.read(number))
    taken = process.memory_info().rss - before
    assert plan.nbytes * 0.9 < taken < plan.nbytes * 1.2
    cache.clear()
    assert process.memory_info().rss - before < plan.nbytes * 0.2
    assert not cache.has(0, 0)


def test_a_file_larger_than_it_was_when_it_was_measured_is_kept_all_the_same(make_folders: MakeFolders) -> None:
    root = make_folders(trainA=3, trainB=3)
    config = UnpairedData(root=str(root), resize=0, crop=12)
    source = kept(build_source(config, 3), config, "host")
    for k in range(3):
        write_image(root / "trainA" / f"{k:03d}.png", k, (90, 70))
    without = take(build_source(config, 3), ENOUGH)
    assert_same(without, take(source, ENOUGH))


def test_images_on_their_way_to_a_device_are_few_until_a_batch_is_made_ready(make_folders: MakeFolders) -> None:
    config = UnpairedData(root=str(make_folders(trainA=9, trainB=9)), resize=20, crop=12)
    cache = ImageCache(plan_of(config, nbytes=0, on_device=True), pin=False)
    large = np.zeros((1, 3, 2048, 2048), np.uint8)
    for number in range(9):
        if not cache.has_room_to_arrive:
            break
        cache.keep(0, number, large)
    assert number * large.nbytes == pytest.approx(ARRIVED_AT_MOST, abs=large.nbytes)
    ready = cache.cuts(cache.plan.images.wants(Place(1, 0), 1))
    assert len(ready.arrived) >= number
    assert cache.has_room_to_arrive


# -------------------------------------------------------------------------------------------------------- processes


@pytest.fixture(scope="module")
def large_folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images that take so long to read that workers are met at it, all of one content; nothing is changed here."""
    root = tmp_path_factory.mktemp("large")
    write_image(root / "trainA" / "0.png", 0, (900, 900))
    (root / "trainB").mkdir()
    for k in range(60):
        for domain in ("trainA", "trainB"):
            if not (copy := root / domain / f"{k}.png").exists():
                shutil.copy(root / "trainA" / "0.png", copy)
    return root


def test_workers_that_read_for_a_cache_do_not_import_torch(large_folders: Path) -> None:
    config = UnpairedData(root=str(large_folders), resize=20, crop=12)
    with BatchStream(kept(build_source(config, 3), config, "host"), 1, 1, 0, workers=1) as stream:
        next(stream)
        (worker,) = data_workers()
        mapped = {Path(region.path).name for region in worker.memory_maps()}
    assert not any(name.startswith("libtorch") for name in mapped)
    assert any("_imaging" in name for name in mapped)


def test_a_killed_worker_is_an_error_and_no_hang(large_folders: Path) -> None:
    config = UnpairedData(root=str(large_folders), resize=20, crop=12)
    with BatchStream(kept(build_source(config, 3), config, "host"), 1, 1, 0, workers=2) as stream:
        next(stream)
        for worker in data_workers():
            worker.kill()
        with pytest.raises(WorkError, match="signal 9"):
            list(islice(stream, 200))


def test_close_ends_workers_that_still_read_and_may_be_repeated(large_folders: Path) -> None:
    config = UnpairedData(root=str(large_folders), resize=20, crop=12)
    stream = BatchStream(kept(build_source(config, 3), config, "device"), 1, 1, 0, workers=2)
    next(stream)
    assert data_workers()
    stream.close()
    assert not data_workers()
    stream.close()


ENGINE = """
    import sys

    if __name__ == "__main__":  # as in the engine, workers import this module without running it
        import torch

        from engine.config.data import UnpairedData
        from engine.data.build import build_source, with_cache
        from engine.data.stream import BatchStream

        config = UnpairedData(root=sys.argv[1], resize=20, crop=12, cache=sys.argv[2])
        source, _ = with_cache(build_source(config, 0), config, torch.device("cpu"))
        stream = BatchStream(source, 1, 1, 0, workers=2)
        next(stream)
        print("ready", flush=True)
        sys.stdin.read()
"""


@contextlib.contextmanager
def engine(folder: Path, root: Path, where: Where) -> Iterator[subprocess.Popen[str]]:
    """A process that keeps images and waits to be killed."""
    script = folder / "engine_process.py"
    script.write_text(textwrap.dedent(ENGINE))
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    arguments, pipe = [sys.executable, str(script), str(root), where], subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True, env=here, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no shared memory that could be left behind")
@pytest.mark.parametrize("where", WHERES)
def test_a_killed_engine_leaves_neither_workers_nor_memory_behind(
    large_folders: Path, tmp_path: Path, where: Where
) -> None:
    with engine(tmp_path, large_folders, where) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        engine_process = psutil.Process(process.pid)
        workers = engine_process.children(recursive=True)
        assert len(workers) >= 2, "it reads ahead"
        for each in (engine_process, *workers):
            assert not [region.path for region in each.memory_maps() if region.path.startswith("/dev/shm")]
        process.kill()
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert not alive
