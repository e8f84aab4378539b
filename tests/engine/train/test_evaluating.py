"""Evaluations while a run trains: when, what they leave as it was, what is journaled, and the best that is saved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
import torch

from engine.config.evaluation_check import check_evaluation
from engine.errors import RequestError
from engine.evaluation.evaluate import evaluate
from engine.evaluation.evaluator import Measured
from engine.evaluation.request import request_of
from engine.phases import StopRequestedError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.choice import choose_checkpoint
from engine.protocol.commands import Command, Stop
from engine.protocol.conditions import Conditions
from engine.protocol.evaluation import EvaluateJob
from engine.protocol.measured import evaluations_of
from engine.protocol.rundir import RunDirectory
from engine.train.loop import train
from tests.engine.train.here import differences, last_state, session_of, train_here
from tests.runs import course_of, events_of, make_images, make_run, metrics_of, tiny_config

NOISY = ("generator.dropout=true", "method.test_time_noise=true", "run.steps=4")
FEW = ("evaluation.every=2", "evaluation.images=3")


def evaluated(run: RunDirectory) -> list[ev.Evaluated]:
    return events_of(run, ev.Evaluated)


def test_training_goes_on_as_if_it_had_not_been_measured(tmp_path: Path) -> None:
    """Bit for bit, dropout and batch statistics at test time included."""
    measured, left_alone = (
        make_run(tmp_path, *NOISY, *settings, name=name, kind="pix2pix")
        for name, settings in (("measured", ("evaluation.every=1", "evaluation.images=3")), ("left-alone", ()))
    )
    for run in (measured, left_alone):
        train_here(run)
    assert [event.step for event in evaluated(measured)] == [1, 2, 3, 4]
    assert course_of(measured) == course_of(left_alone)
    assert differences(last_state(measured), last_state(left_alone)) == []


def test_the_figures_are_those_that_eval_finds(tmp_path: Path) -> None:
    run = make_run(tmp_path, *NOISY, *FEW, "checkpoint.every=2", kind="pix2pix")
    train_here(run)
    job = EvaluateJob(run=str(run.root), device="cpu", images=3, checkpoint="all")
    later = evaluate(request_of(job), lambda said: None).evaluations
    assert [event.figures for event in evaluated(run)] == [each.figures for each in later]
    assert [event.conditions for event in evaluated(run)] == [each.conditions for each in later]
    assert len(evaluations_of(run)) == 4


def test_the_line_of_the_step_has_them_and_no_other(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=5", *FEW, kind="pix2pix")
    train_here(run)
    figures = {event.step: event.figures for event in evaluated(run)}
    assert list(figures) == [2, 4, 5], "every two steps, and when the last is done"
    assert {line.step: line.figures for line in metrics_of(run) if line.figures} == figures


def test_a_line_that_comes_later_has_the_newest(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=6", "log.every=3", *FEW, kind="pix2pix")
    train_here(run)
    figures = {event.step: event.figures for event in evaluated(run)}
    assert {line.step: line.figures for line in metrics_of(run)} == {3: figures[2], 6: figures[6]}


def test_what_a_checkpoint_has_not_told_yet_is_told_after_a_resume(tmp_path: Path) -> None:
    settings = ("log.every=3", "checkpoint.every=2", "run.steps=6", *FEW)
    whole, halted = (make_run(tmp_path, *settings, name=name, kind="pix2pix") for name in ("whole", "halted"))
    train_here(whole)
    with session_of(halted) as session:
        session.total_steps = 2
        train(session)
    train_here(halted)
    assert {line.step: line.figures for line in metrics_of(halted) if line.step > 2} == {
        line.step: line.figures for line in metrics_of(whole)
    }


def test_while_nothing_translates_yet_nothing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings = ("run.steps=6", "evaluation.every=1", "evaluation.images=20", 'evaluation.figures=["identity"]')
    run = make_run(tmp_path, *settings, kind="dtn")
    train_here(run)
    assert [event.step for event in evaluated(run)] == [4, 5, 6], "f is trained for four steps"
    assert [*evaluated(run)[-1].figures] == ["identity_B"]


# ------------------------------------------------------------------------------------------------------- the best


def values_of(run: RunDirectory, figure: str) -> dict[int, float]:
    return {event.step: event.figures[figure] for event in evaluated(run)}  # type: ignore[misc]


def test_the_best_so_far_is_saved_at_once_and_kept(tmp_path: Path) -> None:
    """A learning rate that is far too high makes it worse and better by turns."""
    settings = ("run.steps=12", "evaluation.every=1", "evaluation.images=3", "optim.lr_g=0.02", "checkpoint.keep=1")
    run = make_run(tmp_path, *settings, "checkpoint.best_by=psnr", kind="pix2pix")
    train_here(run)
    values = values_of(run, "psnr")
    records = [step for step in values if values[step] > max([0.0, *(values[s] for s in values if s < step)])]
    assert 1 < len(records) < 12, "else the test shows nothing"
    assert [event.step for event in evaluated(run) if event.best_by == "psnr"] == records
    saved = [event for event in events_of(run, ev.Checkpointed) if event.reason == "best"]
    assert [event.saved_step for event in saved] == records
    best = max(values, key=lambda step: values[step])
    assert choose_checkpoint(run, "best")[1].step == best
    assert {manifest.step for _, manifest in list_checkpoints(run)} == {best, 12}


class Scripted:
    """Finds given values of psnr, one evaluation after another."""

    conditions = Conditions(split="test", images_A=1, images_B=0)

    def __init__(self, *values: float) -> None:
        self._values = iter(values)

    def evaluate(self, *arguments: object) -> Measured:
        return Measured(figures={"psnr": next(self._values)}, seconds=0.0, digits=None)


def test_a_best_state_that_could_not_be_saved_is_not_to_be_surpassed(tmp_path: Path) -> None:
    """A file lies in the place of the folder when step 2 is saved, and is gone at step 3; nor does a resume know it."""
    settings = ("run.steps=5", "evaluation.every=1", "checkpoint.best_by=psnr")
    run = make_run(tmp_path, *settings, kind="pix2pix")
    aside = tmp_path / "aside"

    def stand_in_the_way(event: ev.Event) -> Iterable[Command]:
        if isinstance(event, ev.Evaluated) and event.step == 2:
            run.checkpoints.rename(aside)
            run.checkpoints.write_text("a file in the folder's place")
        if isinstance(event, ev.Alert) and event.subject == "checkpoint" and run.checkpoints.is_file():
            run.checkpoints.unlink()
            aside.rename(run.checkpoints)
        return ()

    with session_of(run, script=stand_in_the_way) as session:
        session.evaluator = Scripted(10.0, 12.0, 11.0)  # type: ignore[assignment]
        session.total_steps = 3
        train(session)
    assert [event.saved_step for event in events_of(run, ev.Checkpointed) if event.reason == "best"] == [1, 3]

    with session_of(run) as session:
        assert session.best_figure == 11.0
        session.evaluator = Scripted(10.5, 11.5)  # type: ignore[assignment]
        train(session)
    assert [event.saved_step for event in events_of(run, ev.Checkpointed) if event.reason == "best"] == [1, 3, 5]


def test_lower_is_better_of_an_error(tmp_path: Path) -> None:
    settings = ("run.steps=6", "evaluation.every=1", "evaluation.images=3", "optim.lr_g=0.02")
    run = make_run(tmp_path, *settings, "checkpoint.best_by=l1", kind="pix2pix")
    train_here(run)
    values = values_of(run, "l1")
    assert choose_checkpoint(run, "best")[1].step == min(values, key=lambda step: values[step])
    highest_ssim = values_of(run, "ssim")
    kept = {manifest.step for _, manifest in list_checkpoints(run)}
    best_kept = max(kept & set(highest_ssim), key=lambda step: highest_ssim[step])
    assert choose_checkpoint(run, "best:ssim")[1].step == best_kept


def test_what_a_resume_made_void_is_not_to_be_surpassed(tmp_path: Path) -> None:
    """The steps after the checkpoint are trained again: what was measured of them the first time is not the best."""
    settings = ("checkpoint.best_by=psnr", "run.steps=4", "evaluation.every=1", "evaluation.images=3")
    run = make_run(tmp_path, *settings, "optim.lr_g=0.02", kind="pix2pix")
    with session_of(run) as session:
        session.total_steps = 3
        train(session)
    for folder, manifest in list_checkpoints(run):
        if manifest.step > 1:
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
    train_here(run)
    first_course = evaluated(run)[:3]
    assert [event.step for event in evaluated(run)] == [1, 2, 3, 2, 3, 4]
    assert [event.best_by for event in evaluated(run)][3:5] == [event.best_by for event in first_course[1:]]
    assert [each.step for each in evaluations_of(run)] == [1, 2, 3, 4]


# ------------------------------------------------------------------------------------------------ what goes wrong


def test_an_image_that_is_gone_is_told_of_and_training_goes_on(tmp_path: Path) -> None:
    root = make_images(tmp_path / "images")
    run = make_run(tmp_path, "run.steps=2", "evaluation.every=1", root=root)
    with session_of(run) as session:
        (root / "testB" / "1.png").unlink()
        train(session)
    alerts = [event for event in events_of(run, ev.Alert) if event.subject == "evaluation"]
    assert len(alerts) == 2
    assert "testB/1.png" in alerts[0].fact
    assert alerts[0].fix.endswith("Training goes on.")
    assert events_of(run, ev.Finished)


class Greedy:
    """Takes more memory than there is, as PyTorch tells it."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def evaluate(self, *arguments: object) -> None:
        raise self._error


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()], ids=str)
def test_an_evaluation_that_takes_too_much_memory_does_not_end_the_run(tmp_path: Path, error: Exception) -> None:
    run = make_run(tmp_path, "run.steps=2", "evaluation.every=2", kind="pix2pix")
    with session_of(run) as session:
        session.evaluator = Greedy(error)  # type: ignore[assignment]
        train(session)
    [alert] = [event for event in events_of(run, ev.Alert) if event.subject == "evaluation"]
    assert alert.fact == "of step 2 could not be made: memory is full beside the training"
    assert events_of(run, ev.Finished)


