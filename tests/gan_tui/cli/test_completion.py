"""What a shell is given for a word, by the script that a user installs; in bash itself, too."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from engine.evaluation.keeping import keep
from engine.protocol.commands import SetControls
from engine.protocol.conditions import Conditions
from engine.protocol.evaluation import Evaluation
from engine.protocol.rundir import RunDirectory, read_identity
from engine.record import Standing
from tests.end_to_end.terminal import Terminal
from tests.runs import engine_of, make_run, train_to_end

ROOT = Path(__file__).parents[3]
BASH = shutil.which("bash")
Complete: TypeAlias = Callable[..., list[str]]

pytestmark = pytest.mark.skipif(BASH is None, reason="there is no bash here")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With a gan-tui in the path, and a home of its own."""
    home = tmp_path_factory.mktemp("home")
    program = home / "gan-tui"
    program.write_text(f"#!{sys.executable}\nfrom gan_tui.cli import main\nmain()\n")
    program.chmod(0o755)
    path = f"{home}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(home), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def complete(environment: dict[str, str], tmp_path: Path) -> Complete:
    """Has bash complete the last of some words, in the folder of the test: what COMPREPLY has then."""

    def in_bash(*words: str) -> list[str]:
        quoted = " ".join(map(shlex.quote, words))
        program = (
            'eval "$(_GAN_TUI_COMPLETE=source_bash gan-tui)"\n'
            f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n"
            f"_gan_tui_completion gan-tui\n"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        assert BASH is not None
        done = subprocess.run(
            [BASH, "--norc", "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        assert done.stderr == "", "nothing is written into the user's line"
        return done.stdout.split()

    return in_bash


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with three runs, and one whose name is no word for a shell."""
    for name in ("horse-1", "horse-2", "zebra"):
        make_run(tmp_path / "runs", name=name)
    shutil.copytree(tmp_path / "runs" / "zebra", tmp_path / "runs" / "$(reboot) x")
    return tmp_path / "runs"


def test_commands_options_and_choices(complete: Complete) -> None:
    assert complete("gan-tui", "re") == ["resume", "replay"]
    assert complete("gan-tui", "attach", "--read") == ["--readonly"]
    assert complete("gan-tui", "attach", "--images", "s") == ["sixel"]
    assert complete("gan-tui", "attach", "--theme", "colour") == ["colour-blind-dark", "colour-blind-light"]
    assert complete("gan-tui", "train", "x", "--device", "c")[:2] == ["cpu", "cuda"]


def test_presets_and_runs(complete: Complete, runs: Path) -> None:
    assert complete("gan-tui", "train", "quick") == ["quickstart"]
    assert complete("gan-tui", "data", "show", "horse") == ["horse2zebra"]
    assert complete("gan-tui", "data", "fetch", "mnist", "mn") == ["mnist_m"], "not what stands there already"
    assert complete("gan-tui", "init", "x", "--method", "p") == ["pix2pix"]
    assert complete("gan-tui", "attach", "") == ["horse-1", "horse-2", "zebra"]
    assert complete("gan-tui", "compare", "zebra", "h") == ["horse-1", "horse-2"]
    assert complete("gan-tui", "log", "--runs-dir", "elsewhere", "") == []


def test_settings_of_a_preset_and_of_a_run(complete: Complete, runs: Path) -> None:
    words = complete("gan-tui", "train", "quickstart", "--set", "generator.")
    assert {"generator.arch=unet", "generator.arch=resnet", "generator.norm=batch", "generator.dropout=false"} < {
        *words
    }
    assert complete("gan-tui", "resume", "zebra", "--set", "generator.wi") == ["generator.width=4"]
    assert complete("gan-tui", "train", "facades", "--set", "loss.l1") == ["loss.l1=100.0"]
    assert complete("gan-tui", "train", "--set", "generator.") == [], "whose keys, is not known yet"


def test_checkpoints_of_a_run(complete: Complete, tmp_path: Path) -> None:
    train_to_end(make_run(tmp_path / "runs", "run.steps=4", "checkpoint.every=2"))
    assert complete("gan-tui", "resume", "tiny", "--checkpoint", "") == ["latest", "best", "4", "2"]
    assert complete("gan-tui", "checkpoints", "tiny", "--star", "2") == ["2"]


def test_figures_of_a_run_and_the_best_by_those_that_were_measured(complete: Complete, tmp_path: Path) -> None:
    run = make_run(tmp_path / "runs", "run.steps=2", kind="pix2pix")
    train_to_end(run)
    names = ["l1", "psnr", "ssim", "fid", "kid", "fid_B", "kid_B"]
    assert complete("gan-tui", "eval", "tiny", "--figure", "") == names
    assert complete("gan-tui", "eval", "tiny", "--checkpoint", "") == ["latest", "best", "2", "all"]
    figures: dict[str, float | None] = {"psnr": 12.0, "l1": 0.1}
    conditions = Conditions(split="test", images_A=4, images_B=4)
    keep(run, Evaluation(time=1.0, run=read_identity(run).id, step=2, figures=figures, conditions=conditions))
    for command in ("resume", "eval", "export"):
        assert complete("gan-tui", command, "tiny", "--checkpoint", "bes") == ["best", "best:l1", "best:psnr"]
    assert complete("gan-tui", "resume", "tiny", "--checkpoint", "best", ":") == ["l1", "psnr"]
    assert complete("gan-tui", "resume", "tiny", "--checkpoint", "best", ":", "p") == ["psnr"]
    assert complete("gan-tui", "resume", "tiny", "--checkpoint", "=", "best", ":", "p") == ["psnr"]


def test_what_bash_splits_at_a_colon_or_an_equals_sign(complete: Complete, runs: Path) -> None:
    """What it has of "--device cuda:" are two words more, and it replaces the last one alone."""
    settings = ["--set", "run.batch", "=", "2"]
    assert complete("gan-tui", "train", *settings, "quick") == ["quickstart"], "a word before it that was split"
    assert complete("gan-tui", "train", "quickstart", "--set", "generator.arch", "=", "u") == ["unet"]
    archs = complete("gan-tui", "train", "quickstart", "--set", "generator.arch", "=")
    assert sorted(archs) == ["encoder-decoder", "resnet", "unet"]
    assert complete("gan-tui", "train", "x", "--device", "=", "c")[:2] == ["cpu", "cuda"]


def test_controls_and_the_values_that_they_have(complete: Complete, tmp_path: Path) -> None:
    with engine_of(make_run(tmp_path / "runs")) as engine:
        engine.until_step(1)
        engine.ask(SetControls(values={"loss.cycle_a": 7.5}))
        assert complete("gan-tui", "ctl", "tiny", "s") == ["status", "sample", "set", "stop"]
        assert complete("gan-tui", "ctl", "tiny", "set", "loss.cycle_a", "") == ["7.5"]
        assert complete("gan-tui", "ctl", "tiny", "set", "loss.cycle") == ["loss.cycle_a", "loss.cycle_b"]
        assert complete("gan-tui", "ctl", "tiny", "set", "loss.cycle_a", "1", "loss.cycle") == ["loss.cycle_b"]


@pytest.fixture
def damaged(tmp_path: Path) -> Iterator[RunDirectory]:
    run = make_run(tmp_path / "runs")
    Standing(run).update(state="training", pid=1)
    run.config.write_bytes(b"\xff[")
    yield run


def test_what_goes_wrong_is_not_said(complete: Complete, damaged: RunDirectory) -> None:
    assert complete("gan-tui", "ctl", "tiny", "set", "") == []
    assert complete("gan-tui", "resume", "tiny", "--set", "generator.") == []
    assert complete("gan-tui", "resume", "none", "--checkpoint", "") == []
    assert complete("gan-tui", "train", "none.toml", "--set", "run.") == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_given_the_same_words(environment: dict[str, str], runs: Path, shell: str) -> None:
    asked = {
        **environment,
        "_GAN_TUI_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_ARGS": "gan-tui attach h",
    }
    done = subprocess.run(["gan-tui"], cwd=runs.parent, env=asked, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    wanted = {"fish": "horse-1\nhorse-2", "zsh": '_arguments \'*: :(("horse-1"\n"horse-2"))\''}
    assert done.stdout.strip() == wanted[shell]


def test_it_is_installed_and_tab_completes(environment: dict[str, str], runs: Path) -> None:
    with Terminal([BASH or "", "--norc", "-i"], env={**environment, "PS1": "ready> "}) as terminal:
        terminal.press(f"cd {runs.parent}\r", "gan-tui --install-completion\r")
        terminal.wait_for("bash completion installed in")
        terminal.press("source ~/.bashrc\r", "gan-tui attach ze\t")
        terminal.wait_for("gan-tui attach zebra ")
