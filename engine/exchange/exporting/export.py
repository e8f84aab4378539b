"""Exporting a checkpoint: each format written under another name, tried, and only then given its own."""

from __future__ import annotations

from pathlib import Path

import torch

from engine.config.data import Direction
from engine.config.image_files import path_text
from engine.exchange.exporting.agreement import Agreement, require_memory
from engine.exchange.exporting.description import NOISE_LEFT_OUT, description_of
from engine.exchange.exporting.drafts import drafted
from engine.exchange.exporting.exported_network import translator_of
from engine.exchange.exporting.programs import write_onnx, write_program
from engine.exchange.exporting.request import ExportRequest
from engine.exchange.exporting.weight_folders import write_reference, write_safetensors
from engine.loaded_method import take_up
from engine.methods.method import Method
from engine.protocol.exchange import OF_ONE_DIRECTION, Exported, ExportedFile
from engine.protocol.jobs import Progress, Remark, Tell
from engine.translation.image_memory import ImageMemory


def export(request: ExportRequest, tell: Tell) -> Exported:
    """Export a checkpoint, on the CPU and in float32.

    Args:
        request: what and how.
        tell: takes what is said meanwhile.

    Raises:
        RequestError: nothing translates yet.
        WorkError: the checkpoint is damaged, or the export does not do what the network does; nothing is left of it.
    """
    saved = request.saved
    method, _ = take_up(saved, "cpu", weights=request.weights)
    files: tuple[ExportedFile, ...]
    options = ""
    if request.format in OF_ONE_DIRECTION:
        files = _programs(method, request, tell)
    else:
        with drafted([request.out]) as [draft]:
            if request.format == "reference":
                options = write_reference(method, request, draft, tell)
            else:
                write_safetensors(method, request, draft)
            files = tuple(
                ExportedFile(path=path_text(request.out / path.name), size=path.stat().st_size)
                for path in sorted(draft.iterdir())
            )
    return Exported(
        run=str(saved.run.root),
        method=str(saved.config.method.__struct_config__.tag),
        step=saved.manifest.step,
        format=request.format,
        files=files,
        options=options,
    )


def _programs(method: Method, request: ExportRequest, tell: Tell) -> tuple[ExportedFile, ...]:
    if request.test_time_noise:
        tell(Remark(text=NOISE_LEFT_OUT))
    finals = [request.file_of(direction) for direction in request.directions]
    files = []
    with drafted(finals) as drafts:
        for number, (direction, draft, final) in enumerate(zip(request.directions, drafts, finals, strict=True)):
            tell(Progress(what=f"exporting {direction}", done=number, total=len(finals)))
            agreement = _program(method, request, direction, draft)
            files.append(
                ExportedFile(
                    path=path_text(final),
                    size=draft.stat().st_size,
                    direction=direction,
                    difference=agreement.difference,
                    trials=agreement.trials,
                )
            )
        tell(Progress(what="exporting", done=len(finals), total=len(finals)))
    return tuple(files)


def _program(method: Method, request: ExportRequest, direction: Direction, draft: Path) -> Agreement:
    translator = translator_of(method, request, direction)
    require_memory(translator, ImageMemory(request.saved.config, torch.device("cpu")))
    description = description_of(request, direction)
    with torch.no_grad():
        if request.format == "onnx":
            return write_onnx(translator, draft, description, request.opset)
        return write_program(translator, draft, description)
