"""Evaluating a checkpoint: what is counted, by which judge, and what is refused."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch

from engine.checkpoint import load_checkpoint
from engine.config.data import DigitsConfig
from engine.config.load import Tree, read_toml, resolve
from engine.data.digit_sets import labelled
from engine.data.pixels import to_unit_range
from engine.errors import RequestError
from engine.evaluation.evaluate import evaluate
from engine.evaluation.judge import LabelledPixels, judge_of
from engine.evaluation.meters import scores
from engine.evaluation.request import EvaluationRequest, JudgeSettings, request_of
from engine.methods.build import build_method
from engine.protocol.evaluation import DigitScore, DigitsJudged, EvaluateJob, Evaluation
from engine.protocol.jobs import Progress, Remark
from engine.protocol.rundir import RunDirectory
from tests.dtn_runs import make_digits, make_dtn_run
from tests.engine.train.here import train_here
from tests.runs import make_run

CPU = torch.device("cpu")
QUICK = JudgeSettings(width=4, steps=30, batch=8)
CYCLEGAN: Tree = {
    "data": {},
    "generator": {"arch": "resnet", "width": 2, "blocks": 1},
    "discriminator": {"arch": "patch", "width": 2, "layers": 1},
    "optim": {"pool": 0},
    "run": {"batch": 4, "device": "cpu", "steps": 1},
}


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two sets of digits, each of 40 for training and 30 to test with."""
    return make_digits(tmp_path_factory.mktemp("digits"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, digits: Path) -> RunDirectory:
    """A run with checkpoints within the training of f, and after two steps of the others."""
    folder = tmp_path_factory.mktemp("runs")
    run = make_dtn_run(folder, "trained", "checkpoint.every=1", "data.without_B=[3, 4]", root=digits)
    train_here(run)
    return run


def evaluated(run: RunDirectory, which: str = "latest") -> Evaluation:
    [found] = evaluate(asked(run, which), lambda said: None).evaluations
    return found


def judged(run: RunDirectory, which: str = "latest") -> DigitsJudged:
    found = evaluated(run, which).digits
    assert found is not None
    return found


def asked(run: RunDirectory, which: str = "latest", **others: Any) -> EvaluationRequest:
    job = EvaluateJob(run=str(run.root), checkpoint=which, device="cpu", **{"figures": ("accuracy",), **others})
    return request_of(job, QUICK)


def test_each_digit_is_counted_by_itself() -> None:
    labels = torch.tensor([0, 0, 0, 7, 7, 9])
    translated = torch.tensor([0, 7, 0, 7, 7, 0])
    untranslated = torch.tensor([7, 7, 0, 0, 9, 9])
    assert scores(labels, translated, untranslated) == (
        DigitScore(digit=0, images=3, translated=2, untranslated=1),
        DigitScore(digit=7, images=2, translated=2, untranslated=0),
        DigitScore(digit=9, images=1, translated=0, untranslated=1),
    )


def test_digits_add_up_to_the_whole(trained: RunDirectory) -> None:
    evaluation, found = evaluated(trained), judged(trained)
    assert [item.digit for item in found.digits] == list(range(10))
    assert sum(item.images for item in found.digits) == evaluation.conditions.images_A == 30
    assert evaluation.figures == {"accuracy": pytest.approx(sum(item.translated for item in found.digits) / 30)}
    assert found.untranslated_accuracy == pytest.approx(sum(item.untranslated for item in found.digits) / 30)
    assert (evaluation.step, found.source, found.target) == (4, "bars", "boxes")


def test_the_figures_are_those_of_the_translations_and_the_judge(trained: RunDirectory) -> None:
    """Done over by hand, from the same checkpoint."""
    config = resolve(read_toml(trained.config), "tiny")
    data: DigitsConfig = msgspec.structs.replace(config.data, without_B=())  # type: ignore[assignment]
    request = asked(trained)
    method = build_method(config, CPU)
    [saved] = request.saved
    load_checkpoint(saved.folder, saved.manifest, method)
    judge, _ = judge_of(LabelledPixels.of(labelled(data, 0, "B", "train")), QUICK, CPU, lambda word: None)
    source, target = (LabelledPixels.of(labelled(data, 0, domain, "test")) for domain in ("A", "B"))  # type: ignore[arg-type]
    images = to_unit_range(source.pixels)

    evaluation, found = evaluated(trained), judged(trained)
    translated = judge.name(method.translate(images, "AtoB")) == source.labels
    untranslated = judge.name(images) == source.labels
    assert evaluation.figures["accuracy"] == translated.double().mean().item()
    assert found.untranslated_accuracy == untranslated.double().mean().item()
    assert found.judge.right == int((judge.name(to_unit_range(target.pixels)) == target.labels).sum())
    assert translated.sum() != untranslated.sum()


def test_the_judge_knows_every_digit_whatever_training_left_out(trained: RunDirectory) -> None:
    assert judged(trained).judge.trained_on == 40


def test_the_judge_is_the_same_for_every_checkpoint(trained: RunDirectory) -> None:
    first, second = judged(trained, "3"), judged(trained, "4")
    assert (first.judge.reused, second.judge.reused) == (False, True)
    assert first.judge.right == second.judge.right
    assert first.untranslated_accuracy == second.untranslated_accuracy


def test_progress_is_told(trained: RunDirectory) -> None:
    told: list[Progress | Remark] = []
    evaluate(asked(trained), told.append)
    assert told[0] == Remark(text="reading the digits")
    assert [said.done for said in told if isinstance(said, Progress) and said.total == QUICK.steps][:2] == [20, 30]
    assert told[-1] == Progress(what="translating", done=30, total=30)


def test_any_method_with_labelled_digits_is_evaluated(tmp_path: Path, digits: Path) -> None:
    run = make_dtn_run(tmp_path, "cycle", tree=CYCLEGAN, root=digits)
    train_here(run)
    found = evaluate(asked(run, figures=()), lambda said: None)
    assert found.method == "cyclegan"
    [evaluation] = found.evaluations
    assert list(evaluation.figures) == ["accuracy", "cycle_A", "cycle_B", "identity_A", "identity_B"]


def test_a_run_that_translates_the_other_way_is_judged_by_its_own_target(tmp_path: Path, digits: Path) -> None:
    run = make_dtn_run(tmp_path, "back", "data.direction=BtoA", root=digits)
    train_here(run)
    found = judged(run)
    assert (found.source, found.target) == ("boxes", "bars")


def test_another_folder_of_the_same_layout_is_measured_on(trained: RunDirectory, tmp_path: Path, digits: Path) -> None:
    other = make_digits(tmp_path / "other", test=20)
    [found] = evaluate(asked(trained, data=os.fsencode(other)), lambda said: None).evaluations
    assert (found.conditions.data, found.conditions.images_A) == (str(other), 20)
    (tmp_path / "own").symlink_to(digits)
    assert asked(trained, data=os.fsencode(tmp_path / "own")).plan.other_data == "", "the run's own by another name"


def test_a_folder_in_place_of_none(trained: RunDirectory, tmp_path: Path, digits: Path) -> None:
    """An imported run has no data; which figures it gives is known all the same."""
    run = make_dtn_run(tmp_path, "imported", root=digits)
    run.config.write_text(run.config.read_text().replace(f'root = "{digits}"', 'root = ""'))
    shutil.copytree(trained.checkpoints, run.checkpoints)
    with pytest.raises(RequestError, match=r"data.root: is not set. Give --data DIR"):
        asked(run)
    [found] = evaluate(asked(run, data=os.fsencode(digits)), lambda said: None).evaluations
    assert found.figures == evaluated(trained).figures


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"data": b"/nowhere/at/all"}, "/nowhere/at/all: does not exist. Set --data or data.root to a folder"),
        ({"figures": ("identity",), "judge_steps": 5}, "--judge-steps: is for accuracy, which is not asked for. Add"),
        ({"figures": ("identity",), "retrain": True}, "--retrain: is for accuracy, which is not asked for. Add"),
    ],
)
def test_options_that_cannot_be(trained: RunDirectory, others: dict[str, Any], told: str) -> None:
    with pytest.raises(RequestError) as refused:
        asked(trained, **others)
    assert told in refused.value.one_line()


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"data": b"/sets"}, "--data: names a folder, and data.kind = synthetic draws its images. Leave it out."),
        ({"judge_steps": 5}, "--judge-steps: is for accuracy, which needs labelled digits, and data.kind = synthetic"),
    ],
)
def test_options_of_other_runs(tmp_path: Path, others: dict[str, Any], told: str) -> None:
    with pytest.raises(RequestError) as refused:
        asked(make_run(tmp_path, kind="pix2pix"), **{"figures": (), **others})
    assert told in refused.value.one_line()


def test_a_checkpoint_in_which_nothing_translates_yet_is_refused(trained: RunDirectory) -> None:
    with pytest.raises(RequestError, match=r"was saved while the run was training f 1/\d+: nothing translates yet"):
        evaluated(trained, "1")


def test_images_without_labels_are_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with pytest.raises(RequestError, match=r"accuracy: needs labelled digits, and data.kind = synthetic has no labels"):
        asked(run)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is no run directory"):
        asked(RunDirectory(tmp_path))


def test_drawn_digits_are_called_by_their_ink(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "drawn")
    train_here(run)
    found = judged(run)
    assert (found.source, found.target) == ("coloured digits", "white digits")
    assert sum(item.images for item in found.digits) == 1000


def test_a_source_without_test_images_is_refused(tmp_path: Path) -> None:
    root = make_digits(tmp_path / "digits")
    run = make_dtn_run(tmp_path, "tiny", root=root)
    train_here(run)
    for path in (root / "bars").glob("t10k-*"):
        path.unlink()
    with pytest.raises(RequestError, match="has no test digits"):
        evaluated(run)
