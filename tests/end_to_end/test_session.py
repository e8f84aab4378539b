"""One long session with the real commands: train, attach, hang up, steer from keyboard and shell, stop, resume."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.protocol.rundir import RunDirectory, read_identity
from gan_tui.terminal.guard import HANGUP_STATUS
from tests.end_to_end.terminal import Terminal, same_screen
from tests.gan_tui.client.locked import locked

GAN_TUI = [sys.executable, "-c", "from gan_tui.cli import main; main()"]
NAME = "session"
DEADLINE_SECONDS = 90.0

# One thread: on a machine with other work to do, OpenMP's threads wait for one another far longer than they compute.
ENVIRONMENT = {"OMP_NUM_THREADS": "1"}

PRESET = """
[data]
kind = "synthetic"
images = 8
resize = 36
crop = 32

[generator]
width = 4
blocks = 1

[discriminator]
width = 4
layers = 2

[run]
device = "cpu"

[log]
every = 2

[sample]
every = 10

[checkpoint]
every = 100000
"""


class Shell:
    """Runs gan-tui commands against one folder of runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.preset = folder / "tiny.toml"
        self.preset.write_text(PRESET)
        self.runs = folder / "runs"
        self.environment = {**ENVIRONMENT, "GAN_TUI_RUNS_DIR": str(self.runs), "NO_COLOR": ""}

    def run(self, *words: str) -> str:
        """The command's stdout; it must end well."""
        done = subprocess.run(
            [*GAN_TUI, *words], capture_output=True, text=True, env={**os.environ, **self.environment}, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str) -> Any:
        """The command's stdout as JSON."""
        return json.loads(self.run(*words, "--json"))

    def attach(self, *options: str, columns: int = 120, rows: int = 40, ignore_sighup: bool = False) -> Terminal:
        """The dashboard on the run, in a terminal of its own."""
        command = [*GAN_TUI, "attach", NAME, *options]
        return Terminal(command, columns=columns, rows=rows, env=self.environment, ignore_sighup=ignore_sighup)

    def status(self) -> Any:
        """What the engine says of itself."""
        return self.json("ctl", NAME, "status")

    def holder(self) -> str:
        """The terminal of the dashboard that holds control; empty where none does."""
        return str((self.status()["holder"] or {"where": ""})["where"])

    def state(self) -> str:
        """How the run stands, by its record."""
        return next(str(row["state"]) for row in self.json("runs") if row["name"] == NAME)

    def journal(self) -> list[dict[str, Any]]:
        """The run's events."""
        return [json.loads(line) for line in (self.runs / NAME / "events.jsonl").read_text().splitlines()]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Return once a condition holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"never came: {what}"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder with a finished run of two checkpoints, of steps 2 and 4; the run is only to be read."""
    shell = Shell(tmp_path_factory.mktemp("finished"))
    shell.run("train", str(shell.preset), "--name", NAME, "--steps", "4", "--set", "checkpoint.every=2", "--headless")
    return shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A folder for one session; an engine that a failed test left behind is stopped by its own command."""
    shell = Shell(tmp_path)
    yield shell
    if (shell.runs / NAME).exists() and shell.state() in ("starting", "training", "paused"):
        shell.run("ctl", NAME, "stop", "--discard")


def test_a_whole_session(shell: Shell) -> None:
    assert shell.run("train", str(shell.preset), "--name", NAME, "--detach").strip() == NAME

    with shell.attach() as terminal:
        terminal.wait_for("TRAINING", "cycle_A", "loss.cycle_a")
        terminal.hang_up()

    with shell.attach() as terminal:
        terminal.wait_for("TRAINING")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert f"{NAME} goes on training. Come back: gan-tui attach {NAME}" in terminal.text

    step = shell.status()["step"]
    shell.until(lambda: shell.status()["step"] > step, "training after the terminal was closed")

    with shell.attach() as terminal:
        terminal.wait_for("TRAINING", "loss.cycle_a")
        shell.until(lambda: shell.holder() == terminal.name, "control, which the viewer that was hung up on had held")
        _nudge_from_the_keyboard(shell, terminal)
        _steer_from_the_shell(shell, terminal)
        _pause_and_save(shell, terminal)
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert f"{NAME} stays paused. Come back: gan-tui attach {NAME}" in terminal.text

    assert shell.state() == "paused"
    shell.run("ctl", NAME, "continue")
    shell.run("ctl", NAME, "stop", "--wait")
    assert shell.state() == "stopped"
    _resume_in_a_branch(shell)


