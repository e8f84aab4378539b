"""The follower's thread: what goes wrong in it is seen, and it can be left at any time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.codec import encode
from engine.protocol.commands import SetControls, Stop
from engine.protocol.rundir import Endpoints, Parent, RunDirectory, read_identity, write_identity
from engine.record import Standing
from gan_tui.client.follow import Follower
from gan_tui.client.stream import LOOK_SECONDS
from gan_tui.state.history import History
from gan_tui.state.run_view import Origin, RunView
from gan_tui.state.series import SeriesKey
from tests.engine.train.here import after_step, train_here
from tests.gan_tui.client.locked import locked
from tests.gan_tui.client.test_stream import at_work
from tests.gan_tui.long_records import wide_line
from tests.runs import course_of, engine_of, make_run, record_of
from tests.until import until


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path, name="r")


def started(follower: Follower, *failures: Exception) -> Follower:
    """The follower at work; its first notifications fail so."""
    waiting = iter(failures)

    def notify() -> None:
        for failure in waiting:
            raise failure

    follower.start(notify)
    return follower


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the listing itself is wanted


def test_a_run_is_followed_and_steered(run: RunDirectory) -> None:
    with at_work(run) as writer:
        writer.note(3)
        follower = started(Follower(run))
        until(lambda: follower.snapshot().link == "live", "the engine")
        writer.note()
        until(lambda: follower.snapshot().last_seq == 4, "its note")
        follower.send(cmd.Status())
        until(lambda: any(not exchange.waiting for exchange in follower.snapshot().exchanges), "its answer")
        follower.send(cmd.Pause())
        until(lambda: follower.snapshot().waiting_for(cmd.Pause), "the question")
    until(lambda: follower.snapshot().status == "lost", "the engine's end")
    assert [exchange.problem for exchange in follower.snapshot().exchanges] == ["", "the engine is gone"]
    follower.close()


def test_a_stopped_engine_is_waited_for(tmp_path: Path) -> None:
    """SIGSTOP, as from a debugger or a machine that sleeps: it is not dead, and whoever looks on is not stopped too."""
    with engine_of(make_run(tmp_path)) as engine:
        engine.until_step(3)
        follower = started(Follower(engine.run))
        until(lambda: follower.snapshot().status == "training", "the run")
        engine.signal(signal.SIGSTOP)
        follower.send(cmd.Pause())
        until(lambda: follower.snapshot().waiting_for(cmd.Pause), "the question")
        looked = threading.Event()
        threading.Timer(2 * LOOK_SECONDS, looked.set).start()
        until(looked.is_set, "two looks at the run")
        assert follower.snapshot().status == "training"
        assert follower.snapshot().waiting_for(cmd.Pause)
        engine.signal(signal.SIGCONT)
        until(lambda: follower.snapshot().status == "paused", "the pause")
        follower.close()


def test_damage_in_the_midst_of_a_record_is_passed_over(run: RunDirectory) -> None:
    with at_work(run) as writer:
        for step in range(1, 101):
            writer.record.write(wide_line(writer.record.last_seq + 1, step))
            writer.note()
        for path in (run.metrics, run.events):
            content = bytearray(path.read_bytes())
            middle = len(content) // 2
            content[middle : middle + 60] = b"\xff" * 60
            path.write_bytes(content)
        follower = started(Follower(run))
        until(lambda: follower.snapshot().last_seq == 200, "the end of the record")
        assert follower.history.extent() == (1, 100)
        assert 96 <= len(follower.snapshot().journal) < 100
        writer.note()
        until(lambda: follower.snapshot().last_seq == 201, "what came after it")
        follower.close()


def test_what_was_streamed_and_never_came_on_file_leaves_the_view(run: RunDirectory) -> None:
    """An engine died with a full disk; the next one goes on from the record, and gives its numbers again."""
    with at_work(run) as writer:
        for step in range(1, 4):
            writer.record.write(wide_line(writer.record.last_seq + 1, step))
        follower = started(Follower(run))
        until(lambda: follower.snapshot().link == "live", "the engine")
        writer.record.write(ev.Note(**writer.record.stamp(3), text="on file", by="me"))
        until(lambda: follower.snapshot().last_seq == 4, "its note")
        follower.send(cmd.Status())
        until(lambda: any(not exchange.waiting for exchange in follower.snapshot().exchanges), "an answer")
        tick = ev.Tick(step=3, epoch=1, throughput=77.0, state="training", time=1.0, last_seq=4)
        until(lambda: writer.link.publish(encode(tick)) or follower.snapshot().throughput == 77.0, "a tick")
        for seq in range(5, 21):
            writer.link.publish(encode(wide_line(seq, seq)))
        until(lambda: follower.snapshot().last_seq == 20, "what is not on file")
        assert follower.history.extent() == (1, 20)
    with at_work(run) as writer:
        writer.record.write(wide_line(5, 4))
        writer.note()
        until(lambda: follower.snapshot().last_seq == 6, "what the next engine recorded")
        until(lambda: follower.snapshot().status != "lost", "the next engine")
        view = follower.snapshot()
        assert (view.step, view.name, view.method) == (4, "r", "cyclegan")
        assert [entry.text for entry in view.journal if "on file" in entry.text] != []
        assert len(view.exchanges) == 1
        assert follower.history.extent() == (1, 4)
        writer.note()
        until(lambda: follower.snapshot().last_seq == 7, "what comes after it")
    follower.close()


# ---------------------------------------------------------------------------------------------------- branches


def grown_from(parent: RunDirectory, step: int, name: str) -> RunDirectory:
    """A branch of a run's checkpoint, trained for four steps."""
    [manifest] = [manifest for _, manifest in list_checkpoints(parent) if manifest.step == step]
    lineage = Parent(run=str(parent.root), id=read_identity(parent).id, step=step, seq=manifest.seq)
    branch = make_run(parent.root.parent, f"run.steps={step + 4}", "sample.every=2", name=name, parent=lineage)
    train_here(branch)
    return branch


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunDirectory, RunDirectory, RunDirectory]:
    """A run that lost steps 5 to 7 and went on to 12, a branch of its step 8, and a branch of that one's 12."""
    settings = ("run.steps=12", "checkpoint.every=4", "checkpoint.keep=9", "sample.every=2")
    root = make_run(tmp_path_factory.mktemp("family"), *settings, name="root")
    train_here(root, script=after_step(7, Stop(how="discard")))
    train_here(root, script=after_step(6, SetControls(values={"loss.cycle_a": 3.0})))
    middle = grown_from(root, 8, "middle")
    return root, middle, grown_from(middle, 12, "leaf")


