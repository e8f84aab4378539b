"""What is to be evaluated, and by which judge. Torch-free, so that a refusal is at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.config.data import DigitsConfig, DigitsData, SyntheticDigits
from engine.errors import RequestError
from engine.protocol.evaluation import EvaluateJob
from engine.protocol.rundir import RunDirectory
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
class EvaluationRequest:
    """A checkpoint to evaluate, and how."""

    saved: SavedState
    data: DigitsConfig
    """Of its configuration."""
    device: str
    """As run.device."""
    judge: JudgeSettings
    retrain: bool
    """Train the judge anew, even if it is kept."""


def request_of(job: EvaluateJob, judge: JudgeSettings | None = None) -> EvaluationRequest:
    """What a job asks for.

    Args:
        job: the job.
        judge: how the judge is trained, but for what the job says of that.

    Raises:
        RequestError: the run has no labelled images, or no such checkpoint.
        WorkError: the checkpoint cannot be read.
    """
    run = RunDirectory(Path(job.run))
    data = configuration_of(run).data
    if not isinstance(data, DigitsData | SyntheticDigits):
        fact = f"has images without labels (data.kind = {data.__struct_config__.tag})"
        fix = 'Only translations of digits are judged: data.kind = "digits" or "synthetic-digits".'
        raise RequestError(f"run {run.name}", fact, fix)
    judge = judge or JudgeSettings()
    return EvaluationRequest(
        saved=find_saved(run, job.checkpoint),
        data=data,
        device=job.device,
        judge=judge if job.judge_steps is None else msgspec.structs.replace(judge, steps=job.judge_steps),
        retrain=job.retrain,
    )
