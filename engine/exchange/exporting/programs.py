"""Exports that other runtimes run: ONNX, and PyTorch's own exported program (.pt2)."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from engine.config.geometry import Sides
from engine.errors import WorkError
from engine.exchange.exporting.agreement import Agreement, require_agreement
from engine.exchange.exporting.description import INPUT, OUTPUT
from engine.exchange.exporting.exported_network import Translator

DESCRIPTION = "gan-tui.json"
"""The description's name within a .pt2."""
MOST_IMAGES = 4096
"""Of a batch."""


def traced(translator: Translator) -> ExportedProgram:
    """The translator as a graph of PyTorch's operators, its batch open, and its sides where they are to be.

    Raises:
        WorkError: PyTorch cannot keep them open.
    """
    height, width = _example_sides(translator.sides)
    images = torch.zeros(2, 3, height, width)
    try:
        with torch.no_grad():
            return torch.export.export(translator.network, (images,), dynamic_shapes=(_open_dimensions(translator),))
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        fix = "Try a fixed --size, the side in pixels that it is to take."
        raise WorkError("the network", f"cannot be traced ({reason})", fix) from error


def write_program(translator: Translator, path: Path, description: Mapping[str, str]) -> Agreement:
    """Write a .pt2 (torch.export.save), load it back and try it.

    Raises:
        WorkError: it does not do what the network does.
        OSError: the disk does not take it.
    """
    written = io.BytesIO()  # what a disk does not take of it, torch.export would abort the process for
    torch.export.save(traced(translator), written, extra_files={DESCRIPTION: json.dumps(dict(description), indent=2)})
    path.write_bytes(written.getbuffer())
    loaded = torch.export.load(path).module()
    return require_agreement(translator, loaded, "the .pt2")


def write_onnx(translator: Translator, path: Path, description: Mapping[str, str], opset: int | None) -> Agreement:
    """Write an ONNX model, have ONNX check it, and try it in onnxruntime.

    Raises:
        WorkError: it is not valid, not of the wanted opset, or does not do what the network does.
        OSError: the disk does not take it.
    """
    import onnx

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    written = torch.onnx.export(
        traced(translator),
        input_names=[INPUT],
        output_names=[OUTPUT],
        opset_version=opset,
        dynamo=True,
        verbose=False,
    )
    assert written is not None, "the dynamo exporter returns what it made"
    model = written.model_proto
    found = {entry.domain: entry.version for entry in model.opset_import}
    if opset is not None and found.get("") != opset:
        raise WorkError(f"--opset {opset}", f"is not what came of it: {found}", "Try another, or none.")
    _name_dimensions(model, translator)
    onnx.helper.set_model_props(model, dict(description))
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return require_agreement(translator, _in_onnxruntime(path), "the ONNX model")


def _open_dimensions(translator: Translator) -> dict[int, Any]:
    dimensions: dict[int, Any] = {0: Dim("batch", min=1, max=MOST_IMAGES)}
    sides = translator.sides
    if sides.most != sides.least:
        least, most = sides.least // sides.step, None if sides.most is None else sides.most // sides.step
        dimensions |= {
            axis: sides.step * Dim(name, min=least, max=most) for axis, name in ((2, "rows"), (3, "columns"))
        }
    return dimensions


def _example_sides(sides: Sides) -> tuple[int, int]:
    """Two that differ, and no single step, which PyTorch would take for a side that always is; nothing is computed."""
    if sides.most == sides.least:
        return sides.least, sides.least
    return sides.least + sides.step, sides.least + 2 * sides.step


def _name_dimensions(model: Any, translator: Translator) -> None:
    """Names for people in place of the exporter's symbols, which stay in no other place."""
    del model.graph.value_info[:]  # of what lies between: in those symbols, and worked out anew by each runtime
    names = ("batch", None, "height", "width")
    for value in (model.graph.input[0], model.graph.output[0]):
        for dimension, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
            if name and dimension.HasField("dim_param"):
                dimension.dim_param = name


def _in_onnxruntime(path: Path) -> Callable[[Tensor], Tensor]:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # else its import leaves an id of the device in ~/.cache
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run([OUTPUT], {INPUT: images.numpy()})[0])
