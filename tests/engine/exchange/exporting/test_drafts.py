"""Whole or not at all, and never over something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RequestError, WorkError
from engine.exchange.exporting.drafts import drafted


def test_files_and_folders_get_their_names_together(tmp_path: Path) -> None:
    finals = [tmp_path / "a.onnx", tmp_path / "b"]
    with drafted(finals) as [file, folder]:
        file.write_text("one")
        folder.mkdir()
        (folder / "in").write_text("two")
        assert not any(final.exists() for final in finals)
    assert (finals[0].read_text(), (finals[1] / "in").read_text()) == ("one", "two")
    assert sorted(tmp_path.iterdir()) == finals


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_of_what_failed(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), drafted([tmp_path / "a", tmp_path / "b"]) as [file, folder]:
        file.write_text("one")
        folder.mkdir()
        (folder / "in").write_text("two")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_what_has_come_to_be_there_meanwhile_stays(tmp_path: Path) -> None:
    final = tmp_path / "a"
    with pytest.raises(RequestError, match="has come to be there meanwhile"), drafted([final]) as [draft]:
        draft.write_text("ours")
        final.write_text("theirs")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "theirs")]


def test_a_disk_that_does_not_take_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="cannot be written"), drafted([tmp_path / "none" / "a"]) as [draft]:
        draft.write_text("x")
