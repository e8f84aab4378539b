"""Runs of two processes on the CPU, against runs of one with the same batches: real engines, real connections.

A sum over ranks rounds otherwise than one over a whole batch, by about 1e-7 of it. Adam's first steps move every weight
by the learning rate whatever the size of its gradient, and so make much of such differences: hence few steps, and the
tolerance below: within five steps all five methods stayed within 1e-6, and CycleGAN came to 5e-4 after eight.
"""

from __future__ import annotations

import re
import shutil
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.config.load import dump
from engine.config.methods import CONFIGS
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import RunDirectory, read_identity
from tests.engine.train.here import train_here
from tests.runs import (
    Engine,
    course_of,
    engine_of,
    events_of,
    make_images,
    make_run,
    metrics_of,
    tiny_config,
    train_to_end,
)
from tests.until import until

CLOSE = 1e-4
"""Relative difference of losses that is put down to rounding."""

SETTINGS = {
    "cyclegan": ("run.batch=3", "optim.pool=3"),  # five images: every other batch has two
    "pix2pix": ("run.batch=3", "data.images=6", "optim.pool=3"),
    "discogan": ("run.batch=4", "data.images=8", "discriminator.minibatch=3"),
    "dtn": ("run.batch=3", "method.f_steps=2"),
    "aegan": ("run.batch=3", "optim.pool=3"),  # ten images: the fourth batch has one, and rank 0 none
}


def close(course: dict[int, dict[str, Any]], other: dict[int, dict[str, Any]]) -> bool:
    """Whether two courses are of the same steps and images, with losses that differ by rounding."""
    assert course.keys() == other.keys()
    for step, line in course.items():
        assert {**line, "losses": None} == {**other[step], "losses": None}
        for name, value in line["losses"].items():
            assert other[step]["losses"][name] == pytest.approx(value, rel=CLOSE, abs=1e-6), (step, name)
    return True


@pytest.mark.parametrize("kind", [kind for kind in CONFIGS if kind != "cyclegan"])  # which is nudged besides, below
def test_two_ranks_train_as_one_process_does(tmp_path: Path, kind: str) -> None:
    settings = (*SETTINGS[kind], "run.steps=5")
    alone = make_run(tmp_path, *settings, kind=kind, name="alone")
    train_here(alone)
    together = train_to_end(make_run(tmp_path, *settings, "run.gpus=2", kind=kind, name="together"))
    assert close(course_of(together), course_of(alone))
    assert_it_had_two_ranks(together)


def assert_it_had_two_ranks(run: RunDirectory) -> None:
    [announced] = events_of(run, ev.Announced)
    assert (announced.ranks, announced.device) == (2, "cpu fp32 on 2 ranks")
    assert read_identity(run).ranks == 2


def test_pauses_and_nudges_reach_every_rank_at_the_same_step(tmp_path: Path) -> None:
    """The weight of a loss acts on each rank's own share: one that did not follow would change its sum."""
    now = cmd.SetControls(values={"loss.cycle_b": 3.0})
    later = cmd.SetControls(values={"loss.cycle_a": 0.0, "optim.lr_g": 1e-3}, at_step=2)
    settings = (*SETTINGS["cyclegan"], "run.steps=5")
    run = make_run(tmp_path, *settings, "run.gpus=2")
    with engine_of(run) as engine:
        engine.until_listening()
        assert engine.ask(cmd.Pause()).step == 0
        for nudge in (now, later):
            engine.ask(nudge)
        engine.ask(cmd.Continue())
        assert engine.ended() == 0
    lines = metrics_of(run)
    assert [line.losses["cycle_A"] == 0 for line in lines] == [False, False, True, True, True]
    assert [line.lr["G"] for line in lines] == pytest.approx([2e-4, 2e-4, 1e-3, 1e-3, 1e-3])
    assert_it_had_two_ranks(run)
    alone = make_run(tmp_path, *settings, name="alone")
    train_here(alone, now, later)
    assert close(course_of(run), course_of(alone))


def configured(run: RunDirectory, *settings: str) -> RunDirectory:
    """The same run, told to go on further, or with other ranks."""
    run.config.write_text(dump(tiny_config(*settings)))
    return run


def test_a_checkpoint_is_taken_up_by_any_number_of_ranks(tmp_path: Path) -> None:
    settings = ("run.batch=2", "optim.pool=3", "optim.ema=0.5")
    alone = make_run(tmp_path, *settings, "run.steps=5", name="alone")
    train_here(alone)
    run = train_to_end(make_run(tmp_path, *settings, "run.steps=2", "run.gpus=2"))
    train_here(configured(run, *settings, "run.steps=4", "run.accumulate=2"))
    with engine_of(configured(run, *settings, "run.steps=5", "run.accumulate=2"), gpus=2) as engine:
        assert engine.ended() == 0, run.log.read_text()
    assert close(course_of(run), course_of(alone))
    assert [event.ranks for event in events_of(run, ev.Announced)] == [2, 1, 2]
    [idle] = [alert for alert in events_of(run, ev.Alert) if alert.subject == "run.accumulate = 2"]
    assert (idle.step, idle.fact) == (0, "is of no use beyond 1: each of 2 processes has 1 of 2 images at most")
    told = [alert.fact for alert in events_of(run, ev.Alert) if alert.subject == "the number of processes"]
    assert [re.findall(r"is \d now and was \d", fact) for fact in told] == [
        ["is 1 now and was 2"],
        ["is 2 now and was 1"],
    ]


