"""The gan-tui command as a user runs it, without a terminal: a process of its own, or its main function in this one."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import pytest

from gan_tui.cli import main

COMMAND = (sys.executable, "-c", "from gan_tui.cli import main; main()")

Finished: TypeAlias = "subprocess.CompletedProcess[str]"


def gan_tui(*arguments: str | Path, folder: Path) -> Finished:
    """Run it in a folder, where its runs come to lie in ``runs``."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def gan_tui_here(*arguments: str | Path, folder: Path) -> Finished:
    """The same within this process, for one of many cases of a command that starts nothing."""
    words, out, err = ["gan-tui", *map(str, arguments)], io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(SystemExit) as ended,
    ):
        patch.setattr(sys, "argv", words)
        patch.setattr(sys, "excepthook", sys.excepthook)  # Typer sets its own
        main()
    assert isinstance(ended.value.code, int)
    return subprocess.CompletedProcess(words, ended.value.code, out.getvalue(), err.getvalue())


def refusal(done: Finished) -> str:
    """The one line with which a wrong request ends."""
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    [line] = done.stderr.splitlines()
    assert line.startswith("gan-tui: ")
    return line.removeprefix("gan-tui: ")


def succeeded(done: Finished) -> str:
    """What a command that went well wrote as data."""
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    return done.stdout
