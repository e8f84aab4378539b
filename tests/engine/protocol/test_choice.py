"""Which checkpoint a request means."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RequestError, WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST, folder_name, list_checkpoints
from engine.protocol.choice import by_objective, choose_checkpoint
from engine.protocol.rundir import RunDirectory
from engine.record import Record
from tests.engine.protocol.stored_checkpoints import flip_a_bit, put
from tests.runs import call_imported, make_run


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path / "horse")


@pytest.mark.parametrize(
    ("given", "step"),
    [("latest", 12_000), ("12000", 12_000), ("12,000", 12_000), ("step-00012000", 12_000), ("900", 900), ("0", 0)],
)
def test_a_request_names_one(run: RunDirectory, given: str, step: int) -> None:
    placed = {number: put(run, number) for number in (0, 900, 12_000)}
    assert choose_checkpoint(run, given) == placed[step]


@pytest.mark.parametrize("given", ["901", "newest", "", "-1", "1e3"])
def test_a_request_that_names_none_is_told_what_there_is(run: RunDirectory, given: str) -> None:
    put(run, 900)
    put(run, 1800)
    with pytest.raises(RequestError) as caught:
        choose_checkpoint(run, given)
    assert caught.value.fix == "There are 900, 1800, and latest and best."


def test_a_run_without_any_says_so(tmp_path: Path) -> None:
    run = make_run(tmp_path, name="horse")
    with pytest.raises(RequestError, match="run horse: has no checkpoint") as caught:
        choose_checkpoint(run, "latest")
    assert caught.value.fix == "Train it anew: gan-tui train tiny", "its preset"


def test_a_run_that_was_imported_is_imported_again(tmp_path: Path) -> None:
    run = make_run(tmp_path, name="horse")
    call_imported(run)
    with pytest.raises(RequestError, match="run horse: has no checkpoint") as caught:
        choose_checkpoint(run, "latest")
    assert caught.value.fix == "Import it again: gan-tui import"


def test_a_run_whose_checkpoints_have_gone_is_told_to_put_them_back(tmp_path: Path) -> None:
    run = make_run(tmp_path, name="horse")
    with Record(run) as record:
        saved = ev.Checkpointed(seq=1, step=7, time=1.0, path="", saved_step=7, seconds=0.0, size=1, reason="schedule")
        record.write(saved)
    with pytest.raises(WorkError, match=r"has none of the checkpoints left .*, the newest of step 7") as caught:
        choose_checkpoint(run, "latest")
    assert caught.value.fix == f"Put them back into {run.checkpoints}, or train it anew: gan-tui train tiny"


def test_a_run_whose_checkpoints_cannot_be_read_is_not_one_without(tmp_path: Path) -> None:
    run = make_run(tmp_path, name="horse")
    folder, _ = put(run, 7)
    (folder / MANIFEST).write_bytes(b"{")
    with pytest.raises(WorkError, match="has checkpoints, and none that can be read: step-00000007 has no readable"):
        choose_checkpoint(run, "latest")


def test_the_newest_is_the_newest_that_is_whole(run: RunDirectory) -> None:
    whole, _, _ = put(run, 10), put(run, 20), put(run, 30)
    for step in (20, 30):
        flip_a_bit(run.checkpoints / folder_name(step) / "G_A")
    assert choose_checkpoint(run, "latest") == whole
    flip_a_bit(whole[0] / "G_A")
    assert choose_checkpoint(run, "latest")[1].step == 30, (
        "there is none that is whole: the caller is told of the newest"
    )


def test_an_examination_can_be_given(run: RunDirectory) -> None:
    put(run, 10)
    put(run, 20)
    chosen = choose_checkpoint(run, "latest", lambda folder, manifest: "is old" if manifest.step == 20 else "")
    assert chosen[1].step == 10


def test_a_step_whose_manifest_cannot_be_read_is_named_so(run: RunDirectory) -> None:
    put(run, 10)
    folder, _ = put(run, 20)
    (folder / "manifest.json").write_bytes(b"{")
    with pytest.raises(WorkError, match=r"checkpoint 20 of run horse: has no readable manifest\.json") as caught:
        choose_checkpoint(run, "20")
    assert caught.value.fix == "There are 10, and latest and best."


def test_the_best_has_the_lowest_objective_under_the_newest_weights(run: RunDirectory) -> None:
    put(run, 10, objective=1.0, weight=5.0)
    put(run, 20, objective=3.0)
    put(run, 30, objective=2.0)
    put(run, 40, objective=None)
    put(run, 50, objective=2.0)
    assert [manifest.step for _, manifest in by_objective(list_checkpoints(run))] == [50, 30, 20]
    assert choose_checkpoint(run, "best")[1].step == 50
    flip_a_bit(run.checkpoints / folder_name(50) / "G_A")
    assert choose_checkpoint(run, "best")[1].step == 30


def test_the_weights_that_count_are_those_of_the_newest_whole_one(run: RunDirectory) -> None:
    put(run, 10, objective=1.0, weight=5.0)
    newest, _ = put(run, 20, objective=3.0, weight=8.0)
    assert choose_checkpoint(run, "best")[1].step == 20
    flip_a_bit(newest / "G_A")
    assert choose_checkpoint(run, "best")[1].step == 10


@pytest.mark.parametrize("damaged", [False, True])
def test_no_best_is_known(run: RunDirectory, damaged: bool) -> None:
    put(run, 10, objective=1.0, weight=5.0)
    put(run, 20, objective=3.0 if damaged else None, weight=8.0)
    for step in (10, 20) if damaged else ():
        flip_a_bit(run.checkpoints / folder_name(step) / "G_A")
    with pytest.raises(RequestError, match="the best checkpoint of run horse: is not known") as caught:
        choose_checkpoint(run, "best")
    assert caught.value.fix == ("" if damaged else "Name a step: 10, 20.")
