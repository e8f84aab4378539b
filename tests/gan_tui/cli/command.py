"""The gan-tui command as a user runs it, without a terminal: a process of its own, or its main function in this one."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TypeAlias

import psutil
import pytest

from gan_tui.cli import main
from tests.until import until

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


def interrupted(*arguments: str | Path, folder: Path, when: str = "") -> Finished:
    """The same, with Ctrl-C as soon as its job has a process of its own, or later.

    Args:
        arguments: its words.
        folder: where it is run.
        when: what it tells on stderr at the moment that is meant; nothing for the first.
    """
    words = [*COMMAND, *map(str, arguments)]
    with subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as command:
        assert command.stderr is not None
        before = ""
        until(lambda: command.poll() is not None or psutil.Process(command.pid).children(), "its job")
        while when not in before and (line := command.stderr.readline()):
            before += line
        os.killpg(command.pid, signal.SIGINT)  # to both processes, as a terminal does
        out, told = command.communicate(timeout=120)
    return subprocess.CompletedProcess(words, command.returncode, out, before + told)


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
        patch.setattr(gc, "set_threshold", lambda *of_a_command: None)  # for a process that ends soon, unlike this one
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
