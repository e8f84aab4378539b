"""A checkpoint that is truncated or has a flipped bit: named by every command that meets it, and an older one taken."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Stop
from engine.protocol.rundir import RunDirectory
from tests.engine.train.here import after_step, train_here
from tests.runs import events_of, gan_tui, make_run


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


DAMAGES = pytest.mark.parametrize(
    ("damage", "said"),
    [(truncate, "truncated"), (flip_a_bit, "damaged"), (Path.unlink, "lacks")],
    ids=["truncated", "a bit flipped", "deleted"],
)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run that was stopped at step 6, with checkpoints of steps 2, 4 and 6; only to be read."""
    run = make_run(tmp_path_factory.mktemp("stopped"))
    for step in (2, 4, 6):
        train_here(run, script=after_step(step, Stop()))
    return run


@pytest.fixture
def run(stopped: RunDirectory, tmp_path: Path) -> RunDirectory:
    """A copy of it that may be damaged."""
    return RunDirectory(shutil.copytree(stopped.root, tmp_path / stopped.name))


@DAMAGES
def test_the_newest_good_one_is_taken_and_the_damaged_one_named(
    run: RunDirectory, damage: Callable[[Path], None], said: str
) -> None:
    damage(run.checkpoints / "step-00000006" / "D_A.safetensors")
    verdict = gan_tui(run.root.parent, "verify", "tiny")
    assert verdict.returncode == 1
    assert "checkpoints/step-00000006" in verdict.stdout
    asked = gan_tui(run.root.parent, "resume", "tiny", "--checkpoint", "6", "--headless")
    assert asked.returncode == 1
    assert "D_A.safetensors" in asked.stderr
    assert "4" in asked.stderr, "the newest good one is offered"
    train_here(run, script=after_step(5, Stop(how="discard")))
    assert events_of(run, ev.Resumed)[-1].from_step == 4
    [alert] = events_of(run, ev.Alert)
    assert alert.subject == "checkpoint step-00000006"
    assert said in alert.fact
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [2, 4]
    assert (run.checkpoints / "abandoned-1-step-00000006").is_dir(), "nothing is deleted"
