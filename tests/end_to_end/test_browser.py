"""One visit to the runs browser in a real terminal: to dashboards and back, to another branch, and a deletion."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.config.load import dump, read_toml, resolve
from engine.protocol.remarks import Remarks, read_remarks
from engine.protocol.rundir import RunDirectory, read_identity
from gan_tui.client.deletion import TRASH
from tests.end_to_end.terminal import Terminal
from tests.engine.train.here import train_here
from tests.runs import end_engines, make_run, tiny_config
from tests.until import until

GAN_TUI = [sys.executable, "-c", "from gan_tui.cli import main; main()"]


def test_a_visit_to_the_browser(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    old = make_run(folder, "run.steps=3", name="old")
    kept = make_run(folder, "run.steps=6", "checkpoint.every=3", "sample.every=3", name="kept")
    for run in (old, kept):
        train_here(run)
    try:
        with Terminal([*GAN_TUI, "runs", "--runs-dir", str(folder)], columns=120, rows=40) as terminal:
            terminal.wait_for("gan-tui runs", "kept", "old", "2 runs", "real A", "▀")
            terminal.press("enter")
            terminal.wait_for("FINISHED", "journal")
            terminal.press("q")
            terminal.wait_for("gan-tui runs", "kept has finished", "2 runs")
            terminal.press("*", "m")
            terminal.wait_for("★ kept", "note on kept")
            terminal.press("the good one", "enter")
            terminal.wait_for("the good one", "Enter open")
            terminal.press("d")
            terminal.wait_for("has a star and is kept")

            terminal.press("b")
            terminal.wait_for("a branch of kept")
            terminal.press("loss.cycle_a=5 run.steps=0", "enter")
            terminal.wait_for("in a branch, kept-from-6", "loss.cycle_a 10 → 5")
            terminal.press("enter")
            terminal.wait_for("TRAINING", "kept-from-6")
            terminal.press("B")
            terminal.wait_for("gan-tui runs", "└─ kept-from-6", "training")
            terminal.press("d")
            terminal.wait_for("is being trained")
            terminal.press("r")
            terminal.wait_for("Enter attaches to it, b makes a branch of it")

            terminal.press("down", "d")
            terminal.wait_for("Delete old?")
            terminal.press("D")
            terminal.wait_for("old is deleted", "2 runs")
            terminal.press("q")
            assert terminal.wait_for_exit() == 0
        assert read_remarks(kept) == Remarks(starred=True, note="the good one")
        assert not old.root.exists()
        assert not (folder / TRASH).exists()
        branch = type(kept)(folder / "kept-from-6")
        until(lambda: read_identity(branch).state == "training", "the branch still trains")
    finally:
        end_engines(tmp_path)


def test_the_first_run_is_begun_from_the_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset of the user's own, a refusal, the dashboard of the new run, and back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GAN_TUI_RUNS_DIR", raising=False)
    folder, preset = tmp_path / "runs", tmp_path / "little.toml"
    preset.write_text("# A little one.\n" + dump(tiny_config("run.steps=4")))
    try:
        with Terminal([*GAN_TUI, "runs"], columns=120, rows=40) as terminal:
            terminal.wait_for("No runs yet: n starts one.")
            terminal.press("n")
            terminal.wait_for("new run", "quickstart, numbered if that is taken")
            terminal.press("little")
            terminal.wait_for("A little one.", "cyclegan, 32 px, drawn")
            terminal.press("tab", "first", "tab", "run.sed=5", "enter")
            terminal.wait_for("run.sed")
            terminal.press("backspace", "backspace", "backspace", "ed=5", "enter")
            terminal.wait_for("first", "FINISHED", "journal")
            terminal.press("q")
            terminal.wait_for("gan-tui runs", "first has finished", "1 run")
            terminal.press("q")
            assert terminal.wait_for_exit() == 0
        [run] = folder.iterdir()
        assert run.name == "first"
        assert resolve(read_toml(run / "config.toml"), "config.toml").run.seed == 5
        assert read_identity(RunDirectory(run)).preset_path == str(preset.resolve())
    finally:
        end_engines(tmp_path)
