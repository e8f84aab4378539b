"""train, ctl and resume with engines at work."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import LIVE_STATES, RunDirectory, engine_is_alive, read_identity, viewed_state
from tests.dtn_runs import make_digits, make_dtn_run
from tests.gan_tui.cli.command import COMMAND, gan_tui, refusal, succeeded
from tests.runs import COMPONENTS, course_of, end_engines, events_of, metrics_of
from tests.until import until

LONG = ("--set", "run.steps=0")


def files_of(run: RunDirectory) -> dict[str, bytes]:
    return {str(path.relative_to(run.root)): path.read_bytes() for path in run.root.rglob("*") if path.is_file()}


def test_headless_writes_metrics_as_data_and_the_journal_as_speech(preset: Path, tmp_path: Path) -> None:
    done = gan_tui("train", preset, "--headless", "--name", "first", folder=tmp_path)
    lines = succeeded(done).splitlines()
    assert len(lines) == 12
    for step, line in enumerate(lines, start=1):
        assert line.startswith(f"step {step}/12  epoch ")
        assert re.search(r"  [\d.]+ it/s  ", line)
        assert all(re.search(rf"\b{name} \d+\.\d{{3}}\b", line) for name in COMPONENTS)
    assert "training began" in done.stderr
    assert "checkpoint step 12 ok" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("finished: the last step is done")
    assert "\x1b" not in done.stdout + done.stderr
    run = RunDirectory(tmp_path / "runs" / "first")
    assert read_identity(run).state == "finished"
    assert read_identity(run).preset == "little"
    assert list(course_of(run)) == list(range(1, 13))


def test_flags_lie_over_settings_and_settings_over_the_preset(preset: Path, tmp_path: Path) -> None:
    arguments = ("--set", "run.seed=5", "--set", "loss.cycle_a=3", "--set", "run.steps=9", "--steps", "1")
    succeeded(gan_tui("train", preset, "--prepare", *arguments, folder=tmp_path))
    run = RunDirectory(tmp_path / "runs" / "little")
    text = run.config.read_text()
    for words in ("seed = 5", "cycle_a = 3.0", "steps = 1\n", "width = 4"):
        assert words in text


def test_what_a_new_run_lacks_is_said_before_it_begins(tmp_path: Path) -> None:
    root = make_digits(tmp_path / "digits")
    for path in root.glob("*/t10k-*"):
        path.unlink()
    preset = make_dtn_run(tmp_path / "made", "digits", root=root).config
    done = gan_tui("train", preset, "--prepare", folder=tmp_path)
    assert succeeded(done).strip() == str(tmp_path / "runs" / "config")
    for line, name in zip(done.stderr.splitlines(), ("bars", "boxes"), strict=True):
        assert line.startswith(f"{root / name}: has no test digits. Sheets will show training digits")


def test_an_engine_that_fails_is_told_of_in_one_line(preset: Path, tmp_path: Path) -> None:
    """Precision is a matter of the device, which only the engine can ask PyTorch for."""
    done = gan_tui("train", preset, "--headless", "--set", "run.precision=tf32", folder=tmp_path)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("gan-tui: run little: failed: ")
    assert "Traceback" not in done.stderr
    again = gan_tui("train", preset, "--prepare", "--name", "little", folder=tmp_path)
    assert succeeded(again).strip() == str(tmp_path / "runs" / "little"), "it never trained, and keeps no name"
    [told] = again.stderr.splitlines()
    assert told.endswith("It is kept as little-failed, and its name is free.")
    kept = read_identity(RunDirectory(tmp_path / "runs" / "little-failed"))
    assert (kept.name, kept.state, kept.exit_status) == ("little-failed", "failed", 2)
    assert "already" in refusal(gan_tui("train", preset, "--name", "little", folder=tmp_path)), "that may be trained"


def test_interrupting_a_headless_run_saves_and_stops(preset: Path, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "runs" / "little")
    with subprocess.Popen(
        [*COMMAND, "train", str(preset), "--headless", *LONG],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        until(lambda: run.metrics.exists() and metrics_of(run), "a line of metrics")
        process.send_signal(signal.SIGINT)
        out, speech = process.communicate(timeout=120)
    assert process.returncode == 0, speech
    assert "Saving and stopping at the end of the step" in speech
    assert "checkpoint saved" in speech.splitlines()[-1]
    assert read_identity(run).state == "stopped"
    [(_, manifest)] = list_checkpoints(run)[-1:]
    assert manifest.reason == "stop"
    assert manifest.step == metrics_of(run)[-1].step
    assert len(out.splitlines()) == manifest.step
    assert "@" in events_of(run, ev.Stopped)[0].by, "the journal names who asked"


def test_an_interrupt_before_the_engine_listens_is_not_lost(preset: Path, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "runs" / "little")
    with subprocess.Popen(
        [*COMMAND, "train", str(preset), "--headless", *LONG],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        until(run.log.exists, "the engine's log, made just before the engine")
        until(lambda: any(handles_sigint(process.pid)), "its own handler of SIGINT")
        process.send_signal(signal.SIGINT)
        _, speech = process.communicate(timeout=120)
    assert process.returncode == 0, speech
    assert read_identity(run).state == "stopped"


def handles_sigint(pid: int) -> Iterator[bool]:
    """Whether the follower has taken the signal over; Python's own handler counts as well, so ask for SIGTERM's."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            yield bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


