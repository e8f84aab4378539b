"""A run that no engine has trained is there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RequestError
from engine.exchange.importing.run_writer import new_run
from engine.protocol.rundir import RunDirectory, read_identity
from tests.runs import make_run, tiny_config


def test_it_comes_to_lie_among_the_others_once_it_is_done(tmp_path: Path) -> None:
    with new_run(tmp_path / "runs", "horse", tiny_config()) as run:
        assert not (tmp_path / "runs" / "horse").exists()
        assert not list((tmp_path / "runs").glob("*/run.json")), "nobody sees it yet"
        (run.root / "more").write_text("x")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["horse"]
    made = RunDirectory(tmp_path / "runs" / "horse")
    assert (made.root / "more").read_text() == "x"
    assert (read_identity(made).name, read_identity(made).state) == ("horse", "stopped")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_of_one_that_failed(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), new_run(tmp_path / "runs", "horse", tiny_config()):
        raise error
    assert list((tmp_path / "runs").iterdir()) == []


def test_one_that_has_come_to_be_there_meanwhile_stays(tmp_path: Path) -> None:
    with (
        pytest.raises(RequestError, match="exists already"),
        new_run(tmp_path, "tiny", tiny_config()),
    ):
        theirs = read_identity(make_run(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]
    with pytest.raises(RequestError, match="exists already"), new_run(tmp_path, "empty", tiny_config()):
        (tmp_path / "empty").mkdir()
    assert list((tmp_path / "empty").iterdir()) == []
    assert read_identity(RunDirectory(tmp_path / "tiny")) == theirs
