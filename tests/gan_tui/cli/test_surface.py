"""Screens are drawn on standard error: where that is redirected, a command does what it does without a terminal."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND
from tests.runs import make_run


@pytest.mark.parametrize(
    ("command", "status", "shown", "said"),
    [
        ("runs", 0, "tiny", ""),
        ("attach", 2, "", "gan-tui: attach: draws on standard error, which is redirected. Leave the redirection (2>)"),
    ],
)
def test_with_standard_error_redirected(tmp_path: Path, command: str, status: int, shown: str, said: str) -> None:
    make_run(tmp_path, name="tiny")
    redirected = f"exec {shlex.join(COMMAND)} {command} --runs-dir {tmp_path} 2>{tmp_path}/err.log"
    with Terminal(["sh", "-c", redirected], columns=80, rows=24) as terminal:
        assert terminal.wait_for_exit() == status, terminal.text
        assert shown in terminal.text
        assert "\x1b[?1049h" not in terminal.written.decode()
    assert said in (tmp_path / "err.log").read_text()


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["data list", "eval tiny"])
def test_a_stream_that_is_closed_is_the_null_device(tmp_path: Path, command: str, closed: str) -> None:
    """As for daemons: what a command does, in a process of its own too, does not depend on who listens."""
    make_run(tmp_path / "runs", name="tiny")
    done = subprocess.run(
        ["sh", "-c", f"exec {shlex.join(COMMAND)} {command} {closed}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == (0 if command == "data list" else 2), done.stderr
    assert "unexpected" not in done.stderr
    if command == "eval tiny" and "2>&-" not in closed:
        assert "run tiny: has no checkpoint" in done.stderr
