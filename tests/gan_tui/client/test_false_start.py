"""A run that was refused at its start keeps everything but its name; any other keeps its name too."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.errors import RequestError, WorkError
from engine.protocol.remarks import Remarks, write_remarks
from engine.protocol.rundir import RunDirectory, read_identity, write_identity
from gan_tui.client.false_start import is_false_start, put_aside
from gan_tui.client.new_run import check_new_run, make_new_run
from tests.gan_tui.client.locked import locked
from tests.runs import make_run


def failed_run(folder: Path, name: str = "zebra", *, exit_status: int = 2) -> RunDirectory:
    """As an engine leaves it that ended before its first step."""
    run = make_run(folder, name=name)
    write_identity(run, replace(read_identity(run), state="failed", reason="no", exit_status=exit_status))
    run.events.write_text('{"kind":"failed"}\n')
    return run


def test_the_next_run_has_its_name_and_it_is_kept_under_another(tmp_path: Path) -> None:
    failed_run(tmp_path)
    failed_run(tmp_path, "zebra-failed")
    new = check_new_run("quickstart", [], {}, tmp_path, "zebra")
    [notice] = new.notices
    assert notice.in_words() == (
        "run zebra: was refused at its start and never trained. It is kept as zebra-failed-2, and its name is free."
    )
    assert make_new_run(new).name == "zebra"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["zebra", "zebra-failed", "zebra-failed-2"]
    kept = RunDirectory(tmp_path / "zebra-failed-2")
    assert (kept.events.read_text(), read_identity(kept).name) == ('{"kind":"failed"}\n', "zebra-failed-2")


def test_so_has_one_that_is_called_after_its_preset(tmp_path: Path) -> None:
    failed_run(tmp_path, "quickstart")
    assert make_new_run(check_new_run("quickstart", [], {}, tmp_path)).name == "quickstart"


def _trained(run: RunDirectory) -> None:
    run.metrics.write_text("{}\n")


def _saved(run: RunDirectory) -> None:
    (run.checkpoints / "step-00000001").mkdir(parents=True)


def _remarked(run: RunDirectory) -> None:
    write_remarks(run, Remarks(note="why?"))


def _failed_at_work(run: RunDirectory) -> None:
    write_identity(run, replace(read_identity(run), exit_status=1))


def _taken_up(run: RunDirectory) -> None:
    write_identity(run, replace(read_identity(run), state="starting", exit_status=None))


@pytest.mark.parametrize("deed", [_trained, _saved, _remarked, _failed_at_work, _taken_up])
def test_whatever_else_became_of_it_keeps_its_name(deed: Callable[[RunDirectory], None], tmp_path: Path) -> None:
    run = failed_run(tmp_path)
    assert is_false_start(run)
    deed(run)
    assert not is_false_start(run)
    with pytest.raises(RequestError, match="exists already"):
        check_new_run("quickstart", [], {}, tmp_path, "zebra")
    with pytest.raises(RequestError, match="exists already"):
        put_aside(run)
    assert [path.name for path in tmp_path.iterdir()] == ["zebra"]


def test_an_engine_that_has_just_been_started_anew_keeps_it(tmp_path: Path) -> None:
    run = failed_run(tmp_path)
    with locked(run), pytest.raises(WorkError, match="is being trained by another engine"):
        put_aside(run)
    assert is_false_start(run)


def test_a_name_that_leads_elsewhere_is_refused_as_a_name(tmp_path: Path) -> None:
    failed_run(tmp_path)
    with pytest.raises(RequestError, match="characters that a run name cannot have"):
        check_new_run("quickstart", [], {}, tmp_path / "runs", "../zebra")
