"""What is to be evaluated, and how. Torch-free, so that a refusal is at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.config.figure_names import Figure
from engine.config.figures import OF_INCEPTION, chosen_figures, family_of
from engine.config.inception_weights import require_fidelity, require_weights
from engine.config.methods import TrainConfig
from engine.config.splits import Split
from engine.errors import RequestError
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.evaluation import ALL, EvaluateJob
from engine.protocol.rundir import RunDirectory
from engine.protocol.weights import Weights
from engine.saved import SavedState, configuration_of, find_saved


class JudgeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a judge is trained."""

    width: int = 32
    """Channels of its first convolution (networks.digit_judge)."""
    steps: int = 1500
    batch: int = 128
    rate: float = 1e-3
    """At the first step; it falls in a straight line to 0."""
    seed: int = 0
    """Of first weights, order of images and dropout."""


@dataclass(frozen=True, kw_only=True)
class EvaluationPlan:
    """What is measured, on which images, with what."""

    config: TrainConfig
    figures: tuple[Figure, ...]
    split: Split | None = None
    """None for test, or else val."""
    images: int = 0
    """Of each domain, the first so many; 0 for all."""
    fid_weights: str = ""
    """As engine.config.inception_weights.find_weights takes it."""
    download_weights: bool = False
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    retrain: bool = False
    """Train the judge anew, even if it is kept."""

    @property
    def needs_inception(self) -> bool:
        """Whether a figure needs the Inception network."""
        return any(family_of(figure) in OF_INCEPTION for figure in self.figures)


@dataclass(frozen=True, kw_only=True)
class EvaluationRequest:
    """Checkpoints to evaluate, and how."""

    run: RunDirectory
    saved: tuple[SavedState, ...]
    """By step."""
    plan: EvaluationPlan
    device: str
    """As run.device."""
    weights: Weights
    by: str


def request_of(job: EvaluateJob, judge: JudgeSettings | None = None) -> EvaluationRequest:
    """What a job asks for.

    Args:
        job: the job.
        judge: how the judge is trained, but for what the job says of that.

    Raises:
        RequestError: it is no run; its data or method do not give a figure; the Inception network's weights are not
            there and not to be fetched; or there is no such checkpoint.
        WorkError: the checkpoint cannot be read.
    """
    run = RunDirectory(Path(job.run))
    config = configuration_of(run)
    judge = judge or JudgeSettings()
    plan = EvaluationPlan(
        config=config,
        figures=chosen_figures(config, job.figures, "--figure"),
        split=job.split,
        images=job.images,
        fid_weights=job.fid_weights,
        download_weights=job.download_weights,
        judge=judge if job.judge_steps is None else msgspec.structs.replace(judge, steps=job.judge_steps),
        retrain=job.retrain,
    )
    if plan.needs_inception:
        require_fidelity()
        if not plan.download_weights:
            require_weights(plan.fid_weights)
    elif plan.fid_weights or plan.download_weights:
        option = "--fid-weights" if plan.fid_weights else "--download-weights"
        raise RequestError(option, "is for fid and kid, which are not asked for", "Add --figure fid, or --figure kid.")
    return EvaluationRequest(
        run=run,
        saved=_saved(run, config, job.checkpoint),
        plan=plan,
        device=job.device,
        weights=job.weights,
        by=job.by,
    )


def _saved(run: RunDirectory, config: TrainConfig, which: str) -> tuple[SavedState, ...]:
    if which != ALL:
        return (find_saved(run, which),)
    every = list_checkpoints(run)
    if not every:
        find_saved(run)  # which says what to do
    return tuple(SavedState(run=run, config=config, folder=folder, manifest=manifest) for folder, manifest in every)