def _nudge_from_the_keyboard(shell: Shell, terminal: Terminal) -> None:
    before = shell.status()["controls"]["loss.cycle_a"]
    terminal.press("]", "+")
    terminal.wait_for("→")
    assert shell.status()["controls"]["loss.cycle_a"] == before, "a draft is not applied before Enter"
    terminal.press("enter")
    shell.until(lambda: shell.status()["controls"]["loss.cycle_a"] > before, "the nudge from the keyboard")
    terminal.press("u")
    terminal.wait_for("not the weights")
    terminal.press("enter")
    shell.until(lambda: shell.status()["controls"]["loss.cycle_a"] == before, "its undo")
    nudges = [event for event in shell.journal() if event["kind"] == "nudged"]
    assert nudges[1]["undoes"] == nudges[0]["seq"]


def _steer_from_the_shell(shell: Shell, terminal: Terminal) -> None:
    answer = shell.json("ctl", NAME, "set", "loss.identity", "0.25", "--why", "less colour")
    nudged = next(event for event in reversed(shell.journal()) if event["kind"] == "nudged")
    assert nudged["step"] == answer["step"]
    assert nudged["changes"] == [{"name": "loss.identity", "old": 0.5, "new": 0.25}]
    assert nudged["why"] == "less colour"
    terminal.wait_for("loss.identity 0.5 → 0.25")
    shell.run("ctl", NAME, "undo")
    assert shell.status()["controls"]["loss.identity"] == 0.5


def _pause_and_save(shell: Shell, terminal: Terminal) -> None:
    terminal.press("P")
    terminal.wait_for("PAUSED")
    step = shell.status()["step"]
    shell.run("ctl", NAME, "note", "pausing", "here")
    assert shell.status()["step"] == step
    terminal.press("S")
    shell.until(lambda: bool(shell.json("checkpoints", NAME)), "the checkpoint")
    assert shell.json("checkpoints", NAME)[-1]["step"] == step


def _resume_in_a_branch(shell: Shell) -> None:
    older, newest = shell.json("checkpoints", NAME)
    assert older["step"] < newest["step"]
    before = {path: path.read_bytes() for path in (shell.runs / NAME).rglob("*") if path.is_file()}
    steps = str(older["step"] + 5)
    shell.run("resume", NAME, "--checkpoint", str(older["step"]), "--steps", steps, "--name", "branch", "--headless")
    branch = next(row for row in shell.json("runs") if row["name"] == "branch")
    assert (branch["state"], branch["step"]) == ("finished", older["step"] + 5)
    assert (branch["parent"], branch["parent_step"]) == (NAME, older["step"])
    assert {path: path.read_bytes() for path in (shell.runs / NAME).rglob("*") if path.is_file()} == before
    losses = [json.loads(line) for line in (shell.runs / "branch" / "metrics.jsonl").read_text().splitlines()]
    assert losses[0]["step"] > older["step"]


def test_a_run_gets_no_second_engine_and_its_newest_checkpoint_continues_it(shell: Shell) -> None:
    shell.run("train", str(shell.preset), "--name", NAME, "--steps", "400", "--detach")
    shell.run("ctl", NAME, "stop", "--wait")
    stopped_at = shell.json("checkpoints", NAME)[-1]["step"]
    _some_engine_holds_it(shell)

    with shell.attach() as terminal:
        terminal.wait_for("STOPPED", f"To go on: gan-tui resume {NAME}")
        shell.run("resume", NAME, "--checkpoint", "latest", "--detach")
        terminal.wait_for("TRAINING")
        shell.until(lambda: shell.status()["step"] > stopped_at, "training after the resume")
        _an_engine_that_is_killed_is_seen_to_be(shell, terminal)
    resumed = [event for event in shell.journal() if event["kind"] == "resumed"]
    assert [event["from_step"] for event in resumed] == [stopped_at]
    numbers = sorted(
        json.loads(line)["seq"]
        for name in ("events.jsonl", "metrics.jsonl")
        for line in (shell.runs / NAME / name).read_text().splitlines()
    )
    assert numbers == list(range(1, len(numbers) + 1))


