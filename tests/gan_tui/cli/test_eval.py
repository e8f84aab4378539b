"""gan-tui eval as a user runs it: figures on stdout, speech on stderr, and the exit status."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pexpect
import pyte
import pytest

from engine.protocol.evaluation import DigitScore, DigitsJudged, Evaluation, Evaluations, Judge
from engine.protocol.jobs import decode_message
from engine.protocol.rundir import RunDirectory
from gan_tui.cli.figure_tables import rows
from gan_tui.client.sender import sender_name
from tests.dtn_runs import make_digits, make_dtn_run
from tests.engine.train.here import train_here
from tests.gan_tui.cli.command import COMMAND
from tests.gan_tui.client.locked import locked
from tests.runs import gan_tui, make_run

QUICK = ("--device", "cpu", "--judge-steps", "3")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run with one checkpoint, at step 4."""
    folder = tmp_path_factory.mktemp("runs")
    run = make_dtn_run(folder, "trained", root=make_digits(folder / "digits"))
    train_here(run)
    return run


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def evaluations_in(text: str) -> tuple[Evaluation, ...]:
    """What --json prints."""
    found = decode_message(text.encode())
    assert isinstance(found, Evaluations)
    return found.evaluations


def test_figures_in_a_pipe_in_json_and_on_file(trained: RunDirectory) -> None:
    """Headings and a line, with the numbers of the JSON; nothing else of the run is changed."""
    before = {path: path.stat().st_mtime_ns for path in trained.root.rglob("*") if path.is_file()}
    done = gan_tui(trained.root.parent, "eval", "trained", *QUICK)
    assert done.returncode == 0, done.stderr
    headings, line = [line.split("\t") for line in done.stdout.splitlines()]
    assert headings == ["step", "accuracy", "identity_B", "best"]
    assert "Step 4: test images, 30 of A and 30 of B, in " in done.stderr
    assert "bars translated to boxes. The judge names " in done.stderr
    assert re.search(r"training the judge, loss [0-9.]+: 3 of 3\n", done.stderr)

    as_json = gan_tui(trained.root.parent, "eval", "trained", *QUICK, "--json")
    [found] = evaluations_in(as_json.stdout)
    assert found.digits is not None
    assert found.digits.judge.reused
    assert "training the judge" not in as_json.stderr
    assert line == ["4", *(f"{value:.6g}" for value in found.figures.values()), ""]
    whole = rows(found.digits)[-1]
    assert found.figures["accuracy"] == whole.translated / whole.images
    after = {path: path.stat().st_mtime_ns for path in trained.root.rglob("*") if path.is_file()}
    assert {path for path in after if after[path] != before.get(path)} == {trained.evaluations}

    anew = gan_tui(trained.root.parent, "eval", "trained", *QUICK, "--retrain", "--json")
    [again] = evaluations_in(anew.stdout)
    assert again.figures == found.figures
    assert again.digits is not None
    assert not again.digits.judge.reused
    kept = [msgspec.json.decode(line, type=Evaluation) for line in trained.evaluations.read_bytes().splitlines()]
    assert [each.figures for each in kept] == [found.figures] * 3
    assert kept[1:] == [found, again]
    assert kept[0].by == sender_name()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--checkpoint", "3"), "checkpoint 3 of run trained: does not exist"),
        (("--device", "cuda:99"), "cuda:99"),
        (("--figure", "psnr"), "--figure psnr: needs pairs, and of data.kind = digits dtn sees none"),
        (("--figure", "identity"), "--judge-steps: is for accuracy, which is not asked for"),
        (("--figure", "fid", "--figure", "accuracy"), "which are not on this machine"),
        (("--data", "nowhere"), "nowhere: does not exist. Set --data or data.root to a folder that holds bars and box"),
        (("--download-weights",), "--download-weights: is for fid and kid, which are not asked for"),
        (("--fid-weights", "w.pth"), "--fid-weights: is for fid and kid, which are not asked for"),
    ],
)
def test_a_wrong_request_is_refused_in_a_line(trained: RunDirectory, arguments: tuple[str, ...], told: str) -> None:
    done = gan_tui(trained.root.parent, "eval", "trained", *QUICK, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("gan-tui: ")
    assert told in done.stderr


def test_all_checkpoints_with_the_best_of_each_figure(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=3", "checkpoint.every=1", kind="pix2pix")
    train_here(run)
    done = gan_tui(tmp_path, "eval", "tiny", "--checkpoint", "all", "--images", "3", "--device", "cpu")
    headings, *lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert headings == ["step", "l1", "psnr", "ssim", "best"]
    assert [line[0] for line in lines] == ["1", "2", "3"]
    values = {name: [float(line[place]) for line in lines] for place, name in enumerate(headings[:-1])}
    right = {"l1": min(values["l1"]), "psnr": max(values["psnr"]), "ssim": max(values["ssim"])}
    for *row, best in lines:
        of_row = dict(zip(headings, map(float, row), strict=False))
        assert set(filter(None, best.split(","))) == {name for name in right if of_row[name] == right[name]}


def test_one_of_all_that_fails_is_told_of_and_makes_the_status_1(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=3", "checkpoint.every=1", kind="pix2pix")
    train_here(run)
    weights = next(run.checkpoints.glob("step-00000002/*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1])
    several = ("eval", "tiny", "--checkpoint", "all", "--images", "2", "--device", "cpu")
    done = gan_tui(tmp_path, *several)
    assert done.returncode == 1
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["step", "1", "3"]
    last = done.stderr.splitlines()[-1]
    assert last.startswith("gan-tui: 1 of 3 checkpoints of run tiny: could not be evaluated (step 2). ")
    assert last.endswith("gan-tui verify tiny")
    as_json = gan_tui(tmp_path, *several, "--json")
    assert as_json.returncode == 1
    found = decode_message(as_json.stdout.encode())
    assert isinstance(found, Evaluations)
    [failed] = found.failed
    assert failed.step == 2
    assert "has a truncated file" in failed.why

    for path in run.checkpoints.glob("*/*.safetensors"):
        path.write_bytes(b"")
    done = gan_tui(tmp_path, *several)
    assert done.returncode == 1
    assert "gan-tui: run tiny: has no checkpoint that can be evaluated. gan-tui verify tiny" in done.stderr


def test_a_checkpoint_in_which_nothing_translates_yet_is_no_failure(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "early", "checkpoint.every=1", root=make_digits(tmp_path / "digits"))
    train_here(run)
    done = gan_tui(tmp_path, "eval", "early", *QUICK, "--checkpoint", "all")
    assert done.returncode == 0
    assert "step-00000001: was saved while the run was training f 1/2: nothing translates yet" in done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["step", "2", "3", "4"]


def test_ctrl_c_is_a_sentence_and_a_status_of_its_own(tmp_path: Path) -> None:
    """A judge of a hundred million steps would take days."""
    run = make_dtn_run(tmp_path, "long", root=make_digits(tmp_path / "digits"))
    train_here(run)
    with subprocess.Popen(
        [*COMMAND, "eval", "long", "--judge-steps", "100000000", "--device", "cpu", "--runs-dir", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as command:  # fmt: skip
        assert command.stderr is not None
        assert any("training the judge" in line for line in command.stderr)
        os.killpg(command.pid, signal.SIGINT)  # to both processes, as a terminal does
        out, told = command.communicate(timeout=120)
    assert command.returncode == 130, told
    assert out == ""
    assert told.splitlines()[-1:] == ["Ended early: the figures of checkpoints that were done are kept."]


def test_on_a_terminal_missing_weights_are_offered(tmp_path: Path) -> None:
    make_run(tmp_path, kind="pix2pix")
    preset = tmp_path / "mine.toml"
    preset.write_text('[data]\nkind = "synthetic"\n[evaluation]\nevery = 5\nfigures = ["fid"]\n')
    for command in (("eval", "tiny", "--figure", "fid"), ("train", str(preset), "--device", "cpu")):
        arguments = ["-m", "gan_tui", *command, "--runs-dir", str(tmp_path)]
        child = pexpect.spawn(sys.executable, arguments, dimensions=(40, 200), encoding="utf-8", timeout=120)
        child.expect(r"The Inception network's weights, for fid and kid, are not here \(91 MB\)\.")
        child.expect(r"Fetch them into .*/cache/torch/hub/checkpoints\? \[y/N\]: ")
        child.sendline("n")
        child.expect("gan-tui: fid and kid: need the weights of the Inception network")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 2
    assert not list(tmp_path.glob("cache/**/*.pth"))


def test_figures_on_a_terminal(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=2", "checkpoint.every=1", kind="pix2pix")
    train_here(run)
    told = on_terminal(tmp_path, "eval", "tiny", "--images", "3", "--device", "cpu")
    assert re.search(r"psnr +\d+\.\d\d +higher is better; peak signal-to-noise ratio", told)
    several = on_terminal(tmp_path, "eval", "tiny", "--images", "3", "--device", "cpu", "--checkpoint", "all")
    assert re.search(r"step +l1 +psnr +ssim", several)
    assert several.count("*") == 4


def on_terminal(folder: Path, *arguments: str) -> str:
    """What a command shows on a terminal of 120 columns, in the end."""
    command = [sys.executable, "-m", "gan_tui", *arguments, "--runs-dir", str(folder)]
    child = pexpect.spawn(command[0], command[1:], dimensions=(40, 120), encoding="utf-8", timeout=120)
    child.expect(pexpect.EOF)
    screen = pyte.HistoryScreen(120, 40, history=100)
    pyte.Stream(screen).feed(child.before)
    return "\n".join(screen.display)


def test_a_run_that_may_not_be_written_shows_its_figures_and_says_so(tmp_path: Path) -> None:
    """A folder in the file's place stands for one that takes no file: tests may run as root, who may write anywhere."""
    run = make_run(tmp_path, "run.steps=1", kind="pix2pix")
    train_here(run)
    run.evaluations.mkdir()
    done = gan_tui(tmp_path, "eval", "tiny", "--images", "2", "--device", "cpu")
    assert done.returncode == 0
    assert done.stdout.startswith("step\tl1")
    assert "the figures of step 1 could not be kept in " in done.stderr


def test_a_run_that_has_saved_nothing_yet(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "young", root=make_digits(tmp_path / "digits"))
    with locked(run):
        done = gan_tui(tmp_path, "eval", "young", *QUICK)
    assert done.returncode == 2
    assert "run young: has no checkpoint yet. Wait for its first, or ask for one: gan-tui ctl young ch" in done.stderr
    assert "has no checkpoint. Train it anew" in gan_tui(tmp_path, "eval", "young", *QUICK).stderr


def test_a_damaged_checkpoint_is_a_failure(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "hurt", root=make_digits(tmp_path / "digits"))
    train_here(run)
    [weights] = run.checkpoints.glob("step-*/g.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1])
    done = gan_tui(tmp_path, "eval", "hurt", *QUICK, "--checkpoint", "4")
    assert done.returncode == 1
    assert "checkpoint step-00000004: has a truncated file g.safetensors" in done.stderr


def test_sums_are_of_the_rows() -> None:
    judge = Judge(trained_on=1, steps=1, seed=0, reused=False, images=1, right=1)
    digits = (
        DigitScore(digit=2, images=5, translated=4, untranslated=1),
        DigitScore(digit=6, images=7, translated=0, untranslated=7),
    )
    found = DigitsJudged(source="a", target="b", untranslated_accuracy=8 / 12, digits=digits, judge=judge)
    assert [tuple(row) for row in rows(found)] == [("2", 5, 4, 1), ("6", 7, 0, 7), ("all", 12, 4, 8)]
