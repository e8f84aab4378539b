"""Having a checkpoint evaluated: what is asked for, and the figures."""

from __future__ import annotations

import msgspec

from engine.protocol.checkpoints import LATEST

EVALUATION_SCHEMA = 1


class EvaluateJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag="evaluate"):
    """Judge the translations of a checkpoint (engine.protocol.jobs)."""

    run: str
    """Its directory."""
    checkpoint: str = LATEST
    """As engine.protocol.checkpoints.choose_checkpoint takes it."""
    device: str = "auto"
    """As run.device."""
    judge_steps: int | None = None
    """Steps in which the judge is trained; None for as many as usual."""
    retrain: bool = False
    """Train the judge anew, even if it is kept."""


class Judge(msgspec.Struct, frozen=True, kw_only=True):
    """The classifier of target digits that judges."""

    trained_on: int
    """Labelled training images of the target, every digit among them."""
    steps: int
    seed: int
    reused: bool
    """Whether it was trained before, on the same images with the same settings."""
    images: int
    """Test images of the target."""
    right: int
    """Of these it names so many rightly."""

    @property
    def accuracy(self) -> float:
        """The share of the target's test images that it names rightly: what translations are measured with."""
        return self.right / self.images


class DigitScore(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the source's test images of one digit."""

    digit: int
    images: int
    translated: int
    """The judge names the digit in so many of their translations."""
    untranslated: int
    """And in so many of the images themselves."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="evaluation"):
    """How often a classifier of the target's digits names the digit of a source image rightly."""

    schema: int = EVALUATION_SCHEMA
    run: str
    """Its directory."""
    method: str
    step: int
    """Of the checkpoint."""
    checkpoint: str
    """Its folder."""
    source: str
    """The set of test images that are translated."""
    target: str
    """The set of training images that the judge knows."""
    images: int
    accuracy: float
    """The share of translations in which the judge names the digit."""
    untranslated_accuracy: float
    """The share of images, untranslated, in which it does."""
    digits: tuple[DigitScore, ...]
    """Those that there are test images of, ascending."""
    judge: Judge
