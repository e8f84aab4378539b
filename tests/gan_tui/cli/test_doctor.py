"""gan-tui doctor on this machine, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, gan_tui, gan_tui_here
from tests.runs import make_run

SECTIONS = [
    "Program", "PyTorch and devices", "Processors", "Memory", "Terminal", "Runtime directory", "When you are gone",
    "Disk", "Limits", "Runs",
]  # fmt: skip


def test_it_says_the_same_to_people_and_programs_and_its_status_tells_of_problems(tmp_path: Path) -> None:
    told = gan_tui("doctor", folder=tmp_path)
    as_json = gan_tui("doctor", "--json", folder=tmp_path)
    sections = json.loads(as_json.stdout)
    assert [section["title"] for section in sections] == SECTIONS
    marks = [finding["mark"] for section in sections for finding in section["findings"]]
    problems = marks.count("problem")
    assert as_json.returncode == told.returncode == (1 if problems else 0)
    lines = told.stdout.splitlines()
    assert [line for line in lines if line in SECTIONS] == SECTIONS
    assert sum(line.startswith("  problem ") for line in lines) == problems
    assert lines[-1].startswith(f"{problems or 'No'} problem")
    assert max(map(len, lines)) <= 110
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_nothing_is_drawn_into_what_is_said(tmp_path: Path) -> None:
    with Terminal([*COMMAND, "doctor"], rows=90) as terminal:
        assert terminal.wait_for_exit() in (0, 1)
        shown = [line.rstrip() for line in terminal.text.splitlines()]
    assert [line for line in shown if line in SECTIONS] == SECTIONS
    assert "  ok       size           120 x 90" in shown


def test_a_problem_gives_status_1_and_its_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "config.toml"
    wrong.write_text("[display]\ntheme = 3\n")
    monkeypatch.setenv("GAN_TUI_CONFIG", str(wrong))
    make_run(tmp_path / "runs").identity.write_bytes(b"\x1b[31m{")
    done = gan_tui_here("doctor", folder=tmp_path)
    assert done.returncode == 1
    assert "  problem  user's file" in done.stdout
    assert "  problem  damaged" in done.stdout
    assert "-> gan-tui verify tiny" in done.stdout
    assert "\x1b" not in done.stdout
