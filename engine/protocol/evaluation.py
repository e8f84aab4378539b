"""Having checkpoints evaluated: what is asked for, and the figures, as they are answered and kept."""

from __future__ import annotations

import msgspec

from engine.config.splits import Split
from engine.protocol.conditions import Conditions
from engine.protocol.weights import Weights

EVALUATION_SCHEMA = 1

ALL = "all"
"""What a request may say in place of a checkpoint: each of them."""


class EvaluateJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag="evaluate"):
    """Measure the translations of a checkpoint, or of each (engine.protocol.jobs), and keep the figures."""

    run: str
    """Its directory."""
    checkpoint: str = "latest"
    """As engine.protocol.choice.choose_checkpoint takes it; or "all"."""
    by: str = ""
    """Who asks, as user@host."""
    device: str = "auto"
    """As run.device."""
    weights: Weights = "shown"
    split: Split | None = None
    """None for test, or else val."""
    images: int = 0
    """Of each domain, the first so many; 0 for all."""
    data: bytes = b""
    """A folder to measure on, laid out as the run's own; a path, absolute. Empty for the run's own."""
    figures: tuple[str, ...] = ()
    """By name or family (engine.config.figures); none for the usual ones."""
    fid_weights: str = ""
    """File of the Inception network's weights; empty for the one of the preset, the environment or the cache."""
    judge_steps: int | None = None
    """Steps in which the judge of digits is trained; None for as many as usual."""
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
    """What became of the source's images of one digit."""

    digit: int
    images: int
    translated: int
    """The judge names the digit in so many of their translations."""
    untranslated: int
    """And in so many of the images themselves."""


class DigitsJudged(msgspec.Struct, frozen=True, kw_only=True):
    """How often a classifier of the target's digits names the digit of a source image rightly."""

    source: str
    """The set of images that are translated."""
    target: str
    """The set of training images that the judge knows."""
    untranslated_accuracy: float
    """The share of images, untranslated, in which the judge names the digit."""
    digits: tuple[DigitScore, ...]
    """Those that there are images of, ascending."""
    judge: Judge


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The figures of one checkpoint: a line of evaluations.jsonl."""

    schema: int = EVALUATION_SCHEMA
    time: float
    """When they were known, in Unix seconds."""
    by: str = ""
    """Who asked, as user@host; "training" where the run's own engine measured them."""
    run: str
    """Id of the run that wrote the checkpoint."""
    step: int
    seq: int | None = None
    """The newest event of that run's record when the checkpoint was copied, which tells it from another of its step;
    None for what an engine measured while it trained."""
    figures: dict[str, float | None]
    """By name (engine.config.figures); None where one is not finite."""
    conditions: Conditions
    device: str = ""
    seconds: float = 0.0
    digits: DigitsJudged | None = None


class Unmeasured(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that could not be measured."""

    step: int
    why: str
    """As a sentence."""


class Evaluations(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="evaluations"):
    """What an EvaluateJob ends with."""

    run: str
    """Its directory."""
    method: str
    evaluations: tuple[Evaluation, ...]
    """By step; at least one."""
    failed: tuple[Unmeasured, ...] = ()
    """By step, where several were asked for. One in which nothing translates yet is none of these."""