def followed(run: RunDirectory) -> tuple[RunView, History]:
    follower = started(Follower(run))
    until(lambda: follower.snapshot().link == "record", "the record")
    follower.close()
    return follower.snapshot(), follower.history


def values_of(history: History, name: str, last: int) -> list[float]:
    spans = history.decimate([SeriesKey("loss", name)], 0.5, last + 0.5, last)[SeriesKey("loss", name)]
    assert all(span.finite == 1 for span in spans), "one line for each step"
    return [span.mean for span in spans]


def test_a_branchs_curve_is_its_ancestors_up_to_it_and_then_its_own(
    family: tuple[RunDirectory, RunDirectory, RunDirectory],
) -> None:
    root, middle, leaf = family
    view, history = followed(leaf)
    courses = {
        **{step: line for step, line in course_of(root).items() if step <= 8},
        **{step: line for step, line in course_of(middle).items() if step <= 12},
        **course_of(leaf),
    }
    assert sorted(courses) == list(range(1, 17))
    for name in ("G_A", "cycle_B"):
        assert values_of(history, name, 16) == [courses[step]["losses"][name] for step in range(1, 17)]
    assert view.origin == Origin(run="middle", step=12)
    assert view.last_seq == record_of(leaf)[-1].seq


def test_a_branch_begins_with_a_mark_and_its_journal_says_of_what(
    family: tuple[RunDirectory, RunDirectory, RunDirectory],
) -> None:
    _, _, leaf = family
    view, _ = followed(leaf)
    assert [marker.step for marker in view.markers if marker.kind == "resume"] == [4, 8, 12]
    assert (6, "nudge") in [(marker.step, marker.kind) for marker in view.markers]
    told = [entry.text for entry in view.journal if "branched" in entry.text or "resumed" in entry.text]
    assert told == ["branched from middle @ 12"]
    assert len(view.journal) < len(record_of(leaf)), "the ancestors' journals are their own"


def test_a_branchs_samples_go_back_to_its_ancestors(family: tuple[RunDirectory, RunDirectory, RunDirectory]) -> None:
    root, _, leaf = family
    view, _ = followed(leaf)
    assert sorted({sheet.step for sheet in view.sheets}) == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert all((leaf.root / sheet.path).is_file() for sheet in view.sheets)
    assert (leaf.root / view.sheets[0].path).is_relative_to(root.root)


def test_a_branch_whose_parent_is_gone_is_followed_from_where_it_begins(
    family: tuple[RunDirectory, RunDirectory, RunDirectory], tmp_path: Path
) -> None:
    _, _, leaf = family
    alone = tmp_path / "alone"
    shutil.copytree(leaf.root, alone)
    identity = read_identity(RunDirectory(alone))
    assert identity.parent is not None
    gone = msgspec.structs.replace(identity.parent, run=str(tmp_path / "gone\x1b[31m"))
    write_identity(RunDirectory(alone), msgspec.structs.replace(identity, parent=gone))
    view, history = followed(RunDirectory(alone))
    assert history.extent() == (13, 16)
    assert view.origin == Origin(run="gone\N{REPLACEMENT CHARACTER}[31m", step=12)


