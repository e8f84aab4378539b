"""One checkpoint of one run, evaluated: the source's test images, translated, before the judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import msgspec
import torch
from torch import Tensor

from engine.config.data import DigitsConfig, DigitsData, SyntheticDigits
from engine.data.digit_sets import labelled
from engine.data.drawn_digits import INKS
from engine.device import widest_float
from engine.evaluation.judge import LabelledPixels, judge_of
from engine.evaluation.request import EvaluationRequest
from engine.protocol.evaluation import DigitScore, Evaluation
from engine.protocol.evaluation import Judge as JudgeFigures
from engine.protocol.jobs import Progress, Remark, Tell
from engine.trained import take_up


def evaluate(request: EvaluationRequest, tell: Tell) -> Evaluation:
    """Judge the translations of a run's source by a classifier of its target.

    Every digit takes part, also one that the run's training left out; translating is in full float32 precision.

    Args:
        request: which checkpoint of which run.
        tell: is told how far the work has come.

    Raises:
        RequestError: the data are not there, or have no test images; the device is not there; or the run's method does
            not translate yet.
        WorkError: the checkpoint is damaged, or an image cannot be read.
    """
    saved, seed = request.saved, request.saved.config.run.seed
    data = msgspec.structs.replace(request.data, without_A=(), without_B=())
    tests_A = labelled(data, seed, "A", "test")
    tests_B = labelled(data, seed, "B", "test")
    method, device = take_up(saved, request.device)
    tell(Remark(text="reading the digits"))
    training = LabelledPixels.of(labelled(data, seed, "B", "train"))
    source, target = LabelledPixels.of(tests_A), LabelledPixels.of(tests_B)

    judge, reused = judge_of(training, request.judge, device, tell, retrain=request.retrain)
    own_right = int((_named(judge.name, target, device) == target.labels).sum())
    untranslated = _named(judge.name, source, device)
    translated = _named(
        lambda images: judge.name(method.translate(images, "AtoB")),
        source,
        device,
        lambda done: tell(Progress(what="translating", done=done, total=len(source))),
    )
    source_name, target_name = _names(request.data)
    return Evaluation(
        run=str(saved.run.root),
        method=str(saved.config.method.__struct_config__.tag),
        step=saved.manifest.step,
        checkpoint=str(saved.folder),
        source=source_name,
        target=target_name,
        images=len(source),
        accuracy=_share(translated == source.labels),
        untranslated_accuracy=_share(untranslated == source.labels),
        digits=scores(source.labels, translated, untranslated),
        judge=JudgeFigures(
            trained_on=len(training),
            steps=request.judge.steps,
            seed=request.judge.seed,
            reused=reused,
            images=len(target),
            right=own_right,
        ),
    )


def scores(labels: Tensor, translated: Tensor, untranslated: Tensor) -> tuple[DigitScore, ...]:
    """How often each digit was named rightly.

    Args:
        labels: (N,), the digits that the images show.
        translated: (N,), what their translations were taken for.
        untranslated: (N,), what they themselves were taken for.
    """
    found = []
    for digit in torch.unique(labels).tolist():
        of_digit = labels == digit
        found.append(
            DigitScore(
                digit=digit,
                images=int(of_digit.sum()),
                translated=int((translated[of_digit] == digit).sum()),
                untranslated=int((untranslated[of_digit] == digit).sum()),
            )
        )
    return tuple(found)


def _names(data: DigitsConfig) -> tuple[str, str]:
    """What the source and the target are called."""
    match data:
        case DigitsData():
            names = (data.A, data.B)
        case SyntheticDigits():
            names = (f"{INKS[0]} digits", f"{INKS[1]} digits")
        case _:
            assert_never(data)
    return names if data.direction == "AtoB" else (names[1], names[0])


def _named(
    name: Callable[[Tensor], Tensor],
    digits: LabelledPixels,
    device: torch.device,
    tell: Callable[[int], None] | None = None,
) -> Tensor:
    """What every image of a set is taken for, (N,)."""
    named: list[Tensor] = []
    done = 0
    for images, labels in digits.chunks(device):
        named.append(name(images))
        done += len(labels)
        if tell is not None:
            tell(done)
    return torch.cat(named)


def _share(right: Tensor) -> float:
    return right.to(widest_float(right.device)).mean().item()
