"""What is to be evaluated, and how. Torch-free, so that a refusal is at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.config.data import RootedData
from engine.config.data_root import require_root
from engine.config.figure_names import Figure
from engine.config.figures import chosen_figures, needs_inception, why_not
from engine.config.image_files import path_text
from engine.config.inception_weights import require_fidelity, require_weights
from engine.config.methods import TrainConfig
from engine.config.splits import Split
from engine.config.user_paths import at_home
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
    """The run's, but for the folder of its data where another is to be measured on."""
    other_data: str = ""
    """That folder, for the record; empty for the run's own."""
    figures: tuple[Figure, ...]
    split: Split | None = None
    """None for test, or else val."""
    images: int = 0
    """Of each domain, the first so many; 0 for all."""
    fid_weights: str = ""
    """As engine.config.inception_weights.find_weights takes it."""
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    retrain: bool = False
    """Train the judge anew, even if it is kept."""

    @property
    def needs_inception(self) -> bool:
        """Whether a figure needs the Inception network."""
        return needs_inception(self.figures)


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
        RequestError: it is no run; its data or method do not give a figure; its data are not there; the Inception
            network's weights are not there; an option would do nothing; or there is no such
            checkpoint.
        WorkError: the checkpoint cannot be read.
    """
    run = RunDirectory(Path(job.run))
    own = configuration_of(run)
    config, other = _on(own, os.fsdecode(job.data))
    judge = judge or JudgeSettings()
    plan = EvaluationPlan(
        config=config,
        other_data=other,
        figures=chosen_figures(config, job.figures, "--figure"),
        split=job.split,
        images=job.images,
        fid_weights=job.fid_weights or own.evaluation.fid_weights,
        judge=judge if job.judge_steps is None else msgspec.structs.replace(judge, steps=job.judge_steps),
        retrain=job.retrain,
    )
    if plan.needs_inception:
        require_fidelity()
        require_weights(plan.fid_weights)
    _refuse_what_is_idle(job, plan)
    if isinstance(config.data, RootedData):
        require_root(config.data)
    return EvaluationRequest(
        run=run,
        saved=_saved(run, own, job.checkpoint),
        plan=plan,
        device=job.device,
        weights=job.weights,
        by=job.by,
    )


def _on(config: TrainConfig, folder: str) -> tuple[TrainConfig, str]:
    """A run's configuration with another folder of data, and what that is called; neither where it is the run's own."""
    if not folder:
        return config, ""
    data = config.data
    if not isinstance(data, RootedData):
        kind = data.__struct_config__.tag
        raise RequestError("--data", f"names a folder, and data.kind = {kind} draws its images", "Leave it out.")
    if data.root and os.path.realpath(at_home(data.root)) == os.path.realpath(folder):
        return config, ""
    return msgspec.structs.replace(config, data=msgspec.structs.replace(data, root=folder)), path_text(Path(folder))


def _refuse_what_is_idle(job: EvaluateJob, plan: EvaluationPlan) -> None:
    """Refuse options that do nothing for the figures that are measured."""
    if job.fid_weights and not plan.needs_inception:
        raise RequestError(
            "--fid-weights", "is for fid and kid, which are not asked for", "Add --figure fid, or --figure kid."
        )
    of_judge = {"--judge-steps": job.judge_steps is not None, "--retrain": job.retrain}
    if "accuracy" not in plan.figures and any(of_judge.values()):
        option = next(name for name, given in of_judge.items() if given)
        if why := why_not(plan.config, "accuracy"):
            raise RequestError(option, f"is for accuracy, which {why}", "Leave it out.")
        raise RequestError(option, "is for accuracy, which is not asked for", "Add --figure accuracy.")


def _saved(run: RunDirectory, config: TrainConfig, which: str) -> tuple[SavedState, ...]:
    if which != ALL:
        return (find_saved(run, which),)
    every = list_checkpoints(run)
    if not every:
        find_saved(run)  # which says what to do
    return tuple(SavedState(run=run, config=config, folder=folder, manifest=manifest) for folder, manifest in every)
