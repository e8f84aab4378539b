"""gan-tui eval as a user runs it: figures on stdout, speech on stderr, and the exit status."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from engine.protocol.evaluation import DigitScore, Evaluation, Judge
from engine.protocol.jobs import decode_message
from engine.protocol.rundir import RunDirectory
from gan_tui.cli.eval import rows
from tests.dtn_runs import make_digits, make_dtn_run
from tests.engine.train.here import train_here
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


def test_figures_of_every_digit_and_their_sums(trained: RunDirectory) -> None:
    """In a pipe: a line for each, with shares that are those of the JSON."""
    before = {path: path.stat().st_mtime_ns for path in trained.root.rglob("*")}
    done = gan_tui(trained.root.parent, "eval", "trained", *QUICK)
    assert done.returncode == 0, done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [digit for digit, *_ in lines] == [*"0123456789", "all"]
    assert [images for _, images, *_ in lines] == ["3"] * 10 + ["30"]
    assert "The judge names " in done.stderr
    assert re.search(r"training the judge, loss [0-9.]+: 3 of 3\n", done.stderr)

    as_json = gan_tui(trained.root.parent, "eval", "trained", *QUICK, "--json")
    found = decode_message(as_json.stdout.encode())
    assert isinstance(found, Evaluation)
    assert found.judge.reused
    assert "training the judge" not in as_json.stderr
    shares = [
        [f"{100 * count / row.images:.2f} %" for count in (row.translated, row.untranslated)] for row in rows(found)
    ]
    assert shares == [line[2:] for line in lines]
    assert {path: path.stat().st_mtime_ns for path in trained.root.rglob("*")} == before

    anew = gan_tui(trained.root.parent, "eval", "trained", *QUICK, "--retrain", "--json")
    assert decode_message(anew.stdout.encode()) == msgspec.structs.replace(
        found, judge=msgspec.structs.replace(found.judge, reused=False)
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--checkpoint", "3"), "checkpoint 3 of run trained: does not exist"),
        (("--device", "cuda:99"), "cuda:99"),
    ],
)
def test_a_wrong_request_is_refused_in_a_line(trained: RunDirectory, arguments: tuple[str, str], told: str) -> None:
    done = gan_tui(trained.root.parent, "eval", "trained", *QUICK, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("gan-tui: ")
    assert told in done.stderr


def test_a_run_without_labels_is_refused(tmp_path: Path) -> None:
    make_run(tmp_path)
    done = gan_tui(tmp_path, "eval", "tiny")
    assert done.returncode == 2
    assert "run tiny: has images without labels" in done.stderr


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
    found = Evaluation(
        run="", method="dtn", step=1, checkpoint="", source="a", target="b", images=12, accuracy=4 / 12,
        untranslated_accuracy=8 / 12, digits=digits, judge=judge,
    )  # fmt: skip
    assert [tuple(row) for row in rows(found)] == [("2", 5, 4, 1), ("6", 7, 0, 7), ("all", 12, 4, 8)]
