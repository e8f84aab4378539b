"""What RUN means: a path, a name, or a beginning that fits one run alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RequestError
from engine.protocol.rundir import RunDirectory
from engine.record import Standing
from gan_tui.client.locate import (
    called,
    find_run,
    find_run_and_checkpoint,
    list_damaged,
    list_runs,
    most_recent_live,
    runs_folder,
)
from tests.gan_tui.client.locked import locked
from tests.runs import make_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("horse", "horse-2", "zebra"):
        make_run(tmp_path, name=name)
    return tmp_path


def test_an_empty_name_is_nobodys(tmp_path: Path) -> None:
    """As an unset variable of a shell gives it; it is the beginning of every name."""
    make_run(tmp_path, name="only")
    with pytest.raises(RequestError, match="RUN: is empty"):
        find_run("", tmp_path)


@pytest.mark.parametrize(
    ("given", "name"), [("horse", "horse"), ("horse-", "horse-2"), ("z", "zebra"), ("zebra", "zebra")]
)
def test_a_name_or_the_beginning_of_one(folder: Path, given: str, name: str) -> None:
    assert find_run(given, folder) == RunDirectory(folder / name)


def test_a_path_from_anywhere(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_run(str(folder / "zebra"), tmp_path / "elsewhere") == RunDirectory(folder / "zebra")
    monkeypatch.chdir(folder)
    assert find_run("./zebra", tmp_path / "elsewhere") == RunDirectory(folder / "zebra")


def test_several_are_named(folder: Path) -> None:
    with pytest.raises(RequestError, match=r"run h: could be any of horse, horse-2. Write more of its name."):
        find_run("h", folder)


def test_none_says_what_there_is(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"There are horse, horse-2, zebra."):
        find_run("giraffe", folder)
    with pytest.raises(RequestError, match="There is none yet: gan-tui train PRESET"):
        find_run("giraffe", tmp_path / "absent")
    (folder / "no-run").mkdir()
    with pytest.raises(RequestError):
        find_run(str(folder / "no-run"), folder)
    for nowhere, told in (("~nobody-of-this-name/run", "the home of nobody here"), ("a" * 300, "cannot be looked at")):
        with pytest.raises(RequestError, match=told):
            find_run(nowhere, folder)


def test_runs_are_listed_newest_first_and_damaged_ones_apart(folder: Path) -> None:
    assert [run.name for run, _ in list_runs(folder)] == ["zebra", "horse-2", "horse"]
    assert list_damaged(folder) == []
    (folder / "zebra" / "run.json").write_bytes(b'{"id": "\xff"')
    assert [run.name for run, _ in list_runs(folder)] == ["horse-2", "horse"]
    [(run, why)] = list_damaged(folder)
    assert run.name == "zebra"
    assert "run.json: is damaged" in why.one_line()
    assert find_run("zeb", folder) == run, "it is there, and whoever reads it says what is wrong with it"


def test_the_most_recent_live_run_is_the_newest_with_an_engine(folder: Path) -> None:
    for name in ("horse", "horse-2", "zebra"):
        Standing(RunDirectory(folder / name)).update(state="training", pid=1)
    with pytest.raises(RequestError, match="are none that train now"):
        most_recent_live(folder)
    with locked(RunDirectory(folder / "horse")), locked(RunDirectory(folder / "horse-2")):
        assert most_recent_live(folder).name == "horse-2"
    with pytest.raises(RequestError, match="do not exist"):
        most_recent_live(folder / "absent")


def test_the_folder_of_runs_is_asked_for_or_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert runs_folder(None) == tmp_path / "runs"
    monkeypatch.setenv("GAN_TUI_RUNS_DIR", str(tmp_path / "mine"))
    assert runs_folder(None) == tmp_path / "mine"
    assert runs_folder(Path("here")) == tmp_path / "here"
    (tmp_path / "file").touch()
    with pytest.raises(RequestError, match="file: is not a folder"):
        runs_folder(Path("file"))


def test_a_run_is_called_by_what_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert called(RunDirectory(tmp_path / "runs" / "mine")) == "mine"
    assert called(RunDirectory(tmp_path / "other runs" / "mine")) == "'other runs/mine'"
    assert called(RunDirectory(Path("/elsewhere/mine"))) == "/elsewhere/mine"
    monkeypatch.setenv("GAN_TUI_RUNS_DIR", "/elsewhere")
    assert called(RunDirectory(Path("/elsewhere/mine"))) == "mine"
    monkeypatch.delenv("GAN_TUI_RUNS_DIR")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert called(RunDirectory(tmp_path / "runs" / "mine")) == str(tmp_path / "runs" / "mine")


def test_a_checkpoint_by_its_folder(tmp_path: Path) -> None:
    run = make_run(tmp_path, name="one")
    checkpoint = run.checkpoints / "step-00000012"
    checkpoint.mkdir(parents=True)
    (checkpoint / "manifest.json").touch()
    assert find_run_and_checkpoint("one", None, tmp_path) == (run, "latest")
    assert find_run_and_checkpoint("one", "best", tmp_path) == (run, "best")
    assert find_run_and_checkpoint(str(checkpoint), None, tmp_path) == (
        RunDirectory(run.root.resolve()),
        checkpoint.name,
    )
    with pytest.raises(RequestError, match="--checkpoint: is given beside the folder of a checkpoint"):
        find_run_and_checkpoint(str(checkpoint), "12", tmp_path)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "manifest.json").touch()
    with pytest.raises(RequestError, match="copy: is a checkpoint outside of a run's directory"):
        find_run_and_checkpoint(str(copy), None, tmp_path)
    with pytest.raises(RequestError, match="cannot be looked at"):
        find_run_and_checkpoint("x" * 300, None, tmp_path)
