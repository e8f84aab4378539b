"""The gan-tui command as a user runs it: a process of its own, without a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

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