def test_an_unexpected_failure_is_a_state(run: RunDirectory) -> None:
    with at_work(run) as writer:
        writer.note()
        follower = started(Follower(run), RuntimeError("the screen\nis gone"))
        until(lambda: follower.snapshot().status == "lost", "the state")
    assert "RuntimeError: the screen is gone" in follower.snapshot().link_detail
    follower.close()


def test_an_address_that_cannot_be_connected_to_is_a_state(run: RunDirectory) -> None:
    endpoints = Endpoints(events="nonsense", sheets="nonsense", commands="nonsense")
    Standing(run).update(state="training", pid=1, endpoints=endpoints)
    with locked(run):
        follower = started(Follower(run))
        until(lambda: follower.snapshot().status == "lost", "the state")
    assert "ZMQError" in follower.snapshot().link_detail
    follower.close()


def test_what_cannot_be_read_for_a_while_says_nothing_of_the_engine(run: RunDirectory) -> None:
    with at_work(run) as writer:
        writer.note(2)
        with unreadable(run.events):
            follower = started(Follower(run))
            until(lambda: str(run.events) in follower.snapshot().link_detail, "the reason")
            assert follower.snapshot().link == "live"
        until(lambda: follower.snapshot().last_seq == 2, "the record")
        until(lambda: follower.snapshot().link_detail == "", "the end of the trouble")
        with unreadable(run.events):
            until(lambda: str(run.events) in follower.snapshot().link_detail, "the reason")
            writer.note()
            until(lambda: follower.snapshot().last_seq == 3, "what is streamed all the same")
        with unreadable(run.identity):
            until(lambda: "run.json" in follower.snapshot().link_detail, "the reason")
            assert follower.snapshot().link == "live"
        until(lambda: follower.snapshot().link_detail == "", "the end of the trouble")
    run.identity.unlink()
    until(lambda: follower.snapshot().status == "lost", "the run's end")
    assert follower.snapshot().link_detail == f"{run.identity} is gone"
    assert follower.snapshot().gone
    follower.close()


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """A file that cannot be read, as where a network disk stalls; it can be written by whoever has it open."""
    aside, loop = (path.with_name(f"{path.name}.{word}") for word in ("aside", "loop"))
    aside.hardlink_to(path)
    loop.symlink_to(path.name)
    loop.replace(path)
    yield
    aside.replace(path)


def never_started(run: RunDirectory) -> Follower:
    return Follower(run)


def at_its_work(run: RunDirectory) -> Follower:
    follower = started(Follower(run))
    until(lambda: follower.snapshot().link != "reading", "the record")
    return follower


def dead(run: RunDirectory) -> Follower:
    follower = started(Follower(run), RuntimeError("x"))
    until(lambda: follower.snapshot().status == "lost", "its end")
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "follower"], "the thread's end")
    return follower


@pytest.mark.parametrize("make", [never_started, at_its_work, dead])
def test_it_can_be_left_at_any_time_and_leaves_nothing_open(run: RunDirectory, make: object) -> None:
    assert callable(make)
    with at_work(run) as writer:
        writer.note()
        before = descriptors()
        for _ in range(3):
            follower = make(run)
            follower.close()
            follower.close()
            ours, theirs = os.pipe()  # takes the numbers that were freed
            follower.send(cmd.Pause())
            os.set_blocking(ours, False)
            with pytest.raises(BlockingIOError):
                os.read(ours, 1)
            os.close(ours)
            os.close(theirs)
        until(lambda: descriptors() == before, "the engine's ends of the connections to be closed, too")


@pytest.fixture
def stillborn() -> Iterator[subprocess.Popen[bytes]]:
    """An engine that ends before it writes a word."""
    with subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process:
        yield process


def test_an_engine_that_ends_before_it_begins_is_seen_at_once(
    run: RunDirectory, stillborn: subprocess.Popen[bytes]
) -> None:
    follower = started(Follower(run, stillborn))
    until(lambda: follower.snapshot().status == "lost", "the state", seconds=15)
    assert str(run.log) in follower.snapshot().link_detail
    follower.close()


def test_a_failure_that_the_engine_wrote_is_told_in_its_words(
    run: RunDirectory, stillborn: subprocess.Popen[bytes]
) -> None:
    stillborn.wait()
    Standing(run).enter("failed", reason="no such device")
    follower = started(Follower(run, stillborn))
    until(lambda: follower.snapshot().link == "record", "the record")
    assert follower.snapshot().link_detail == ""
    follower.close()
