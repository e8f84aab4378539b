"""What is known of how good checkpoints are: the two files together, what compares, what is void, damage, writers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from engine.errors import RequestError
from engine.evaluation.keeping import keep
from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, Manifest, folder_name, list_checkpoints
from engine.protocol.choice import choose_checkpoint, is_relative
from engine.protocol.codec import encode
from engine.protocol.conditions import Conditions
from engine.protocol.evaluation import Evaluation
from engine.protocol.measured import by_figure, counting, evaluations_of, figures_of, figures_so_far
from engine.protocol.rundir import RunDirectory, read_identity
from engine.retention import Retention
from tests.runs import make_run

ALL = Conditions(split="test", images_A=100, images_B=0)
FEW = Conditions(split="test", images_A=4, images_B=0)
MORE = Conditions(split="test", images_A=200, images_B=0)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path, kind="pix2pix")


def put(run: RunDirectory, step: int, seq: int = 1) -> Path:
    """A checkpoint of nothing but its manifest."""
    manifest = Manifest(
        run=read_identity(run).id, seq=seq, step=step, epoch=1, images=step, time=0.0, reason="schedule", losses={},
        controls={}, files={},
    )  # fmt: skip
    folder = run.checkpoints / folder_name(step)
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    return folder


def line(
    run: RunDirectory, step: int, time: float, *, seq: int = 1, conditions: Conditions = ALL, **figures: float | None
) -> Evaluation:
    return Evaluation(
        time=time, by="me@here", run=read_identity(run).id, step=step, seq=seq, figures=figures, conditions=conditions
    )


def journal(run: RunDirectory, *events: ev.Event) -> None:
    run.events.write_bytes(b"".join(encode(event) + b"\n" for event in events))


def measured(seq: int, step: int, **figures: float | None) -> ev.Evaluated:
    return ev.Evaluated(seq=seq, step=step, time=float(seq), figures=figures, conditions=ALL, seconds=1.0)


def steps(pairs: Iterable[tuple[Path, Manifest]]) -> list[int]:
    return [manifest.step for _, manifest in pairs]


def test_both_files_are_one_account(run: RunDirectory) -> None:
    journal(run, measured(1, 10, l1=0.5), measured(2, 20, l1=0.4))
    assert keep(run, line(run, 10, 1.5, psnr=12.0)) == ""
    found = evaluations_of(run)
    assert [(each.by, each.step) for each in found] == [("training", 10), ("me@here", 10), ("training", 20)]
    put(run, 10)
    [(_, manifest)] = list_checkpoints(run)
    assert figures_of(counting(found), manifest) == {"l1": 0.5, "psnr": 12.0}


def test_the_best_first_by_a_figure(run: RunDirectory) -> None:
    for step in (10, 20, 30, 40):
        put(run, step)
    for number, (step, psnr) in enumerate(((10, 12.0), (20, 15.0), (30, 12.0), (40, None))):
        keep(run, line(run, step, float(number), psnr=psnr, l1=psnr))
    evaluations, checkpoints = evaluations_of(run), list_checkpoints(run)
    assert steps(by_figure(evaluations, checkpoints, "psnr")) == [20, 30, 10], "of equals the newer"
    assert steps(by_figure(evaluations, checkpoints, "l1")) == [30, 10, 20]
    assert by_figure(evaluations, checkpoints, "ssim") == []


def test_only_what_was_measured_alike_compares(run: RunDirectory) -> None:
    for step in (10, 20):
        put(run, step)
    keep(run, line(run, 10, 1.0, psnr=99.0, conditions=FEW))
    keep(run, line(run, 10, 2.0, psnr=12.0))
    keep(run, line(run, 20, 3.0, psnr=13.0))
    assert steps(by_figure(evaluations_of(run), list_checkpoints(run), "psnr")) == [20, 10]
    keep(run, line(run, 10, 4.0, psnr=50.0, conditions=FEW))
    assert steps(by_figure(evaluations_of(run), list_checkpoints(run), "psnr")) == [20, 10], "a glance at one of them"
    keep(run, line(run, 20, 5.0, psnr=40.0, conditions=FEW))
    assert steps(by_figure(evaluations_of(run), list_checkpoints(run), "psnr")) == [20, 10], "at fewer images"
    keep(run, line(run, 10, 6.0, psnr=60.0, conditions=MORE))
    keep(run, line(run, 20, 7.0, psnr=50.0, conditions=MORE))
    assert steps(by_figure(evaluations_of(run), list_checkpoints(run), "psnr")) == [10, 20]
    many = msgspec.structs.replace(MORE, split="train", images_A=400, images_B=400)
    keep(run, line(run, 10, 8.0, psnr=70.0, conditions=many))
    keep(run, line(run, 20, 9.0, psnr=80.0, conditions=many))
    assert steps(by_figure(evaluations_of(run), list_checkpoints(run), "psnr")) == [10, 20], (
        "training images decide not"
    )


def test_what_was_measured_on_another_folder_never_counts(run: RunDirectory) -> None:
    for step in (10, 20):
        put(run, step)
    elsewhere = msgspec.structs.replace(MORE, data="/sets/other")
    keep(run, line(run, 10, 1.0, psnr=99.0, conditions=elsewhere))
    keep(run, line(run, 20, 2.0, psnr=98.0, conditions=elsewhere))
    assert by_figure(evaluations_of(run), list_checkpoints(run), "psnr") == []
    assert figures_so_far(evaluations_of(run)) is None
    keep(run, line(run, 10, 3.0, psnr=12.0, conditions=FEW))
    assert steps(by_figure(evaluations_of(run), list_checkpoints(run), "psnr")) == [10]


def test_a_glance_at_a_few_images_changes_nothing_of_what_training_measured(run: RunDirectory) -> None:
    for step in (10, 20):
        put(run, step)
    journal(run, measured(1, 10, psnr=20.0), measured(2, 20, psnr=10.0))
    keep(run, line(run, 20, 9.0, psnr=99.0, conditions=FEW))
    evaluations, checkpoints = evaluations_of(run), list_checkpoints(run)
    assert steps(by_figure(evaluations, checkpoints, "psnr")) == [10, 20]
    surplus = Retention(keep=1, keep_best=1, best_by="psnr").surplus(checkpoints, checkpoints[-1][0], evaluations)
    assert surplus == []
    standing = figures_so_far(evaluations)
    assert standing is not None
    assert (standing.best["psnr"].value, standing.best["psnr"].step) == (20.0, 10)
    assert (standing.step, standing.figures) == (20, {"psnr": 10.0})
    assert figures_of(counting(evaluations), checkpoints[-1][1]) == {"psnr": 10.0}, "the tables show what compares"


def test_conditions_that_do_not_bear_on_a_figure_are_not_asked(run: RunDirectory) -> None:
    for step in (10, 20):
        put(run, step)
    keep(run, line(run, 10, 1.0, l1=0.1, conditions=msgspec.structs.replace(ALL, inception="abc")))
    keep(run, line(run, 20, 2.0, l1=0.2))
    assert steps(by_figure(evaluations_of(run), list_checkpoints(run), "l1")) == [10, 20]


def test_a_checkpoint_of_the_same_step_in_another_course_is_another(run: RunDirectory) -> None:
    put(run, 10, seq=7)
    keep(run, line(run, 10, 1.0, seq=3, psnr=12.0))
    assert by_figure(evaluations_of(run), list_checkpoints(run), "psnr") == []


def test_what_a_resume_made_void_is_left_out(run: RunDirectory) -> None:
    resumed = ev.Resumed(seq=6, step=10, time=6.0, from_step=10, checkpoint="", from_seq=2)
    journal(run, measured(1, 10, psnr=12.0), measured(4, 20, psnr=99.0), resumed, measured(7, 20, psnr=13.0))
    keep(run, line(run, 20, 5.0, seq=5, psnr=99.0))
    keep(run, line(run, 10, 6.0, seq=2, psnr=12.5))
    found = evaluations_of(run)
    assert [(each.step, each.figures["psnr"]) for each in found] == [(10, 12.0), (10, 12.5), (20, 13.0)]


def test_the_request_for_the_best(run: RunDirectory) -> None:
    for step in (10, 20):
        put(run, step)
    keep(run, line(run, 10, 1.0, psnr=12.0, l1=0.1))
    keep(run, line(run, 20, 2.0, psnr=13.0, l1=0.2))
    assert choose_checkpoint(run, "best:psnr")[1].step == 20
    assert choose_checkpoint(run, "best:l1")[1].step == 10
    with pytest.raises(RequestError, match=r"ssim was measured of none that is undamaged\. .*gan-tui eval tiny"):
        choose_checkpoint(run, "best:ssim")
    with pytest.raises(RequestError, match=r"best:beauty: is not known. Choose from objective, l1"):
        choose_checkpoint(run, "best:beauty")
    with pytest.raises(RequestError, match="no undamaged checkpoint has a generator objective"):
        choose_checkpoint(run, "best")
    text = run.config.read_text().replace('best_by = "objective"', 'best_by = "l1"')
    run.config.write_text(text)
    assert choose_checkpoint(run, "best")[1].step == 10
    assert [is_relative(which) for which in ("best", "best:l1", "latest", "10", "bestial")] == [True] * 3 + [False] * 2


def test_a_run_without_any(run: RunDirectory) -> None:
    assert evaluations_of(run) == []
    assert figures_so_far([]) is None


def test_damaged_lines_and_those_of_a_newer_format_are_left_out(run: RunDirectory) -> None:
    keep(run, line(run, 10, 1.0, psnr=12.0))
    newer = msgspec.structs.replace(line(run, 10, 2.0, psnr=1.0), schema=99)
    with run.evaluations.open("ab") as file:
        file.write(b'{"time": 3\n\xff\xfe\n' + msgspec.json.encode(newer) + b"\n" + b'{"torn": ')
    assert len(evaluations_of(run)) == 1
    assert keep(run, line(run, 10, 4.0, psnr=13.0)) == ""
    assert [each.figures["psnr"] for each in evaluations_of(run)] == [12.0, 13.0]


def write_many(root: str, number: int) -> None:
    run = RunDirectory(Path(root))
    for count in range(50):
        assert keep(run, line(run, number, float(count), psnr=float(count))) == ""


def test_several_writers_at_once_lose_nothing(run: RunDirectory) -> None:
    writers = [multiprocessing.get_context("fork").Process(target=write_many, args=(str(run.root), n)) for n in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = evaluations_of(run)
    for number in (1, 2):
        assert [each.time for each in found if each.step == number] == [float(count) for count in range(50)]


KILLED = """
import resource, signal, sys
from pathlib import Path
from engine.evaluation.keeping import keep
from engine.protocol.rundir import RunDirectory
from tests.engine.protocol.test_measured import line

