"""A star and a note on a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import WorkError
from engine.protocol.remarks import MAX_NOTE, NONE, Remarks, read_remarks, write_remarks
from engine.protocol.rundir import RunDirectory


def test_what_is_written_is_read(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert read_remarks(run) == NONE
    write_remarks(run, Remarks(starred=True, note="the [bold]good[/] one"))
    assert read_remarks(run) == Remarks(starred=True, note="the [bold]good[/] one")
    assert [path.name for path in tmp_path.iterdir()] == ["remarks.json"], "and no draft is left"


@pytest.mark.parametrize("content", [b"", b"{", b'{"starred": 3}', b"\xff"])
def test_a_damaged_file_remarks_nothing(content: bytes, tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.remarks.write_bytes(content)
    assert read_remarks(run) == NONE


def test_a_note_has_an_end(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    write_remarks(run, Remarks(note="x" * 3 * MAX_NOTE))
    assert len(read_remarks(run).note) == MAX_NOTE


def test_a_run_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="run gone: cannot be written"):
        write_remarks(RunDirectory(tmp_path / "gone"), NONE)
