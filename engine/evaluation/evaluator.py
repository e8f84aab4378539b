"""Measures what a method makes of the images that are kept apart from training."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, isfinite
from typing import assert_never

import msgspec
import numpy as np
import torch
from torch import Tensor

from engine.config.data import DigitsConfig, DigitsData, Direction, SyntheticDigits
from engine.config.figure_names import Figure
from engine.config.figures import family_of
from engine.config.inception_weights import require_weights
from engine.data.digit_sets import labelled
from engine.data.drawn_digits import INKS
from engine.data.held_out import DomainName, find_held_out, in_batches
from engine.data.pixels import to_unit_range
from engine.data.transforms import Pixels
from engine.errors import RequestError
from engine.evaluation.inception import Inception
from engine.evaluation.judge import Judge, LabelledPixels, judge_of
from engine.evaluation.meters import FeatureMeter, JudgeMeter, Meter, PixelMeter, Seen
from engine.evaluation.request import EvaluationPlan
from engine.methods.method import Method, random_state_kept
from engine.protocol.conditions import Conditions
from engine.protocol.evaluation import DigitsJudged
from engine.protocol.evaluation import Judge as JudgeFigures
from engine.protocol.jobs import Progress, Remark, Tell

BATCH = 16
"""Images that are read at once, at least; a method translates as many at a time as a batch of its run has."""
WAYS: dict[DomainName, tuple[Direction, Direction]] = {"A": ("AtoB", "BtoA"), "B": ("BtoA", "AtoB")}
"""Out of each domain, and back into it."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one evaluation came to."""

    figures: dict[str, float | None]
    """In the order of engine.config.figures; None where one is not finite."""
    seconds: float
    digits: DigitsJudged | None


@dataclass(frozen=True, kw_only=True)
class _Jury:
    """The judge, and what is told of it."""

    judge: Judge
    facts: JudgeFigures


