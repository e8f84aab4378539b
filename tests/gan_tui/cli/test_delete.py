"""gan-tui delete, and what it asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.protocol.remarks import Remarks, write_remarks
from engine.protocol.rundir import Parent, RunDirectory, read_identity, write_identity
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, gan_tui_here, refusal, succeeded
from tests.runs import make_run


@pytest.fixture
def stopped(tmp_path: Path) -> RunDirectory:
    """A run, with a branch of it."""
    run = make_run(tmp_path / "runs", name="old")
    write_identity(run, replace(read_identity(run), state="stopped"))
    make_run(tmp_path / "runs", name="young", parent=Parent(run=str(run.root), id=read_identity(run).id, step=3))
    return run


def test_without_a_terminal_it_is_to_be_said_twice(stopped: RunDirectory, tmp_path: Path) -> None:
    assert refusal(gan_tui_here("delete", "old", folder=tmp_path)).startswith("delete: asks before it deletes")
    assert stopped.root.exists()
    assert succeeded(gan_tui_here("delete", "old", "--yes", folder=tmp_path)) == "old\n"
    assert not stopped.root.exists()
    [left] = json.loads(succeeded(gan_tui_here("runs", "--json", folder=tmp_path)))
    assert (left["name"], left["parent"]) == ("young", "old")


def test_a_star_keeps_it(stopped: RunDirectory, tmp_path: Path) -> None:
    write_remarks(stopped, Remarks(starred=True, note="good"))
    assert "has a star and is kept" in refusal(gan_tui_here("delete", "old", "--yes", folder=tmp_path))
    row = next(r for r in json.loads(succeeded(gan_tui_here("runs", "--json", folder=tmp_path))) if r["name"] == "old")
    assert (row["starred"], row["note"]) == (True, "good")


def test_on_a_terminal_it_asks(stopped: RunDirectory, tmp_path: Path) -> None:
    command = [*COMMAND, "delete", "old", "--runs-dir", str(tmp_path / "runs")]
    with Terminal(command) as terminal:
        terminal.wait_for("1 run hangs on it: young.", "Delete old? [y/N]")
        terminal.press("\r")
        assert terminal.wait_for_exit() == 0
        assert "Nothing deleted." in terminal.text
    assert stopped.root.exists()
    with Terminal(command) as terminal:
        terminal.wait_for("Delete old? [y/N]")
        terminal.press("y\r")
        assert terminal.wait_for_exit() == 0
    assert not stopped.root.exists()
