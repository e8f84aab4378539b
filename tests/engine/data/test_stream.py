"""The stream is the same from any start and with any number of workers, and its workers end when they should."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import psutil
import pytest
import torch

from engine.config.data import SyntheticData, UnpairedData
from engine.data.build import Source, build_source
from engine.data.stream import BatchStream
from engine.errors import WorkError
from tests.engine.data.conftest import MakeFolders, write_image
from tests.engine.data.streams import assert_same, data_workers, take


@pytest.fixture
def framed(make_folders: MakeFolders) -> Source:
    """Images that are resized, cropped and flipped at random."""
    root = make_folders(trainA=5, trainB=7)
    return build_source(UnpairedData(root=str(root), resize=20, crop=12), seed=3)


def test_batches_are_bytes_and_count_through_the_epochs(framed: Source) -> None:
    batches = take(framed, 9)
    assert framed.batches_per_epoch(2) == 4
    assert [(batch.epoch, batch.index) for batch in batches] == [(e, i) for e in (1, 2) for i in range(4)] + [(3, 0)]
    assert [batch.last_in_epoch for batch in batches[:4]] == [False, False, False, True]
    assert [len(batch) for batch in batches[:4]] == [2, 2, 2, 1]
    assert batches[0].images.real_A.dtype == batches[0].images.real_B.dtype == torch.uint8
    assert batches[0].images.real_A.shape == (2, 3, 12, 12)
    assert all(one.following == next_one.place for one, next_one in pairwise(batches))


def test_workers_change_nothing(framed: Source) -> None:
    alone = take(framed, 10)
    for workers in (1, 2, 3):
        assert_same(alone, take(framed, 10, workers=workers))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_taken_up_anywhere_goes_on_as_if_it_had_never_stopped(framed: Source, workers: int) -> None:
    whole = take(framed, 9)
    for done in (1, 3, 4, 6):
        place = whole[done - 1].following
        resumed = take(framed, 9 - done, epoch=place.epoch, index=place.index, workers=workers)
        assert_same(whole[done:], resumed)


def test_a_position_beyond_the_epoch_falls_into_a_later_one(framed: Source) -> None:
    assert take(framed, 1, epoch=1, index=9)[0].place == take(framed, 1, epoch=3, index=1)[0].place


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_of_whole_batches_leaves_the_smaller_one_out(make_folders: MakeFolders, workers: int) -> None:
    config = UnpairedData(root=str(make_folders(trainA=5, trainB=7)), resize=20, crop=12)
    source = build_source(config, 3, whole_batches=True)
    batches = take(source, 5, batch=3, workers=workers)
    assert source.batches_per_epoch(3) == 2
    assert [(batch.epoch, batch.index, len(batch)) for batch in batches] == [
        (1, 0, 3), (1, 1, 3), (2, 0, 3), (2, 1, 3), (3, 0, 3),
    ]  # fmt: skip
    with_the_rest = take(build_source(config, 3), 2, batch=3)
    assert_same(batches[:1], with_the_rest[:1])


def test_a_set_smaller_than_a_batch_is_an_epoch_of_one_smaller_batch(framed: Source) -> None:
    whole = dataclasses.replace(framed, images=dataclasses.replace(framed.images, whole_batches=True))
    assert whole.batches_per_epoch(8) == 1
    assert [len(batch) for batch in take(whole, 2, batch=8)] == [7, 7]


def test_another_seed_gives_other_batches(framed: Source, tmp_path: Path) -> None:
    other = build_source(UnpairedData(root=str(tmp_path), resize=20, crop=12), seed=4)
    pairs = zip(take(framed, 8), take(other, 8), strict=True)
    assert not any(torch.equal(one.images.real_A, two.images.real_A) for one, two in pairs)


def test_direction_swaps_the_domains(whole_images: UnpairedData) -> None:
    swapped = UnpairedData(root=whole_images.root, resize=20, crop=20, flip=False, direction="BtoA")
    for config, first, second in ((swapped, 100, 0), (whole_images, 0, 100)):
        images = [batch.images for batch in take(build_source(config, 0), 4)]
        assert all((each.real_A[:, 0] // 100 * 100 == first).all() for each in images)
        assert all((each.real_B[:, 0] // 100 * 100 == second).all() for each in images)


# ------------------------------------------------------------------------------------------------ damaged images


@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_image_is_passed_over_and_reported_once(whole_images: UnpairedData, workers: int) -> None:
    damaged = Path(whole_images.root, "trainA", "002.png")
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with contextlib.closing(BatchStream(build_source_unchecked(whole_images), 1, 1, 0, workers=workers)) as stream:
        batches = list(islice(stream, 21))
    shown = [int(batch.images.real_A[0, 0, 0, 0]) for batch in batches]
    assert 2 not in shown
    assert shown.count(3) > shown.count(4)  # the next image of the domain takes its place
    problems = [problem for batch in batches for problem in batch.problems]
    assert [problem.path for problem in problems] == [str(damaged.resolve())]
    assert "decoded" in problems[0].reason or "not an image" in problems[0].reason


def build_source_unchecked(config: UnpairedData) -> Source:
    """A source whose folders were sound when the run was started: the damage comes later."""
    damage = {path: path.read_bytes() for path in Path(config.root).glob("train?/*.png")}
    for path in damage:
        write_image(path, number=0)
    source = build_source(config, 0)
    for path, content in damage.items():
        path.write_bytes(content)
    return source


def test_a_vanished_image_is_passed_over(whole_images: UnpairedData) -> None:
    source = build_source(whole_images, 0)
    Path(whole_images.root, "trainB", "004.png").unlink()
    problems = [problem for batch in take(source, 40, batch=1) for problem in batch.problems]
    assert [problem.reason for problem in problems] == ["cannot be read: No such file or directory"]


def test_a_damaged_image_with_a_name_that_is_no_text_can_be_reported(make_folders: MakeFolders) -> None:
    root = make_folders(trainA=2, trainB=2)
    strange = os.fsencode(root / "trainA" / "zebra") + b"\xff.png"
    Path(os.fsdecode(strange)).write_text("no picture")
    source = build_source_unchecked(UnpairedData(root=str(root), resize=20, crop=20))
    problems = [problem for batch in take(source, 9, batch=1) for problem in batch.problems]
    assert [problem.path for problem in problems] == [f"{root.resolve()}/trainA/zebra\\xff.png"]
    assert all(problem.reason.encode() for problem in problems)


def test_an_image_that_shrank_below_the_crop_is_passed_over(make_folders: MakeFolders) -> None:
    root = make_folders(size=(24, 24), trainA=3, trainB=3)
    source = build_source(UnpairedData(root=str(root), resize=0, crop=20), 0)
    write_image(root / "trainA" / "001.png", 1, size=(24, 16))
    problems = [problem for batch in take(source, 9, batch=1) for problem in batch.problems]
    assert [problem.reason for problem in problems] == ["is 24x16 px, smaller than data.crop = 20"]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_domain_without_one_good_image_ends_the_work(whole_images: UnpairedData, workers: int) -> None:
    source = build_source(whole_images, 0)
    for path in Path(whole_images.root, "trainB").iterdir():
        path.write_text("gone")
    with contextlib.closing(BatchStream(source, 1, 1, 0, workers=workers)) as stream:
        for _ in range(2):
            with pytest.raises(WorkError, match=r"trainB: none of its 7 images.*not an image"):
                next(stream)


# ----------------------------------------------------------------------------------------------------- processes


def test_close_ends_the_workers_and_may_be_repeated(framed: Source) -> None:
    stream = BatchStream(framed, 1, 1, 0, workers=2)
    next(stream)
    workers = data_workers()
    assert len(workers) == 2
    stream.close()
    assert not any(worker.is_running() for worker in workers)
    stream.close()


def test_a_stream_never_read_closes_at_once(framed: Source) -> None:
    start = time.monotonic()
    BatchStream(framed, 1, 1, 0, workers=2).close()
    assert time.monotonic() - start < 10
    assert not data_workers()


def test_workers_outlive_the_signals_that_ask_the_engine_to_stop(framed: Source) -> None:
    with contextlib.closing(BatchStream(framed, 1, 1, 0, workers=2)) as stream:
        for worker in data_workers():  # from the first moment of their lives
            worker.send_signal(signal.SIGTERM)
            worker.send_signal(signal.SIGINT)
            worker.send_signal(signal.SIGHUP)
        assert len(list(islice(stream, 20))) == 20
        for worker in data_workers():
            worker.send_signal(signal.SIGTERM)
        assert len(list(islice(stream, 20))) == 20


def test_a_killed_worker_is_an_error_and_no_hang(framed: Source) -> None:
    with contextlib.closing(BatchStream(framed, 1, 1, 0, workers=2)) as stream:
        next(stream)
        for worker in data_workers():
            worker.kill()
        with pytest.raises(WorkError, match="signal 9"):
            list(islice(stream, 20))


def test_workers_do_not_import_torch(framed: Source) -> None:
    with contextlib.closing(BatchStream(framed, 1, 1, 0, workers=1)) as stream:
        next(stream)
        (worker,) = data_workers()
        mapped = {Path(region.path).name for region in worker.memory_maps()}
    assert not any(name.startswith("libtorch") for name in mapped)
    assert any("_imaging" in name for name in mapped)


ENGINE = """
    import os, signal, sys

    if __name__ == "__main__":  # as in the engine, workers import this module without running it
        from engine.config.data import UnpairedData
        from engine.data.build import build_source
        from engine.data.stream import BatchStream

        source = build_source(UnpairedData(root=sys.argv[1], resize=20, crop=12), 0)
        stream = BatchStream(source, 1, 1, 0, workers=2)
        if sys.argv[2] == "kill":  # at once, to the whole process group, as a shell or a batch system would
            signal.signal(signal.SIGTERM, lambda *_: None)
            os.killpg(0, signal.SIGTERM)
        for _ in range(20):
            next(stream)
        print("ready", flush=True)
        if sys.argv[2] == "crash":
            raise SystemExit(3)
        sys.stdin.read()
