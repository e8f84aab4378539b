"""The command's process from its first moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import INTERRUPTED

INTERRUPTED_AS_IT_IMPORTS = """
import os, signal, sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupt())
from gan_tui.cli import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "gan_tui.cli.data", "rich.console"])
def test_an_interrupt_before_a_command_begins_ends_it_without_a_traceback(tmp_path: Path, module: str) -> None:
    """As of somebody who has mistyped; importing takes its time on a busy machine."""
    program = INTERRUPTED_AS_IT_IMPORTS.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", program, "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in (INTERRUPTED, 1), done.stderr
