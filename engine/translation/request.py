"""What is to be translated, and how. Torch-free, so that a refusal is at once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from engine.config.data import Direction
from engine.config.directions import check_direction
from engine.config.geometry import nearest_side, only_side
from engine.config.methods import Pix2PixConfig, TrainConfig
from engine.config.user_paths import at_home
from engine.errors import RequestError
from engine.protocol.rundir import RunDirectory
from engine.protocol.translation import TranslateJob
from engine.protocol.weights import Weights
from engine.saved import SavedState, configuration_of, find_saved
from engine.translation.inputs import find_sources
from engine.translation.plan import Plan, plan
from engine.translation.sizes import Scaling, scaling_of

Half: TypeAlias = Literal["left", "right"]

OVERLAP = 8
"""Neighbouring pieces share one part in so many of their side, where the user names no overlap."""


@dataclass(frozen=True, kw_only=True)
class Tiling:
    """In which pieces an image goes through the networks."""

    side: int | None
    """In pixels; 0: whatever the image's size, in one; None: in one, or where memory does not suffice, in pieces."""
    overlap: int | None
    """Pixels that neighbours share; None for a part of the side."""

    def shared(self, side: int) -> int:
        """Pixels that neighbouring pieces of a side share."""
        return side // OVERLAP if self.overlap is None else self.overlap


@dataclass(frozen=True, kw_only=True)
class TranslationRequest:
    """Images to translate, and how."""

    saved: SavedState
    plan: Plan
    direction: Direction
    scaling: Scaling
    restore: bool
    """Scale translations back to the size of their images."""
    tiling: Tiling
    batch: int
    device: str
    """As run.device."""
    weights: Weights
    half: Half | None
    """Of images that hold a pair, the one to translate."""


def request_of(job: TranslateJob) -> TranslationRequest:
    """What a job asks for.

    Raises:
        RequestError: it is no run, or has no such checkpoint; the method does not translate this way; an input is not
            there; an output stands in the way of something; or an option does not fit the run's networks.
        WorkError: the checkpoint cannot be read.
    """
    run = RunDirectory(Path(job.run))
    config = configuration_of(run)
    check_direction(config, job.direction)
    scaling = scaling_of(job.size, config)
    if job.restore and scaling.keeps:
        raise RequestError("--restore", "has nothing to scale back: images keep their size", "Add --size, or leave it.")
    _check_batch(config, job.batch)
    tiling = _tiling_of(job, config)
    out = os.fsdecode(job.out)
    sources = find_sources(job.inputs, at_home(out))
    return TranslationRequest(
        saved=find_saved(run, job.checkpoint),
        plan=plan(sources, out, wanted=job.format, sheet=job.sheet, existing=job.existing),
        direction=job.direction,
        scaling=scaling,
        restore=job.restore,
        tiling=tiling,
        batch=job.batch,
        device=job.device,
        weights=job.weights,
        half=_source_half(config, job.direction) if job.pairs else None,
    )


def mixes_a_batch(config: TrainConfig) -> bool:
    """Whether images that are translated together change one another: by statistics of the batch."""
    return isinstance(config, Pix2PixConfig) and config.method.test_time_noise


def _check_batch(config: TrainConfig, batch: int) -> None:
    if batch > 1 and mixes_a_batch(config):
        fact = "would mix images: this run translates with statistics of the batch (method.test_time_noise)"
        raise RequestError(f"--batch {batch}", fact, "Leave it out.")


def _tiling_of(job: TranslateJob, config: TrainConfig) -> Tiling:
    if only := only_side(config.generator):
        if job.tile != "auto" or job.overlap is not None:
            fact = f"does not go with networks that take {only} px alone: every image is scaled to it"
            raise RequestError("--tile" if job.tile != "auto" else "--overlap", fact, "Leave it out.")
        return Tiling(side=0, overlap=None)
    side = _side_of(job.tile, config)
    if job.overlap is not None:
        if side == 0:
            raise RequestError("--overlap", "does nothing with --tile off", "Leave one of them out.")
        if side and not 0 <= job.overlap <= side // 2:
            fact = f"is more than half of a tile of {side} px"
            raise RequestError(f"--overlap {job.overlap}", fact, f"Give {side // 2} or less.")
    return Tiling(side=side, overlap=job.overlap)


def _side_of(asked: str, config: TrainConfig) -> int | None:
    if asked == "auto":
        return None
    if asked == "off":
        return 0
    if not asked.isdecimal() or not 0 < int(asked) < 100_000:
        raise RequestError(f"--tile {asked}", "is none of auto, off and a side in pixels", "Give 512, for instance.")
    side = nearest_side(config.generator, int(asked))
    if side != int(asked):
        raise RequestError(f"--tile {asked}", "is no side that the generator takes", f"Give {side}, for instance.")
    return side


def _source_half(config: TrainConfig, direction: Direction) -> Half:
    """Where files of pairs (data.kind = "paired") have what is to be translated: the data's A is on their left."""
    return "left" if direction == config.data.direction else "right"
