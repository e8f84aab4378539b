"""replay with engines at work: the numbers come again, differences are told, and an interrupt ends in advice."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.codec import decode_event, encode
from engine.protocol.commands import SetControls
from engine.protocol.rundir import RunDirectory, read_identity, write_identity
from gan_tui.cli.replay import verdict
from gan_tui.client.agreement import Agreement, Discrepancy
from tests.engine.train.here import train_here
from tests.gan_tui.cli.command import COMMAND, Finished, gan_tui, gan_tui_here, refusal, succeeded
from tests.runs import course_of, events_of, make_run, metrics_of
from tests.until import PATIENCE, until

UNSTABLE = (
    "generator.norm=none", "discriminator.norm=none", "discriminator.layers=5", "discriminator.width=32",
    "data.resize=100", "data.crop=96", "data.images=2", "sample.count=1",
)  # fmt: skip
"""Networks that overflow within a few steps once the learning rate is 1."""


def differs(done: Finished) -> list[str]:
    """What a comparison that found differences wrote as data."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


def tamper(run: RunDirectory, step: int, **losses: float) -> None:
    """Change a line of metrics on file."""
    lines = run.metrics.read_bytes().splitlines()
    for number, line in enumerate(lines):
        event = decode_event(line)
        assert isinstance(event, ev.Metrics)
        if event.step == step:
            lines[number] = encode(msgspec.structs.replace(event, losses={**event.losses, **losses}))
    run.metrics.write_bytes(b"".join(line + b"\n" for line in lines))


def test_a_run_is_repeated_compared_and_a_tampered_line_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the original's one thread, though the environment asks for no number of them."""
    run = make_run(tmp_path / "runs", "run.steps=8")
    train_here(run, SetControls(values={"loss.cycle_a": 3.0}), SetControls(values={"optim.lr_g": 1e-3}, at_step=5))
    assert read_identity(run).threads == 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    done = gan_tui("replay", "tiny", "--json", folder=tmp_path)
    outcome = json.loads(succeeded(done))
    assert (outcome["agrees"], outcome["compared"], outcome["equal"], outcome["last_step"]) == (True, 8, 8, 8)
    assert (outcome["original"], outcome["replay"]) == ("tiny", "tiny-replay")
    assert done.stderr.startswith("tiny-replay repeats tiny up to step 8.\n")
    assert "step 8/8" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr

    replay = RunDirectory(tmp_path / "runs" / "tiny-replay")
    assert read_identity(replay).threads == 1
    assert course_of(replay) == course_of(run)
    assert [nudge.step for nudge in events_of(replay, ev.Nudged)] == [0, 5]
    again = gan_tui("replay", "tiny", "--against", "tiny-replay", folder=tmp_path)
    assert succeeded(again) == "tiny-replay repeats tiny: all 8 lines of metrics up to step 8 are equal.\n"
    assert again.stderr == ""

    before = metrics_of(run)[5].losses["D_A"]
    assert before is not None
    tamper(run, 6, D_A=before * 1.5)
    lines = differs(gan_tui("replay", "tiny", "--against", "tiny-replay", folder=tmp_path))
    assert lines[0].startswith("tiny-replay differs from tiny: 7 of 8 lines of metrics up to step 8 are equal; ")
    assert f"first at step 6: losses.D_A {before * 1.5!r} -> {before!r}" in lines[0]
    assert lines[1].split() == ["number", "largest", "relative", "difference"]
    assert lines[2].split() == ["losses.D_A", "0.33"]
    close = gan_tui("replay", "tiny", "--against", "tiny-replay", "--tolerance", "0.4", folder=tmp_path)
    assert "all 8 lines of metrics up to step 8 are equal within 0.4." in succeeded(close)
    up_to_5 = gan_tui("replay", "tiny", "--against", "tiny-replay", "--steps", "5", folder=tmp_path)
    assert "all 5 lines of metrics up to step 5 are equal." in succeeded(up_to_5)


