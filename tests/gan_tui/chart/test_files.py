"""Files for users: nothing is overwritten unasked, nothing half written is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import RequestError, WorkError
from gan_tui.chart.files import folder_for_files, format_of, unused, write_file


def test_a_file_is_written_once_and_over_only_when_asked(tmp_path: Path) -> None:
    path = unused(tmp_path, "zebra-plot-10", "svg")
    assert path.name == "zebra-plot-10.svg"
    assert write_file(path, [b"one", b"two"]) == 6
    assert unused(tmp_path, "zebra-plot-10", "svg").name == "zebra-plot-10-2.svg"
    with pytest.raises(RequestError, match="exists already"):
        write_file(path, [b"three"])
    assert path.read_bytes() == b"onetwo"
    assert write_file(path, [b"three"], over=True) == 5
    assert [each.name for each in tmp_path.iterdir()] == ["zebra-plot-10.svg"]


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is a folder"):
        write_file(tmp_path, [b""])
    with pytest.raises(RequestError, match=r"is no folder\. Make it first"):
        write_file(tmp_path / "none/a.svg", [b""])
    (tmp_path / "file").touch()
    for path in ("file/a.svg", "a" * 300):
        with pytest.raises(WorkError, match="cannot be written"):
            write_file(tmp_path / path, [b""])

    def full() -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(WorkError, match="No space left"):
        write_file(tmp_path / "a.svg", full())
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_files_lie_at_home_where_the_working_directory_was_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    assert folder_for_files() == tmp_path / "gone"
    (tmp_path / "gone").rmdir()
    assert folder_for_files() == Path.home()


def test_the_ending_says_the_format() -> None:
    assert [format_of(Path(name)) for name in ("a.svg", "b.PNG", "c.x.csv")] == ["svg", "png", "csv"]
    with pytest.raises(RequestError, match=r"Let it end with \.svg, \.png or \.csv"):
        format_of(Path("plot.pdf"))
