"""gan-tui verify as a user runs it: what it says, in which form, and its exit status."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from engine.protocol.rundir import RunDirectory
from engine.protocol.verify import Verdict
from tests.gan_tui.cli.command import COMMAND, gan_tui, refusal, succeeded

WEIGHTS = Path("checkpoints", "step-00000010", "G_A.safetensors")


@pytest.fixture
def copy(ended: RunDirectory, tmp_path: Path) -> RunDirectory:
    """The ended run, to be damaged."""
    return RunDirectory(Path(shutil.copytree(ended.root, tmp_path / "runs" / "ended")))


def test_a_run_with_nothing_wrong(ended: RunDirectory) -> None:
    done = gan_tui("verify", "ended", folder=ended.root.parent.parent)
    [line] = succeeded(done).splitlines()
    lines = sum(len(path.read_bytes().splitlines()) for path in (ended.metrics, ended.events))
    assert line.startswith(f"ended: {lines} lines, 3 checkpoints (")
    assert line.endswith(" verified: nothing wrong")
    assert done.stderr == ""


def test_problems_come_first_each_on_a_line_and_the_status_says_so(copy: RunDirectory, tmp_path: Path) -> None:
    (copy.root / "notes.txt").touch()
    (copy.root / WEIGHTS).write_bytes(b"cut")
    done = gan_tui("verify", "ended", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    problem, remark, closing = done.stdout.splitlines()
    assert problem.startswith(f"problem  {WEIGHTS.parent}: has a truncated file {WEIGHTS.name} (3 of ")
    assert problem.endswith("Go on from another: gan-tui checkpoints ended")
    assert remark.startswith("remark   notes.txt: belongs to nothing here. ")
    assert closing.endswith("verified: 1 problem, 1 remark")


def test_remarks_alone_are_no_failure(copy: RunDirectory, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (copy.root / name).touch()
    lines = succeeded(gan_tui("verify", copy.root, folder=tmp_path)).splitlines()
    assert lines[-1].endswith("verified: nothing wrong, 2 remarks")


def test_as_json(copy: RunDirectory, tmp_path: Path) -> None:
    document = succeeded(gan_tui("verify", "ended", "--json", folder=tmp_path))
    verdict = msgspec.json.decode(document, type=Verdict)
    assert (verdict.run, verdict.problems, verdict.findings) == ("ended", 0, ())
    assert verdict.bytes_hashed > 0
    (copy.root / WEIGHTS).unlink()
    done = gan_tui("verify", "ended", "--json", folder=tmp_path)
    assert done.returncode == 1
    [finding] = json.loads(done.stdout)["findings"]
    assert (finding["severity"], finding["subject"]) == ("problem", str(WEIGHTS.parent))
    assert finding["fact"] == f"lacks its file {WEIGHTS.name}"


def test_no_such_run(tmp_path: Path) -> None:
    assert "is neither a run in" in refusal(gan_tui("verify", "nowhere", folder=tmp_path))


@pytest.mark.parametrize("content", [None, b'{"id": "\xff"}'])
@pytest.mark.parametrize("by_path", [False, True])
def test_a_run_without_its_identity_is_found_by_its_whole_name(
    copy: RunDirectory, tmp_path: Path, content: bytes | None, by_path: bool
) -> None:
    copy.identity.unlink()
    if content is not None:
        copy.identity.write_bytes(content)
    done = gan_tui("verify", copy.root if by_path else "ended", folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("problem  run.json: ")


def test_names_are_made_harmless_to_the_terminal_and_to_json(copy: RunDirectory, tmp_path: Path) -> None:
    (copy.root / "red\x1b[31m").touch()
    (copy.root / os.fsdecode(b"latin-\xe9")).touch()
    text = succeeded(gan_tui("verify", "ended", folder=tmp_path))
    assert "\x1b" not in text
    assert "latin-\\xe9" in text
    document = json.loads(succeeded(gan_tui("verify", "ended", "--json", folder=tmp_path)))
    assert {finding["subject"] for finding in document["findings"]} == {"red\x1b[31m", "latin-\\xe9"}


def test_progress_is_shown_on_a_terminal_and_kept_out_of_the_data(ended: RunDirectory) -> None:
    here, there = os.openpty()
    process = subprocess.Popen(
        [*COMMAND, "verify", str(ended.root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=there,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(there)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal whose last writer is gone ends
        while piece := os.read(here, 1 << 16):
            shown += piece
    os.close(here)
    data, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert b"hashing checkpoints" in shown
    assert data.decode().startswith("ended: ")
    assert data.count(b"\n") == 1
