"""What a checkpoint says of itself, and what a branch takes of its parent's."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.errors import WorkError
from engine.link import Envelope
from engine.protocol import events as ev
from engine.protocol.checkpoints import THUMBNAIL, list_checkpoints
from engine.protocol.commands import SCHEMA_VERSION, Request, SaveCheckpoint, SetControls, Stop
from engine.protocol.rundir import Parent, RunDirectory, read_identity
from engine.train.loop import Ending, train
from engine.train.saving import restore
from tests.engine.train.here import after_step, session_of, train_here
from tests.runs import course_of, events_of, make_images, make_run, metrics_of


def branch_of(parent: RunDirectory, folder: Path, step: int, *settings: str) -> RunDirectory:
    identity = read_identity(parent)
    [seq] = [manifest.seq for _, manifest in list_checkpoints(parent) if manifest.step == step]
    return make_run(
        folder, *settings, name="branch", parent=Parent(run=str(parent.root), step=step, id=identity.id, seq=seq)
    )


def test_a_manifest_tells_how_the_run_stood(tmp_path: Path) -> None:
    run = make_run(tmp_path, "sample.every=4", "optim.epochs=1", "optim.decay_epochs=3", "run.batch=2")
    staged = SetControls(values={"loss.cycle_a": 2.0}, at_step=9)
    train_here(run, SetControls(values={"optim.lr_d": 1e-4}), staged, script=after_step(7, Stop()))
    [(folder, manifest)] = list_checkpoints(run)
    lines = metrics_of(run)
    assert (manifest.step, manifest.epoch, manifest.reason) == (7, 3, "stop")
    assert [(line.step, line.losses) for line in manifest.recent] == [(line.step, line.losses) for line in lines]
    assert manifest.losses == lines[-1].losses
    sums = [sum(line.losses[name] for name in line.losses if name[:2] != "D_") for line in lines]
    assert manifest.objective == pytest.approx(sum(sums) / len(sums))
    assert manifest.factor == pytest.approx(0.5)
    assert manifest.lr == {"G": pytest.approx(1e-4), "D": pytest.approx(0.5e-4)}
    assert manifest.controls["optim.lr_d"] == 1e-4
    assert [(change.at_step, change.values) for change in manifest.staged] == [(9, {"loss.cycle_a": 2.0})]
    assert lines[-1].seq <= manifest.seq < events_of(run, ev.Checkpointed)[0].seq
    with Image.open(io.BytesIO((folder / THUMBNAIL).read_bytes())) as picture:
        assert picture.size == (4 * 32, 2 * 32), "both directions of the first image, no larger than they were"
        assert picture.text["Title"] in ("step 0", "step 4")  # type: ignore[attr-defined]


def test_a_thumbnail_is_small_and_kept_over_a_resume(tmp_path: Path) -> None:
    run = make_run(tmp_path, "data.resize=72", "data.crop=64", "checkpoint.every=3", "run.steps=6")
    train_here(run, script=after_step(3, Stop()))
    train_here(run, script=after_step(5, SaveCheckpoint()))
    thumbnails = {}
    for folder, manifest in list_checkpoints(run):
        with Image.open(folder / THUMBNAIL) as picture:
            assert picture.size == (4 * 48, 2 * 48)
            thumbnails[manifest.step] = picture.text["Title"]  # type: ignore[attr-defined]
    assert thumbnails == {3: "step 0", 5: "step 0", 6: "step 6"}, "the end takes its last sheet first"


def test_a_resume_says_from_which_number_on_the_record_is_void(tmp_path: Path) -> None:
    run = make_run(tmp_path, "checkpoint.every=4")
    late = SetControls(values={"loss.cycle_a": 2.0})
    train_here(run, script=lambda event: _late(event, late))
    train_here(run, script=after_step(8, Stop(how="discard")))
    [(_, manifest), *_] = list_checkpoints(run)
    [resumed] = events_of(run, ev.Resumed)
    [nudged] = events_of(run, ev.Nudged)
    assert resumed.from_seq == manifest.seq
    assert resumed.from_seq < nudged.seq < resumed.seq
    assert course_of(run)[5]["weights"]["cycle_a"] == 10.0, "a nudge after the copy is void"


def _late(event: ev.Event, nudge: SetControls) -> list[object]:
    """Nudge at the boundary at which the checkpoint was copied, but after that; then end without another."""
    if isinstance(event, ev.Checkpointed):
        return [Stop(how="discard")]
    return [nudge] if isinstance(event, ev.Metrics) and event.step == 4 else []


def test_the_first_checkpoint_of_a_branch_is_its_own(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "checkpoint.every=3", name="parent")
    train_here(parent, script=after_step(6, Stop()))
    branch = branch_of(parent, tmp_path, 3, "checkpoint.every=2", "checkpoint.keep=1", "checkpoint.keep_best=0")
    train_here(branch, script=after_step(4, Stop(how="discard")))
    shutil.rmtree(parent.root)
    train_here(branch, script=after_step(8, Stop()))
    resumed = events_of(branch, ev.Resumed)
    assert [(event.from_step, event.from_seq) for event in resumed] == [(3, 0), (4, resumed[1].from_seq)]
    assert [event.checkpoint for event in resumed] == ["checkpoints/step-00000003", "checkpoints/step-00000004"]
    steps = {manifest.step: manifest.run for _, manifest in list_checkpoints(branch)}
    assert steps.keys() == {3, 8}, "what it began with is kept beside the newest"
    assert steps[3] != steps[8] == read_identity(branch).id


def test_a_branch_that_is_killed_before_its_own_first_save_begins_again_at_the_parents(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "checkpoint.every=3", name="parent")
    train_here(parent, script=after_step(3, Stop()))
    branch = branch_of(parent, tmp_path, 3, "loss.cycle_a=4")
    train_here(branch, script=after_step(5, Stop(how="discard")))
    train_here(branch, script=after_step(6, Stop()))
    assert [event.from_step for event in events_of(branch, ev.Resumed)] == [3, 3]
    assert [line["weights"]["cycle_a"] for line in course_of(branch).values()] == [4.0, 4.0, 4.0]


def test_other_images_on_a_resume_are_told_of(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", each=4)
    run = make_run(tmp_path, root=root)
    train_here(run, script=after_step(2, Stop()))
    shutil.copytree(root, tmp_path / "moved")
    shutil.rmtree(root)
    shutil.copytree(tmp_path / "moved", root)
    train_here(run, script=after_step(3, Stop()))
    assert not events_of(run, ev.Alert), "where they lie and when they were written does not matter"
    (root / "trainA" / "new.png").write_bytes((root / "trainA" / "0.png").read_bytes())
    train_here(run, script=after_step(4, Stop()))
    assert [alert.subject for alert in events_of(run, ev.Alert)] == ["the training images"]


def test_a_checkpoint_without_the_random_state_of_the_runs_device_is_told_of(tmp_path: Path) -> None:
    """Written where CUDA was not to be seen; the session is told that it computes there, and restores it on the CPU."""
    run = make_run(tmp_path)
    train_here(run, script=after_step(2, Stop()))
    [(folder, manifest)] = list_checkpoints(run)
    with session_of(run) as session:
        session.device = torch.device("cuda", 63)
        restore(session, folder, manifest)
    [alert] = events_of(run, ev.Alert)
    assert alert.subject == "checkpoint step-00000002"
    assert alert.fact.startswith("holds no random state of cuda:63")


def test_a_save_that_failed_before_does_not_make_the_last_one_fail(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=6")
    run.checkpoints.write_text("in the way")

    def script(event: ev.Event) -> list[object]:
        if isinstance(event, ev.Alert) and run.checkpoints.is_file():
            run.checkpoints.unlink()
        return [SaveCheckpoint()] if isinstance(event, ev.Metrics) and event.step == 2 else []

    assert train_here(run, script=script) is Ending.FINISHED  # type: ignore[arg-type]
    failed, mended = events_of(run, ev.Alert)
    assert failed.fact.startswith("of step 2 could not be written")
    assert mended.fact == "of step 6 could be written again; 1 before it could not"
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [6]


def test_of_saves_that_fail_again_and_again_the_first_is_told_and_in_the_end_how_many(tmp_path: Path) -> None:
    run = make_run(tmp_path, "checkpoint.every=1")
    run.checkpoints.write_text("in the way")
    failures = {}

    def script(event: ev.Event) -> list[object]:
        if isinstance(event, ev.Metrics):
            failures[event.step] = session.save_failure
            if event.step == 4:
                run.checkpoints.unlink()
            return [Stop()] if event.step == 6 else []
        return []

    with session_of(run, script=script) as session:  # type: ignore[arg-type]
        assert train(session) is Ending.STOPPED
    assert failures == {1: "", **dict.fromkeys((2, 3, 4), "File exists"), 5: "", 6: ""}
    assert [alert.fact for alert in events_of(run, ev.Alert)] == [
        "of step 1 could not be written (File exists)", "of step 4 could be written again; 3 before it could not",
    ]  # fmt: skip


def test_a_save_that_fails_for_another_reason_is_told_of_again(tmp_path: Path) -> None:
    run = make_run(tmp_path, "checkpoint.every=1", "sentinel.not_finite.action=warn")
    run.checkpoints.write_text("in the way")

    def script(event: ev.Event) -> list[object]:
        if not isinstance(event, ev.Metrics) or event.step < 3:
            return []
        with torch.no_grad():
            next(session.method.networks["D_A"].parameters()).fill_(float("nan"))
        return [Stop(how="discard")]

    with session_of(run, script=script) as session:  # type: ignore[arg-type]
        train(session)
    assert [alert.fact for alert in events_of(run, ev.Alert) if alert.subject == "checkpoint"] == [
        "of step 1 could not be written (File exists)",
        "of step 3 could not be written (D_A: values are NaN or infinite)",
    ]


def test_where_the_last_save_fails_like_those_before_it_their_number_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=3", "checkpoint.every=1")
    run.checkpoints.write_text("in the way")
    with pytest.raises(
        WorkError, match=r"of step 3 could not be written \(File exists; 3 saves before it failed too\)"
    ):
        train_here(run)


def test_a_run_that_is_not_to_be_saved_does_not_fail_for_an_older_save(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.checkpoints.write_text("in the way")
    assert train_here(run, script=after_step(2, SaveCheckpoint(), Stop(how="discard"))) is Ending.STOPPED


def test_a_last_state_that_is_not_finite_is_called_so_also_where_that_is_only_a_warning(tmp_path: Path) -> None:
    run = make_run(tmp_path, "sentinel.not_finite.action=warn", "log.every=100")
    with session_of(run) as session:
        with torch.no_grad():
            next(session.method.networks["D_A"].parameters()).fill_(float("nan"))
        session.link.mailbox.insist(Envelope(b"", Request(version=SCHEMA_VERSION, id="", by="me", command=Stop())))
        with pytest.raises(WorkError, match=r"the last checkpoint: of step 0 could not be written .*D_A") as caught:
            train(session)
    assert caught.value.fix.startswith("No checkpoint was saved before that; train it anew: gan-tui train")


def test_a_checkpoint_without_a_readable_manifest_is_never_passed_over_in_silence(tmp_path: Path) -> None:
    run = make_run(tmp_path, "checkpoint.every=2")
    train_here(run, script=after_step(4, Stop()))
    (run.checkpoints / "step-00000004" / "manifest.json").write_text("{")
    train_here(run, script=after_step(3, Stop(how="discard")))
    [alert] = events_of(run, ev.Alert)
    assert (alert.subject, events_of(run, ev.Resumed)[0].from_step) == ("checkpoint step-00000004", 2)
    (run.checkpoints / "step-00000002" / "manifest.json").unlink()
    with pytest.raises(WorkError, match="has no undamaged checkpoint"):
        train_here(run)
