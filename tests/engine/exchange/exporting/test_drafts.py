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


def test_a_name_that_is_as_long_as_can_be_is_taken(tmp_path: Path) -> None:
    final = tmp_path / f"{'n' * 250}.onnx"
    with drafted([final]) as [draft]:
        draft.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == [final.name]


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match="File name too long"), drafted([tmp_path / ("n" * 300)]) as [draft]:
        draft.write_text("x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folders", [False, True])
def test_where_the_second_has_no_place_the_first_is_taken_back(tmp_path: Path, folders: bool) -> None:
    finals = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(RequestError, match="b: has come to be there meanwhile"), drafted(finals) as drafts:
        for draft in drafts:
            draft.mkdir() if folders else draft.write_text("ours")
        finals[1].mkdir() if folders else finals[1].write_text("theirs")
    assert list(tmp_path.iterdir()) == [finals[1]]


def test_a_link_that_leads_nowhere_is_a_name_that_is_taken(tmp_path: Path) -> None:
    final = tmp_path / "a"
    with pytest.raises(RequestError, match="has come to be there meanwhile"), drafted([final]) as [draft]:
        draft.write_text("ours")
        final.symlink_to(tmp_path / "nothing")
    assert final.is_symlink()
    assert list(tmp_path.iterdir()) == [final]