run = RunDirectory(Path(sys.argv[1]))
longest = run.evaluations.stat().st_size + 40
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (longest, longest))
keep(run, line(run, 10, 2.0, psnr=1.0))
"""
"""The kernel takes 40 bytes of the line, and ends the process when it writes the rest."""


def test_a_writer_that_is_killed_in_the_middle_of_a_line_costs_that_line_alone(run: RunDirectory) -> None:
    keep(run, line(run, 10, 1.0, psnr=12.0))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(run.root)], check=False, timeout=120)
    assert killed.returncode == -signal.SIGXFSZ
    assert run.evaluations.read_bytes()[-1:] != b"\n"
    assert [each.time for each in evaluations_of(run)] == [1.0]
    assert keep(run, line(run, 10, 3.0, psnr=13.0)) == ""
    assert [each.time for each in evaluations_of(run)] == [1.0, 3.0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="it stands for a full disk")
def test_a_disk_that_is_full_is_told_of(run: RunDirectory) -> None:
    run.evaluations.symlink_to("/dev/full")
    assert "step 10 could not be kept in" in keep(run, line(run, 10, 1.0, psnr=12.0))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_may_not_be_written_is_told_of(run: RunDirectory) -> None:
    run.root.chmod(0o500)
    try:
        assert "(it may not be written)" in keep(run, line(run, 10, 1.0, psnr=12.0))
    finally:
        run.root.chmod(0o700)