# ------------------------------------------------------------------------------------- one run from start to branch


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder that a detached run's life is led in; what is still at work at the end is ended."""
    folder = tmp_path_factory.mktemp("work")
    yield folder
    end_engines(folder)


@pytest.fixture(scope="module")
def detached(work: Path, preset: Path) -> RunDirectory:
    """A run started with --detach; the command has returned, the engine goes on."""
    arguments = ("--detach", "--name", "life", "--set", "run.steps=1000000000", "--set", "checkpoint.every=100000")
    answer = gan_tui("train", preset, *arguments, folder=work)
    assert succeeded(answer) == "life\n"
    assert "run.steps = 1,000,000,000: is more than" in answer.stderr, "what the engine warns of at its start"
    return RunDirectory(work / "runs" / "life")


def test_a_detached_run_goes_on(detached: RunDirectory) -> None:
    assert engine_is_alive(detached)
    until(lambda: len(metrics_of(detached)) > 3, "a few steps")
    assert viewed_state(detached, read_identity(detached)) == "training"


def test_status_as_text_and_json(detached: RunDirectory, work: Path) -> None:
    text = succeeded(gan_tui("ctl", "life", "status", folder=work))
    assert text.splitlines()[0] == "life: training"
    assert "loss.cycle_a 10" in text
    report = json.loads(succeeded(gan_tui("ctl", "li", "status", "--json", folder=work)))
    assert (report["run"], report["state"], report["total_steps"]) == ("life", "training", 1_000_000)
    assert report["controls"]["loss.cycle_a"] == 10


def test_steering_from_the_command_line(detached: RunDirectory, work: Path) -> None:
    def ctl(*words: str) -> str:
        return succeeded(gan_tui("ctl", "life", *words, folder=work)).strip()

    assert re.fullmatch(r"paused after step [\d,]+", ctl("pause"))
    assert ctl("status").startswith("life: paused")
    assert ctl("set", "loss.cycle_a", "5", "optim.lr_g=1e-4", "--why", "a look").startswith("loss.cycle_a 10 -> 5, ")
    assert ctl("undo", "--why", "seen").startswith("loss.cycle_a 5 -> 10, ")
    assert ctl("note", "two", "words") == "noted"
    assert ctl("note", "--timeout=90", "--", "--timeout", "is", "text") == "noted"
    for words in (("life", "status", "--runs-dir", work / "runs"), ("life", "--runs-dir", work / "runs", "status")):
        assert succeeded(gan_tui("ctl", *words, folder=work.parent)).startswith("life: paused")
    answer = json.loads(ctl("checkpoint", "--json"))
    assert answer["message"] == f"step {answer['step']:,} is being saved"
    assert ctl("sample").startswith("sample of step")
    assert ctl("continue").startswith("goes on with step")
    assert [note.text for note in events_of(detached, ev.Note)] == ["two words", "--timeout is text"]
    assert [nudge.why for nudge in events_of(detached, ev.Nudged)[-2:]] == ["a look", "seen"]
    until(lambda: list_checkpoints(detached), "the checkpoint")