class Evaluator:
    """Measures a run's translations: the same images, in the same order and with the same noise, each time.

    Args:
        plan: what is measured.
        device: where.
        tell: is told how the preparations go: digits are read, and a judge that is not kept is trained.
        between: called between two parts of these preparations; it may raise what ends them.

    Raises:
        RequestError: the data are not there, or have no such images; or the Inception network's weights are not there.
        WorkError: an image cannot be read, or the weights are damaged.
    """

    def __init__(
        self, plan: EvaluationPlan, device: torch.device, tell: Tell, between: Callable[[], None] = lambda: None
    ) -> None:
        self._plan = plan
        self._device = device
        self._held_out = find_held_out(plan.config, plan.split)
        self._inception: Inception | None = None
        if plan.needs_inception:
            self._require_several()
            self._inception = Inception(require_weights(plan.fid_weights), device, tell)
        self._jury = self._convene(tell, between) if "accuracy" in plan.figures else None

    @property
    def conditions(self) -> Conditions:
        """Under which it measures; the precision and the weights are those of whom it measures."""
        jury = self._jury
        return Conditions(
            split=self._held_out.split,
            images_A=self._number("A") if self._domains("A") else 0,
            images_B=self._number("B") if self._domains("B") else 0,
            data=self._plan.other_data,
            inception=self._inception.digest[:16] if self._inception else "",
            judge=f"{jury.facts.trained_on} images, {jury.facts.steps} steps" if jury else "",
        )

    def evaluate(self, method: Method, tell: Tell, pause: Callable[[], None] = lambda: None) -> Measured:
        """Measure. Nothing of the method is changed, nor what is drawn afterwards, on whatever device.

        Args:
            method: whose translations.
            tell: is told how far it has come.
            pause: called between two batches; what it raises ends the evaluation.

        Raises:
            RequestError: the generator cannot take images of this size.
            WorkError: an image cannot be read.
        """
        begun = time.monotonic()
        meters = self._meters()
        done, total = 0, sum(self._number(domain) for domain in WAYS if self._domains(domain))
        with random_state_kept({self._device}), torch.no_grad():
            for seen in self._translated(method):
                for meter in meters:
                    meter.add(seen)
                done += len(seen.real)
                tell(Progress(what="translating", done=done, total=total))
                pause()
        found = {name: value for meter in meters for name, value in meter.figures().items()}
        figures: dict[str, float | None] = {
            name: found[name] if isfinite(found[name]) else None for name in self._plan.figures
        }
        digits = next((self._judged(meter) for meter in meters if isinstance(meter, JudgeMeter)), None)
        return Measured(figures=figures, seconds=time.monotonic() - begun, digits=digits)

    # ----------------------------------------------------------------------------------------------- translating

    def _translated(self, method: Method) -> Iterator[Seen]:
        """All images of the domains that figures need, in batches, with what figures need of each."""
        size = self._plan.config.run.batch
        size *= ceil(BATCH / size)
        for domain, (out, back) in WAYS.items():
            if not (wanted := self._domains(domain)):
                continue
            for first, views in in_batches(self._held_out.of(domain), self._number(domain), size):
                torch.manual_seed(_noise_seed(self._plan.config.run.seed, domain, first))
                real = to_unit_range(torch.from_numpy(views.pixels), self._device)
                fake = method.translate(real, out) if wanted & {"fake", "back"} else None
                yield Seen(
                    domain=domain,
                    real=real,
                    fake=fake,
                    back=method.translate(fake, back) if fake is not None and "back" in wanted else None,
                    kept=method.translate(real, back) if "kept" in wanted else None,
                    partner=self._on_device(views.partners),
                    labels=None if views.labels is None else torch.from_numpy(views.labels),
                )

    def _domains(self, domain: DomainName) -> set[str]:
        """What the figures need of a domain's images: themselves, their translations, the way back, the way in."""
        return {part for figure in self._plan.figures for part in _needs(figure).get(domain, ())}

    def _number(self, domain: DomainName) -> int:
        number = len(self._held_out.of(domain))
        return min(self._plan.images or number, number)

    def _on_device(self, pixels: Pixels | None) -> Tensor | None:
        return None if pixels is None else to_unit_range(torch.from_numpy(pixels), self._device)

    def _require_several(self) -> None:
        if min(self._number("A"), self._number("B")) < 2:
            raise RequestError("fid and kid", "compare sets of images, and there is one image", "Add some.")

    # ------------------------------------------------------------------------------------------------- measuring

    def _meters(self) -> list[Meter]:
        meters: list[Meter] = [PixelMeter(self._plan.figures)]
        if self._inception is not None:
            meters.append(FeatureMeter(self._plan.figures, self._inception))
        if self._jury is not None:
            meters.append(JudgeMeter(self._jury.judge))
        return meters

    def _convene(self, tell: Tell, between: Callable[[], None]) -> _Jury:
        """A judge of the target's digits, every one of them, also those that training leaves out."""
        data, settings = self._data, self._plan.judge
        tell(Remark(text="reading the digits"))
        training = LabelledPixels.of(labelled(data, self._plan.config.run.seed, "B", "train"), between)
        judge, reused = judge_of(training, settings, self._device, tell, between, retrain=self._plan.retrain)
        target = self._held_out.B
        right = 0
        for _, views in in_batches(target, len(target), 500):
            between()
            assert views.labels is not None
            named = judge.name(to_unit_range(torch.from_numpy(views.pixels), self._device))
            right += int((named == torch.from_numpy(views.labels)).sum())
        facts = JudgeFigures(
            trained_on=len(training),
            steps=settings.steps,
            seed=settings.seed,
            reused=reused,
            images=len(target),
            right=right,
        )
        return _Jury(judge=judge, facts=facts)

    @property
    def _data(self) -> DigitsConfig:
        data = self._plan.config.data
        assert isinstance(data, DigitsData | SyntheticDigits)  # chosen_figures refuses the others
        return msgspec.structs.replace(data, without_A=(), without_B=())

    def _judged(self, meter: JudgeMeter) -> DigitsJudged:
        assert self._jury is not None
        source, target = _names(self._data)
        return DigitsJudged(
            source=source,
            target=target,
            untranslated_accuracy=meter.untranslated_accuracy,
            digits=meter.digits,
            judge=self._jury.facts,
        )


def _needs(figure: Figure) -> dict[DomainName, set[str]]:
    """What a figure needs of each domain."""
    family = family_of(figure)
    match family:
        case "l1" | "psnr" | "ssim" | "accuracy":
            return {"A": {"fake"}}
        case "cycle":
            return {"A": {"back"}} if figure == "cycle_A" else {"B": {"back"}}
        case "identity":
            return {"A": {"kept"}} if figure == "identity_A" else {"B": {"kept"}}
        case "fid" | "kid":
            return {"A": {"real"}, "B": {"fake"}} if figure.endswith("A") else {"A": {"fake"}, "B": {"real"}}
        case _:
            raise AssertionError(figure)


def _noise_seed(seed: int, domain: DomainName, first: int) -> int:
    """What dropout and noise of a batch are drawn from: a function of the run's seed and the batch alone."""
    state = np.random.SeedSequence([seed, ord(domain), first]).generate_state(1, np.uint64)
    return int(state[0])


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
