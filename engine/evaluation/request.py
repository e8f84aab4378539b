"""What is to be evaluated, and by which judge. Torch-free, so that a refusal is at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.config.data import DigitsConfig, DigitsData, SyntheticDigits
from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.errors import RequestError
from engine.protocol.checkpoints import LATEST, Manifest, choose_checkpoint
from engine.protocol.rundir import RunDirectory


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

    run: RunDirectory
    config: TrainConfig
    data: DigitsConfig
    """Of the same configuration."""
    folder: Path
    """The checkpoint's."""
    manifest: Manifest
    device: str
    """As run.device."""
    judge: JudgeSettings
    retrain: bool
    """Train the judge anew, even if it is kept."""


def request_of(
    run: RunDirectory,
    which: str = LATEST,
    *,
    device: str = "auto",
    judge: JudgeSettings | None = None,
    retrain: bool = False,
) -> EvaluationRequest:
    """What a command asks for.

    Args:
        run: the run.
        which: the checkpoint, as engine.protocol.checkpoints.choose_checkpoint takes it.
        device: as run.device.
        judge: how the judge is trained.
        retrain: train it anew, even if it is kept.

    Raises:
        RequestError: the run has no labelled images, or no such checkpoint.
        WorkError: the checkpoint cannot be read.
    """
    if not run.config.is_file():
        raise RequestError(str(run.root), "is no run directory: it has no config.toml", "Name a run: gan-tui runs")
    config = resolve(read_toml(run.config), str(run.config))
    if not isinstance(config.data, DigitsData | SyntheticDigits):
        fact = f"has images without labels (data.kind = {config.data.__struct_config__.tag})"
        fix = 'Only translations of digits are judged: data.kind = "digits" or "synthetic-digits".'
        raise RequestError(f"run {run.name}", fact, fix)
    folder, manifest = choose_checkpoint(run, which)
    return EvaluationRequest(
        run=run,
        config=config,
        data=config.data,
        folder=folder,
        manifest=manifest,
        device=device,
        judge=judge or JudgeSettings(),
        retrain=retrain,
    )