"""


@contextlib.contextmanager
def engine(folder: Path, root: Path, end: str) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own that reads batches and then ends in the way named."""
    script = folder / "engine_process.py"
    script.write_text(textwrap.dedent(ENGINE))
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    arguments, pipe = [sys.executable, str(script), str(root), end], subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True, env=here, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_workers_outlive_a_signal_to_their_process_group_and_end_when_the_engine_is_killed(
    make_folders: MakeFolders, tmp_path: Path
) -> None:
    """The signal comes when they have just been started."""
    with engine(tmp_path, make_folders(trainA=3, trainB=3), "kill") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        workers = psutil.Process(process.pid).children(recursive=True)
        assert len(workers) >= 2
        process.kill()
        _, alive = psutil.wait_procs(workers, timeout=10)
        assert not alive


def test_an_engine_that_ends_without_closing_its_stream_does_not_hang(
    make_folders: MakeFolders, tmp_path: Path
) -> None:
    with engine(tmp_path, make_folders(trainA=3, trainB=3), "crash") as process:
        assert process.wait(timeout=30) == 3


# --------------------------------------------------------------------------------------- what contact sheets show


def test_sheets_show_the_first_test_images(make_folders: MakeFolders) -> None:
    root = make_folders(trainA=3, trainB=3, testA=4, testB=2)
    shown = build_source(UnpairedData(root=str(root), resize=20, crop=20), 0).validation(3)
    assert shown.real_A[:, 0, 0, 0].tolist() == [50, 51]
    assert shown.real_B[:, 0, 0, 0].tolist() == [150, 151]


