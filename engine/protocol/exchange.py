"""Having a checkpoint exported, and files of the reference imported: what is asked for, and what came of it."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from engine.config.data import Direction
from engine.protocol.choice import LATEST
from engine.protocol.weights import Weights

ExportFormat: TypeAlias = Literal["onnx", "pt2", "safetensors", "reference"]
"""A program for other runtimes; PyTorch's own; weights with a model card; what the reference implementation loads."""
OF_ONE_DIRECTION: tuple[ExportFormat, ...] = ("onnx", "pt2")
"""Formats with a file for each direction; the others are a folder."""


class ExportJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag="export"):
    """Write a checkpoint in a format of others (engine.protocol.jobs)."""

    run: str
    """Its directory."""
    checkpoint: str = LATEST
    """As engine.protocol.choice.choose_checkpoint takes it."""
    format: ExportFormat
    out: bytes
    """The file, or the folder of those formats that are several files; absolute, and not there yet. Names of files are
    bytes, as they need not be text."""
    direction: Direction | Literal["both"] | None = None
    """Of both, a program is a file each, its name ending in the direction. None: AtoB; of weights, all."""
    size: int | None = None
    """The side in pixels of the only images it takes; 0 keeps both sides open; None does that where it can be done."""
    opset: int | None = None
    """ONNX's version of operators; None for the exporter's own."""
    weights: Weights = "shown"


class ExportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One that was written."""

    path: str
    size: int
    """Bytes."""
    direction: Direction | None = None
    """None where it is of none, or of both."""
    difference: float | None = None
    """The largest between what it and what PyTorch made of the images that it was tried on; None where it was not."""
    trials: tuple[str, ...] = ()
    """Those images, as batches: 2x3x256x256."""


class Exported(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="exported"):
    """A checkpoint was exported."""

    run: str
    """Its directory."""
    method: str
    step: int
    format: ExportFormat
    files: tuple[ExportedFile, ...]
    options: str = ""
    """Of the reference format: those to give the reference implementation."""


class ImportJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag="import"):
    """Make a run of weights, or of a loss log, that the reference implementation wrote (engine.protocol.jobs)."""

    paths: tuple[bytes, ...]
    """Files of weights, a folder of them, a loss log, or a folder that was exported as safetensors; absolute."""
    runs: str
    """The folder in which the run is made."""
    name: str | None = None
    """None for one after what is imported."""
    method: Literal["cyclegan", "pix2pix"] | None = None
    """None to tell it by the files."""
    settings: tuple[str, ...] = ()
    """``section.key=value``, laid over what the files tell."""
    epoch: str = LATEST
    """Which of a folder's weights: "latest", or the number of an epoch."""
    step: int | None = None
    """Steps that the weights were trained for; None to tell it by the loss log."""
    data: bytes = b""
    """Folder of images; absolute. Empty where none is given."""
    loss_log: bytes = b""
    """The loss log, where it is not beside the weights; absolute."""


class Imported(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="imported"):
    """A run was made."""

    run: str
    """Its directory."""
    method: str
    step: int | None
    """Of its checkpoint; None where it has none."""
    networks: dict[str, str]
    """What was imported, in words: {"G_A": "resnet of 9 blocks, width 64, ...", ...}."""
    anew: tuple[str, ...]
    """What begins anew when the run is resumed."""
    lines: int
    """Lines of metrics."""