def test_a_run_that_ended_in_numbers_that_are_not_finite_is_repeated_to_that_end(tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", *UNSTABLE, "checkpoint.every=2")
    with pytest.raises(WorkError, match="NaN or infinite"):
        train_here(run, SetControls(values={"optim.lr_g": 1.0, "optim.lr_d": 1.0}, at_step=4))
    last = metrics_of(run)[-1]
    done = gan_tui("replay", run.root, "--name", "again", "--runs-dir", tmp_path / "other", folder=tmp_path)
    assert f"all {last.step} lines of metrics up to step {last.step} are equal." in succeeded(done)
    assert read_identity(RunDirectory(tmp_path / "other" / "again")).state == "failed"
    assert done.stderr.splitlines()[-1].startswith("run again: failed: ")


def said_to_have_trained(folder: Path, *settings: str) -> RunDirectory:
    """A run with made-up lines of metrics for its first and its last step; a replay of it may take long."""
    run = make_run(folder, *settings)
    numbers: dict[str, Any] = {"losses": {}, "lr": {}, "weights": {}, "throughput": 1.0, "data_wait": 0.0}
    for seq, step in enumerate((1, 900_000), start=1):
        line = ev.Metrics(seq=seq, step=step, time=0.0, epoch=1, images=step, **numbers)
        with run.metrics.open("ab") as file:
            file.write(encode(line) + b"\n")
    return run


def test_an_interrupted_replay_is_saved_and_told_how_to_go_on(tmp_path: Path) -> None:
    """With one thread, as the environment has it, where the original had three."""
    run = said_to_have_trained(tmp_path / "runs")
    write_identity(run, msgspec.structs.replace(read_identity(run), threads=3, device="cpu fp32"))
    replay = RunDirectory(tmp_path / "runs" / "tiny-replay")
    with subprocess.Popen(
        [*COMMAND, "replay", "tiny"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        until(lambda: replay.metrics.exists() and metrics_of(replay), "a line of the replay")
        process.send_signal(signal.SIGINT)
        out, speech = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, speech
    assert out == ""
    assert read_identity(replay).state == "stopped"
    assert speech.splitlines()[-1] == (
        "gan-tui: run tiny-replay: has not repeated everything yet, so nothing is compared. "
        "Go on: gan-tui resume tiny-replay, then: gan-tui replay tiny --against tiny-replay"
    )
    lines = differs(gan_tui("replay", "tiny", "--against", "tiny-replay", folder=tmp_path))
    assert "1 line only in tiny; " in lines[0]
    assert read_identity(replay).threads == 1
    assert [line.split() for line in lines if line.startswith("  CPU threads")] == [["CPU", "threads", "3", "1"]]


def test_a_replay_that_cannot_begin_says_why(tmp_path: Path) -> None:
    said_to_have_trained(tmp_path / "runs", "run.precision=tf32")
    done = gan_tui("replay", "tiny", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("gan-tui: run tiny-replay: failed: ")


# ------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "run tiny: has no line of metrics"),
        (("--tolerance", "1"), "--tolerance 1: is no relative difference"),
        (("--tolerance", "nan"), "--tolerance nan: is no relative difference"),
        (("--tolerance", "-0.1"), "--tolerance -0.1: is no relative difference"),
        (("--against", "tiny"), "run tiny: is always equal to itself"),
        (("--against", "other"), "run other: is neither a run in"),
        (("--against", "tiny", "--name", "x"), "--name: is for a new run"),
    ],
)
def test_a_wrong_request_makes_nothing(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    make_run(tmp_path / "runs")
    assert refusal(gan_tui_here("replay", "tiny", *options, folder=tmp_path)).startswith(words)
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["tiny"]


def test_a_run_that_does_not_exist(tmp_path: Path) -> None:
    assert refusal(gan_tui("replay", "tiny", folder=tmp_path)).startswith("run tiny: is neither a run in")


# -------------------------------------------------------------------------------------------------------- wording


def outcome(**changes: Any) -> Agreement:
    return msgspec.structs.replace(
        Agreement(
            original="a", replay="b", last_step=2000, tolerance=0.0, agrees=False, compared=90, equal=90, missing=0,
            surplus=0, first_missing=None, first=None, largest={}, circumstances=(),
        ),
        **changes,
    )  # fmt: skip


def test_the_verdict_counts_lines_that_only_one_has() -> None:
    assert verdict(outcome(missing=10, first_missing=1820)) == (
        "b differs from a: 90 of 90 lines of metrics up to step 2,000 are equal; 10 lines only in a; the first of them "
        "at step 1,820."
    )
    assert "1 line only in b; the first of them at step 7." in verdict(outcome(surplus=1, first_missing=7))


def test_the_verdict_names_a_number_that_is_not_finite() -> None:
    first = Discrepancy(step=20, name="losses.G_A", original=0.125, replay=None)
    words = verdict(outcome(equal=89, first=first, largest={"losses.G_A": None}))
    assert "89 of 90 lines of metrics" in words
    assert "first at step 20: losses.G_A 0.125 -> not finite" in words