def test_another_error_of_an_evaluation_is_not_hidden(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=2", "evaluation.every=2", kind="pix2pix")
    with session_of(run) as session, pytest.raises(RuntimeError, match="of another kind"):
        session.evaluator = Greedy(RuntimeError("of another kind"))  # type: ignore[assignment]
        train(session)


def test_a_signal_ends_an_evaluation_before_its_last_image(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=2", "evaluation.every=1", kind="pix2pix")
    with session_of(run) as session:
        session.link.interrupted_by = "SIGTERM"
        train(session)
    assert not evaluated(run)
    assert events_of(run, ev.Finished)


def test_data_without_images_kept_apart_are_refused_before_the_first_step(tmp_path: Path) -> None:
    root = make_images(tmp_path / "images")
    for path in root.glob("testA/*"):
        path.unlink()
    run = make_run(tmp_path, "run.steps=2", "evaluation.every=1", root=root)
    with pytest.raises(RequestError, match="has no test or val images"), session_of(run):
        pass


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("evaluation.every=5", 'evaluation.figures=["l1"]'), "evaluation.figures l1: needs pairs"),
        (("evaluation.every=5", 'evaluation.figures=["beauty"]'), "evaluation.figures beauty: is not a figure"),
        (("evaluation.images=5",), "evaluation.images: does nothing without evaluations. Set evaluation.every"),
        (("checkpoint.best_by=cycle_A",), "checkpoint.best_by: does nothing without evaluations"),
        (("evaluation.every=5", "checkpoint.best_by=psnr"), 'checkpoint.best_by = "psnr": is not measured in this run'),
        (("evaluation.every=5", "evaluation.fid_weights=x"), "is for fid and kid, which evaluation.figures lacks"),
        (("evaluation.every=5", 'evaluation.figures=["fid"]', "evaluation.fid_weights=x"), "x: is not a file"),
    ],
)
def test_a_preset_that_cannot_be_is_refused_beforehand(settings: tuple[str, ...], told: str) -> None:
    with pytest.raises(RequestError) as refused:
        check_evaluation(tiny_config(*settings))
    assert told in refused.value.one_line()


def test_what_can_be_passes() -> None:
    check_evaluation(tiny_config())
    check_evaluation(tiny_config("evaluation.every=5", 'evaluation.figures=["cycle"]', "checkpoint.best_by=cycle_B"))


def test_a_judges_training_is_ended_by_a_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that was trained to its end would be kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    run = make_run(tmp_path, "evaluation.every=1", 'evaluation.figures=["accuracy"]', kind="dtn")

    def stop_while_preparing(event: ev.Event) -> Iterable[Command]:
        return (Stop(),) if isinstance(event, ev.Phase) and event.name == "preparing evaluations" else ()

    with pytest.raises(StopRequestedError), session_of(run, script=stop_while_preparing):
        pass
    assert not list((tmp_path / "cache").rglob("*.safetensors"))


def test_no_random_number_is_drawn_by_the_preparations(tmp_path: Path) -> None:
    states = []
    for name, settings in (("measured", FEW), ("left-alone", ())):
        run = make_run(tmp_path, *settings, name=name, kind="pix2pix")
        with session_of(run):
            states.append(torch.get_rng_state())
    assert torch.equal(*states)
