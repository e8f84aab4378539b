"""An engine is killed at every line of what writes, sets aside and deletes checkpoints: no instant is a wrong one."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from engine.checkpoint import remove_surplus, set_aside_after, sweep, write_checkpoint
from engine.protocol.checkpoints import damage_of, list_checkpoints, unreadable_checkpoints
from engine.protocol.commands import SetControls, Stop
from engine.protocol.rundir import RunDirectory
from tests.engine.train.here import after_step, differences, last_state, train_here
from tests.runs import course_of, make_run

ROOT = Path(__file__).parents[2]
LAST = 8
NUDGE = SetControls(values={"loss.cycle_a": 5.0})
SETTINGS = (f"run.steps={LAST}", "checkpoint.keep=9")
RESUMED = 6
"""Of all the kills, so many are followed by a resume to the end."""


@dataclass(frozen=True)
class Killed:
    """A run whose engine was killed while it saved."""

    line: str
    """The one that was not executed, as file:line."""
    run: RunDirectory


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    run = make_run(tmp_path_factory.mktemp("uninterrupted"), *SETTINGS)
    train_here(run, NUDGE)
    return run


@pytest.fixture(scope="module")
def at_step_6(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run with checkpoints of steps 2, 4, 6 and 7."""
    run = make_run(tmp_path_factory.mktemp("before"), *SETTINGS)
    train_here(run, NUDGE, script=after_step(2, Stop()))
    for stop in (after_step(4, Stop()), after_step(6, Stop()), after_step(7, Stop())):
        train_here(run, script=stop)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [2, 4, 6, 7]
    return run


@pytest.fixture(scope="module")
def killed(at_step_6: RunDirectory, tmp_path_factory: pytest.TempPathFactory) -> list[Killed]:
    """That run, killed at one line after another while its checkpoint of step 6 is written a second time.

    What an earlier engine left half-written is swept away first; the checkpoint of step 7 and the older one of step 6
    are set aside; those of steps 2 and 4 are deleted once the new one is complete.
    """
    folder = tmp_path_factory.mktemp("killed")
    with saving(at_step_6.checkpoints / "step-00000006") as ask:
        chosen = ask(littered_copy(at_step_6, folder / "rehearsal"))
        runs = {instant: littered_copy(at_step_6, folder / str(instant)) for instant in chosen}
        return [Killed(ask(f"{run} {instant}"), RunDirectory(Path(run))) for instant, run in runs.items()]


def littered_copy(run: RunDirectory, folder: Path) -> str:
    """A copy of a run in which an engine was killed before."""
    copy = RunDirectory(shutil.copytree(run.root, folder / run.name))
    for name in (".step-00000006.7.part", ".step-00000002.old"):
        (copy.checkpoints / name).mkdir()
        (copy.checkpoints / name / "G_A.safetensors").touch()
    return str(copy.root)


@contextmanager
def saving(checkpoint: Path) -> Iterator[Callable[[str], Any]]:
    """A process that saves, and dies in it, on demand; what asks it."""
    command = [sys.executable, "-m", "tests.faults.saving", str(checkpoint)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def ask(request: str) -> Any:
            stdin.write(f"{request}\n")
            stdin.flush()
            return json.loads(stdout.readline())

        try:
            yield ask
        finally:
            process.kill()


def test_every_line_of_the_saving_is_met(killed: list[Killed]) -> None:
    met = {death.line for death in killed}
    for function in (sweep, set_aside_after, write_checkpoint, remove_surplus):
        lines, first = inspect.getsourcelines(function)
        places = {f"{inspect.getsourcefile(function)}:{number}" for number in range(first, first + len(lines))}
        reached = places & met
        assert len(reached) > 2, function.__name__
    assert len(killed) > len(met), "and the disk changes on the way"


def test_what_is_left_is_whole_and_enough_to_go_on_from(killed: list[Killed]) -> None:
    for death in killed:
        for folder, manifest in list_checkpoints(death.run):
            assert damage_of(folder, manifest) == "", death
        assert unreadable_checkpoints(death.run) == [], death


def test_the_next_engine_sweeps_up_what_was_half_done_and_nothing_else(killed: list[Killed], tmp_path: Path) -> None:
    littered, newest = 0, []
    for number, death in enumerate(killed):
        run = RunDirectory(shutil.copytree(death.run.root, tmp_path / str(number)))
        before = {path.name for path in run.checkpoints.iterdir()}
        sweep(run)
        after = {path.name for path in run.checkpoints.iterdir()}
        waiting = {name[1:].removesuffix(".replaced") for name in before if name.endswith(".replaced")}
        assert after == {name for name in before if not name.startswith(".")} | waiting, death
        littered += before != after
        newest.append(list_checkpoints(run)[-1][1].step)
        shutil.rmtree(run.root)
    assert littered > len(killed) // 4
    assert [step for step, _ in groupby(newest)] == [7, 6], "of the step that is saved again there is always one"


def test_the_run_goes_on_as_if_nobody_had_been_killed(killed: list[Killed], uninterrupted: RunDirectory) -> None:
    for death in killed[:: -(-len(killed) // RESUMED)]:
        train_here(death.run)
        assert course_of(death.run) == course_of(uninterrupted), death
        assert differences(last_state(death.run), last_state(uninterrupted)) == [], death
        assert not [path.name for path in death.run.checkpoints.iterdir() if path.name.startswith(".")], death