def test_a_run_of_ranks_that_is_resumed_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    """Bit for bit, with the noise that each rank draws for itself: dropout. As if it had been killed after step 3."""
    settings = ("run.batch=2", "run.gpus=2", "optim.pool=3", "generator.dropout=true", "checkpoint.every=2")
    run = train_to_end(make_run(tmp_path, *settings, "run.steps=4"))
    whole = course_of(run)
    shutil.rmtree(run.checkpoints / "step-00000004")
    train_to_end(run)
    assert [event.from_step for event in events_of(run, ev.Resumed)] == [2]
    assert [line.step for line in metrics_of(run)] == [1, 2, 3, 4, 3, 4]
    assert course_of(run) == whole


# ------------------------------------------------------------------------------------------------------ their ends


def others_of(engine: Engine) -> list[psutil.Process]:
    """The processes of the other ranks."""
    children = psutil.Process(engine.process.pid).children(recursive=True)
    return [child for child in children if child.environ().get("RANK")]


def gone(processes: list[psutil.Process]) -> bool:
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def test_a_rank_that_dies_is_reported_the_run_goes_on_and_a_killed_leader_leaves_nobody_behind(
    tmp_path: Path,
) -> None:
    settings = ("run.batch=2", "run.gpus=2", "checkpoint.every=2")
    run = make_run(tmp_path, *settings)
    with engine_of(run) as engine:
        engine.until_event(ev.Checkpointed)
        [other] = others_of(engine)
        other.send_signal(signal.SIGKILL)
        assert engine.ended() == 1
    identity = read_identity(run)
    assert (identity.state, identity.exit_status) == ("failed", 1)
    [failure] = events_of(run, ev.Failed)
    assert "rank 1 of 2" in failure.reason
    assert "SIGKILL" in failure.reason
    assert failure.fix.endswith(f"gan-tui resume {run.name}")
    newest = list_checkpoints(run)[-1][1].step
    with engine_of(run) as engine:
        engine.until_event(ev.Resumed)
        assert events_of(run, ev.Resumed)[0].from_step == newest
        engine.until(lambda: metrics_of(run)[-1].seq > failure.seq, "a step after that")
        others = others_of(engine)
        assert len(others) == 1
        engine.process.kill()
        until(lambda: gone(others), "the end of the other rank")


def test_a_rank_that_dies_while_the_run_is_paused_is_noticed(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.batch=2", "run.gpus=2")
    with engine_of(run) as engine:
        engine.until_step(1)
        engine.ask(cmd.Pause())
        [other] = others_of(engine)
        other.send_signal(signal.SIGKILL)
        assert engine.ended() == 1
    [failure] = events_of(run, ev.Failed)
    assert "rank 1 of 2" in failure.reason


def test_images_that_are_gone_end_the_run_at_a_step_that_is_saved(tmp_path: Path) -> None:
    """Whichever rank misses them; one that is damaged is told of once, although both come upon it."""
    root = make_images(tmp_path / "data", each=10)
    torn = root / "trainB/9.png"  # beyond those that are looked at before a run starts
    torn.write_bytes(torn.read_bytes()[:-600])
    run = make_run(tmp_path, "run.batch=4", "run.gpus=2", "data.cache=off", root=root)
    with engine_of(run) as engine:
        engine.until_step(20)
        for path in (root / "trainA").iterdir():
            path.unlink()
        assert engine.ended() == 1
    [failure] = events_of(run, ev.Failed)
    assert "none of its 10 images can be used" in failure.reason
    [(_, manifest)] = list_checkpoints(run)
    assert (manifest.step, manifest.reason) == (failure.step, "failure")
    told = [alert.subject for alert in events_of(run, ev.Alert)]
    assert told.count(str(torn)) == 1


def test_a_signal_to_all_saves_and_stops_as_one_to_the_engine_does(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.batch=2", "run.gpus=2")
    with engine_of(run) as engine:
        engine.until_step(1)
        others = others_of(engine)
        for process in [*others, psutil.Process(engine.process.pid)]:
            process.send_signal(signal.SIGTERM)
        assert engine.ended() == 0
        assert gone(others)
    [stopped] = events_of(run, ev.Stopped)
    assert (stopped.by, stopped.saved) == ("SIGTERM", True)
    [(_, manifest)] = list_checkpoints(run)
    assert manifest.step == stopped.step