def test_what_the_engine_refuses_ends_with_status_2(detached: RunDirectory, work: Path) -> None:
    line = refusal(gan_tui("ctl", "life", "set", "loss.cycle", "5", folder=work))
    assert line.startswith("loss.cycle: is not a control of this run. Controls: loss.adversarial, ")
    assert "-1 is out of range" in refusal(gan_tui("ctl", "life", "set", "loss.cycle_a", "--", "-1", folder=work))
    assert refusal(gan_tui("resume", "life", folder=work)).startswith("run life: is being trained now. Attach to it")
    assert read_identity(detached).state in LIVE_STATES


@pytest.fixture(scope="module")
def stopped(detached: RunDirectory, work: Path) -> RunDirectory:
    """The same run, told to save and stop."""
    until(lambda: list_checkpoints(detached) or gan_tui("ctl", "life", "checkpoint", folder=work) is None, "a save")
    first = list_checkpoints(detached)[-1][1].step
    until(lambda: metrics_of(detached)[-1].step > first + 2, "steps after the checkpoint")
    assert "and stops" in succeeded(gan_tui("ctl", "life", "stop", folder=work))
    until(lambda: not engine_is_alive(detached), "the engine's end")
    assert read_identity(detached).state == "stopped"
    return detached


def test_resume_goes_on_in_place(stopped: RunDirectory, work: Path) -> None:
    step = metrics_of(stopped)[-1].step
    before = stopped.metrics.read_bytes()
    assert succeeded(gan_tui("resume", "life", "--detach", folder=work)) == "life\n"
    until(lambda: metrics_of(stopped)[-1].step > step, "a step more")
    succeeded(gan_tui("ctl", "life", "stop", "--wait", folder=work))
    assert not engine_is_alive(stopped)
    assert stopped.metrics.read_bytes().startswith(before)
    assert events_of(stopped, ev.Resumed)[-1].from_step == step
    assert [line.step for line in metrics_of(stopped)] == list(range(1, metrics_of(stopped)[-1].step + 1))


def test_a_branch_of_an_older_checkpoint_trains_with_its_weight_and_leaves_the_parent_alone(
    stopped: RunDirectory, work: Path
) -> None:
    older = list_checkpoints(stopped)[0][1].step
    before = files_of(stopped)
    arguments = ("--checkpoint", str(older), "--set", "loss.cycle_b=2.5", "--steps", str(older + 2), "--headless")
    out = succeeded(gan_tui("resume", "life", *arguments, folder=work))
    assert [line.split()[1] for line in out.splitlines()] == [f"{older + n:,}/{older + 2:,}" for n in (1, 2)]
    branch = RunDirectory(work / "runs" / f"life-from-{older}")
    parent = read_identity(branch).parent
    assert parent is not None
    assert (parent.run, parent.step) == (str(stopped.root), older)
    assert files_of(stopped) == before
    assert [line.weights["cycle_b"] for line in metrics_of(branch)] == [2.5, 2.5]
    [nudge] = events_of(branch, ev.Nudged)
    assert nudge.changes == (ev.Change(name="loss.cycle_b", old=10.0, new=2.5),)
    assert read_identity(branch).preset == "little"