def _an_engine_that_is_killed_is_seen_to_be(shell: Shell, terminal: Terminal) -> None:
    engine = read_identity(RunDirectory(shell.runs / NAME)).pid
    assert engine is not None
    os.kill(engine, signal.SIGKILL)
    terminal.wait_for("LOST", "the engine ended without a word", f"gan-tui resume {NAME}")
    terminal.press("P")
    terminal.wait_for("No engine works on this run")
    terminal.press("q")
    assert terminal.wait_for_exit() == 0


def test_the_end_of_a_run_rings_the_bell_once_and_what_had_ended_does_not(shell: Shell) -> None:
    shell.run("train", str(shell.preset), "--name", NAME, "--detach")
    shell.environment["GAN_TUI_NOTIFY"] = "both"
    with shell.attach() as terminal:
        terminal.wait_for("TRAINING")
        shell.run("ctl", NAME, "stop", "--wait")
        terminal.wait_until(lambda: terminal.bells > 0, "the bell")
        terminal.wait_for("STOPPED")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.bells == 1
    with shell.attach() as terminal:
        terminal.wait_for("STOPPED")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
        assert terminal.bells == 0


def _some_engine_holds_it(shell: Shell) -> None:
    """Though its record says that it was stopped."""
    with locked(RunDirectory(shell.runs / NAME)), shell.attach() as terminal:
        terminal.wait_for("STOPPED")
        terminal.press("R")
        terminal.wait_for("Enter resume")
        terminal.press("enter")
        terminal.wait_for(f"run {NAME}: is being trained now. Attach to it: gan-tui attach {NAME}")
        terminal.press("q", "q")
        assert terminal.wait_for_exit() == 0
    assert sum(event["kind"] == "started" for event in shell.journal()) == 1


def test_a_terminal_that_is_resized_while_the_run_trains_is_drawn_whole(shell: Shell) -> None:
    """After whatever it was dragged to on the way, it shows what a terminal that always had its last size shows."""
    smallest, largest = (60, 15), (300, 90)
    on_the_way = random.Random(0)
    shell.run("train", str(shell.preset), "--name", NAME, "--detach")
    with shell.attach("--readonly", columns=80, rows=24) as resized:
        for size in (smallest, largest, smallest):
            resized.wait_for("TRAINING", "help")
            for _ in range(6):
                resized.resize(on_the_way.randint(60, 300), on_the_way.randint(15, 90))
                resized.draw()
            resized.resize(*size)
            shell.run("ctl", NAME, "pause")
            with shell.attach("--readonly", columns=size[0], rows=size[1]) as fresh:
                for terminal in (resized, fresh):
                    terminal.wait_for("PAUSED", "help")
                    terminal.press("f", "f", *"xxx")  # all that there is, by steps, epochs, time, steps: on new axes
                same_screen(resized, fresh)
            shell.run("ctl", NAME, "continue")
        resized.press("q")
        assert resized.wait_for_exit() == 0


@pytest.mark.parametrize("read", [True, False], ids=["read", "never read"])
def test_the_dashboard_ends_with_its_terminal_though_hang_ups_are_ignored(read: bool, finished: Shell) -> None:
    """As under nohup; also while a write waits for a terminal that takes no more."""
    with finished.attach(columns=200, rows=50, ignore_sighup=True) as terminal:
        if read:
            terminal.wait_for("FINISHED", "help")
        else:
            terminal.wait_until_full()
        assert terminal.vanish() == HANGUP_STATUS


def test_the_picker_chooses_the_checkpoint_to_resume(finished: Shell) -> None:
    """On the smallest terminal."""
    command = [*GAN_TUI, "resume", NAME, "--steps", "6", "--name", "picked"]
    with Terminal(command, columns=80, rows=24, env=finished.environment) as terminal:
        terminal.wait_for("epoch")
        terminal.press("down", "enter")
        terminal.wait_for("FINISHED")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    picked = next(row for row in finished.json("runs") if row["name"] == "picked")
    assert (picked["parent"], picked["parent_step"], picked["step"]) == (NAME, 2, 6)
