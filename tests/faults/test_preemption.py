"""SIGTERM with a deadline, as batch systems send it: what can be saved in time is; what is cut short does no harm."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import damage_of, list_checkpoints
from engine.protocol.rundir import read_identity, viewed_state
from tests.runs import engine_of, events_of, make_run, metrics_of

LARGE = ("generator.width=64", "generator.blocks=6", "discriminator.width=32", "discriminator.layers=2")
"""A checkpoint of some 200 MB, so that a deadline can fall into its writing; a step still takes well under a second."""


@pytest.mark.parametrize("paused", [False, True])
def test_the_state_is_saved_at_once_also_while_paused(tmp_path: Path, paused: bool) -> None:
    run = make_run(tmp_path)
    with engine_of(run) as engine:
        engine.until_step(2)
        if paused:
            engine.ask(cmd.Pause())
        engine.signal(signal.SIGTERM)
        assert engine.ended() == 0
    [stopped] = events_of(run, ev.Stopped)
    assert (stopped.by, stopped.saved) == ("SIGTERM", True)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [stopped.step]


def test_a_deadline_that_cuts_the_writing_short_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    run = make_run(tmp_path, *LARGE)
    with engine_of(run) as engine:
        engine.until_step(1)
        engine.ask(cmd.SaveCheckpoint())
        engine.until_event(ev.Checkpointed)
        engine.until_step(list_checkpoints(run)[-1][1].step + 1)
        engine.signal(signal.SIGTERM)
        engine.until(lambda: list(run.checkpoints.glob(".step-*.part/*")), "a checkpoint that is being written")
        engine.signal(signal.SIGKILL)
        engine.process.wait()
    assert viewed_state(run, read_identity(run)) == "lost"
    [(folder, manifest)] = list_checkpoints(run)
    assert damage_of(folder, manifest) == ""
    lines = run.metrics.read_bytes()
    with engine_of(run) as engine:
        engine.until_step(manifest.step + 1)
        engine.until_event(ev.Training, 2)
        assert not list(run.checkpoints.glob(".*")), "what was cut short is swept away"
    assert events_of(run, ev.Resumed)[0].from_step == manifest.step
    assert run.metrics.read_bytes().startswith(lines)
    assert metrics_of(run)[-1].step > manifest.step


def test_a_third_signal_ends_it_at_once(tmp_path: Path) -> None:
    """While it waits for a checkpoint to be written; of two numbers, since a pending signal is not counted twice.

    A fast disk may have the checkpoint whole by then: it is there and good, or not there.
    """
    run = make_run(tmp_path, *LARGE)
    with engine_of(run) as engine:
        engine.until_step(1)
        engine.signal(signal.SIGTERM)
        engine.until(lambda: list(run.checkpoints.glob(".step-*.part/*")), "a checkpoint that is being written")
        engine.signal(signal.SIGTERM)
        engine.signal(signal.SIGINT)
        assert engine.ended() in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    assert [damage_of(folder, manifest) for folder, manifest in list_checkpoints(run)] in ([], [""])
    assert not events_of(run, ev.Stopped)
