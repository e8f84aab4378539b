"""A report is JSON, and the command that it tells can be given to a shell."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.measure.machine import this_machine
from benchmarks.measure.report import Report, this_command


def test_the_head_comes_first_and_is_indented(tmp_path: Path) -> None:
    class Counted(Report, frozen=True, kw_only=True):
        rows: list[int]

    path = tmp_path / "figures.json"
    Counted(machine=this_machine(torch.device("cpu")), command="python x.py", rows=[1, 2]).write(path)
    assert list(json.loads(path.read_text())) == ["machine", "command", "rows"]
    assert path.read_text().startswith('{\n  "machine": {\n')
    assert path.read_text().endswith("\n}\n")


def test_the_command_survives_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["benchmarks/data.py", "--data", "my photographs", "--set", "a='b'"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert shlex.split(this_command()) == ["python", *arguments]
