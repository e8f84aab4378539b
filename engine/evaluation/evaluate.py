"""One checkpoint of one run, evaluated: the source's test images, translated, before the judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

import msgspec
import torch
from torch import Tensor

from engine.checkpoint import load_checkpoint
from engine.config.data import DigitsConfig, DigitsData, SyntheticDigits
from engine.data.digit_sets import labelled
from engine.data.drawn_digits import INKS
from engine.device import choose_device, set_precision, widest_float
from engine.errors import RequestError
from engine.evaluation.judge import LabelledPixels, Tell, judge_of
from engine.evaluation.request import EvaluationRequest
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.protocol.checkpoints import Manifest
from engine.protocol.evaluation import DigitScore, Evaluation
from engine.protocol.evaluation import Judge as JudgeFigures

_TOLD_EVERY = 2000
"""Images between two words on progress."""


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
    run = msgspec.structs.replace(request.config.run, device=request.device, precision="fp32")
    config = msgspec.structs.replace(request.config, run=run)
    device = choose_device(run)
    set_precision(run, device)
    data = msgspec.structs.replace(request.data, without_A=(), without_B=())
    tests_A = labelled(data, run.seed, "A", "test")
    tests_B = labelled(data, run.seed, "B", "test")
    method = _take_up(build_method(config, device), request.folder, request.manifest)
    tell("reading the digits")
    training = LabelledPixels.of(labelled(data, run.seed, "B", "train"))
    source, target = LabelledPixels.of(tests_A), LabelledPixels.of(tests_B)

    judge, reused = judge_of(training, request.judge, device, tell, retrain=request.retrain)
    own_right = int((_named(judge.name, target, device) == target.labels).sum())
    untranslated = _named(judge.name, source, device)
    translated = _named(
        lambda images: judge.name(method.translate(images, "AtoB")), source, device, lambda n: _tell_of(n, source, tell)
    )
    source_name, target_name = _names(request.data)
    return Evaluation(
        run=str(request.run.root),
        method=str(config.method.__struct_config__.tag),
        step=request.manifest.step,
        checkpoint=str(request.folder),
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


def _take_up(method: Method, folder: Path, manifest: Manifest) -> Method:
    load_checkpoint(folder, manifest, method)
    if method.stage:
        fact = f"was saved while the run was {method.stage}: nothing translates yet"
        fix = f"Choose a later one: gan-tui checkpoints {folder.parents[1].name}"
        raise RequestError(f"checkpoint {folder.name}", fact, fix)
    return method


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


def _tell_of(done: int, digits: LabelledPixels, tell: Tell) -> None:
    if done % _TOLD_EVERY == 0 or done == len(digits):
        tell(f"translating: {done:,} of {len(digits):,}")


def _share(right: Tensor) -> float:
    return right.to(widest_float(right.device)).mean().item()
