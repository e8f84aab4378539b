"""What is to be exported, and whether it can be. Torch-free, so that a refusal is at once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from engine.config.data import Direction
from engine.config.directions import check_direction
from engine.config.geometry import Sides, check_translatable, sides_of
from engine.config.methods import Pix2PixConfig, TrainConfig
from engine.config.networks import EncoderDecoderGenerator, UnetGenerator
from engine.errors import RequestError
from engine.exchange.exporting.reference_options import options_for
from engine.protocol.exchange import OF_ONE_DIRECTION, ExportFormat, ExportJob
from engine.protocol.rundir import RunDirectory
from engine.protocol.weights import Weights
from engine.saved import SavedState, find_saved

MOST_OPSET, LEAST_OPSET = 23, 18
"""ONNX's versions of operators that PyTorch's exporter writes by itself; older ones it would have to convert to."""
ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
MOST_STEPS = 512
"""Steps of a side that is kept open, at most: 2,048 px for a ResNet, whose step is 4 px."""


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """A checkpoint to export, and how."""

    saved: SavedState
    format: ExportFormat
    out: Path
    directions: tuple[Direction, ...]
    sides: Sides
    """Of the images that the export takes."""
    opset: int | None
    weights: Weights

    @property
    def is_open(self) -> bool:
        """Whether it takes images of more than one size."""
        return self.sides.most != self.sides.least

    @property
    def test_time_noise(self) -> bool:
        """Whether the run translates with dropout and the statistics of a batch."""
        config = self.saved.config
        return isinstance(config, Pix2PixConfig) and config.method.test_time_noise

    def file_of(self, direction: Direction) -> Path:
        """Where a direction is written, in a format of one file for each."""
        both = len(self.directions) > 1
        return self.out.with_stem(f"{self.out.stem}-{direction}") if both else self.out


def request_of(job: ExportJob) -> ExportRequest:
    """What a job asks for.

    Raises:
        RequestError: the run has no such checkpoint, the format does not take it, or the place is taken.
        WorkError: the checkpoint cannot be read.
    """
    saved = find_saved(RunDirectory(Path(job.run)), job.checkpoint)
    _check_options(job)
    if job.format == "reference":
        options_for(saved.config)
    request = ExportRequest(
        saved=saved,
        format=job.format,
        out=Path(os.fsdecode(job.out)),
        directions=_directions(job, saved.config),
        sides=_sides(job, saved.config),
        opset=job.opset,
        weights=job.weights,
    )
    _check_place(request)
    return request


def _check_options(job: ExportJob) -> None:
    """Refuse what the format has no use for, or lacks."""
    if job.format != "onnx" and job.opset is not None:
        raise RequestError(f"--opset {job.opset}", f"is of ONNX, and the format is {job.format}", "Leave it out.")
    if job.opset is not None and not LEAST_OPSET <= job.opset <= MOST_OPSET:
        fact = "is none that PyTorch's exporter writes"
        raise RequestError(f"--opset {job.opset}", fact, f"Choose one from {LEAST_OPSET} to {MOST_OPSET}.")
    if job.format not in OF_ONE_DIRECTION and job.size is not None:
        raise RequestError("--size", f"is of a program, and {job.format} is weights alone", "Leave it out.")
    missing = [name for name in ONNX_PACKAGES if find_spec(name) is None] if job.format == "onnx" else []
    if missing:
        fact = f"needs {', '.join(missing)}, not installed here"
        raise RequestError("--format onnx", fact, "pip install 'gan-tui[onnx]'")


def _directions(job: ExportJob, config: TrainConfig) -> tuple[Direction, ...]:
    """Those asked for. Raises RequestError: one was not trained, or the format is of all."""
    if job.direction is None:
        return ("AtoB", "BtoA") if config.both_ways and job.format not in OF_ONE_DIRECTION else ("AtoB",)
    check_direction(config, job.direction)
    if job.direction == "both":
        return ("AtoB", "BtoA")
    if job.format == "reference" and config.both_ways:
        fact = "is a part: the reference implementation loads both generators"
        raise RequestError(f"--direction {job.direction}", fact, "Leave it out.")
    return (job.direction,)


def _sides(job: ExportJob, config: TrainConfig) -> Sides:
    """The sides that an export takes, of those that the generator does."""
    possible, crop = sides_of(config.generator), config.data.crop
    if job.size:
        check_translatable(config.generator, height=job.size, width=job.size)
        return Sides(possible.step, job.size, job.size)
    if possible.most is not None:
        if job.size == 0 and possible.most == possible.least:
            fact = f"does not go with this generator, which takes {possible.least} px alone"
            raise RequestError("--size dynamic", fact, "Leave it out.")
        return possible
    least = _least_open(job, config)
    if job.size is None and least > crop:
        return Sides(possible.step, crop, crop)
    return Sides(possible.step, least, MOST_STEPS * possible.step)


def _least_open(job: ExportJob, config: TrainConfig) -> int:
    """The least of sides that are kept open.

    torch.export takes a map of a single pixel for one that always is, so a pt2 of networks that come down to one begins
    at twice that. ONNX has no such guards.
    """
    possible = sides_of(config.generator)
    one_pixel = possible.least == possible.step and isinstance(
        config.generator, UnetGenerator | EncoderDecoderGenerator
    )
    return 2 * possible.step if job.format == "pt2" and one_pixel else possible.least


def _check_place(request: ExportRequest) -> None:
    """Nothing is overwritten."""
    single = request.format in OF_ONE_DIRECTION
    places = [request.file_of(direction) for direction in request.directions] if single else [request.out]
    for place in places:
        try:
            if not place.parent.is_dir():
                raise RequestError(str(place.parent), "is no folder", "Make it, or choose another -o.")
            place.lstat()
        except FileNotFoundError:
            continue
        except OSError as error:
            fact = f"cannot be looked at ({error.strerror})"
            raise RequestError(str(place), fact, "Choose another -o.") from error
        raise RequestError(str(place), "is there already", "Choose another -o, or move it away.")