def test_sheets_fall_back_to_training_images_domain_by_domain(make_folders: MakeFolders) -> None:
    root = make_folders(trainA=3, trainB=3, testA=4)
    shown = build_source(UnpairedData(root=str(root), resize=20, crop=20), 0).validation(2)
    assert shown.real_A[:, 0, 0, 0].tolist() == [50, 51]
    assert shown.real_B[:, 0, 0, 0].tolist() == [100, 101]


def test_sheets_pass_over_a_damaged_image_without_showing_its_neighbour_twice(make_folders: MakeFolders) -> None:
    root = make_folders(trainA=3, trainB=3, testA=4, testB=4)
    (root / "testA" / "001.png").write_text("no picture")
    shown = build_source(UnpairedData(root=str(root), resize=20, crop=20), 0).validation(3)
    assert shown.real_A[:, 0, 0, 0].tolist() == [50, 52, 53]
    assert [problem.path for problem in shown.problems] == [str(root.resolve() / "testA" / "001.png")]


def test_what_steps_and_sheets_take_is_in_the_unit_range() -> None:
    source = build_source(SyntheticData(images=2, resize=16, crop=12), 0)
    batch = take(source, 1)[0].on(torch.device("cpu"))
    shown = source.validation(3).on(torch.device("cpu"))
    assert (len(batch), len(shown)) == (2, 3)
    for images in (batch.real_A, batch.real_B, shown.real_A, shown.real_B):
        assert images.dtype == torch.float32
        assert images.min() >= -1
        assert images.max() <= 1
        assert images.min() < 0 < images.max()
