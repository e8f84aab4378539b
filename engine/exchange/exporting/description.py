"""What an export says of itself: where it comes from, and what it takes and gives."""

from __future__ import annotations

from importlib.metadata import version

from engine.config.data import Direction
from engine.exchange.exporting.request import ExportRequest
from engine.exchange.folder_layout import STEP

INPUT, OUTPUT = "image", "translation"
"""Names of what a program takes and gives."""
NOISE_LEFT_OUT = (
    "The run translates with dropout and batch statistics (method.test_time_noise). The export has the statistics,"
    " of each image by itself, as with batches of one; it has no dropout, so that it gives one translation, and not a"
    " draw from several."
)


def description_of(request: ExportRequest, *directions: Direction) -> dict[str, str]:
    """The facts of an export by name, all of them text, as ONNX keeps them.

    Args:
        request: what is exported.
        directions: that the file is of: one, or both of a network that both go through.
    """
    saved, sides = request.saved, request.sides
    facts = {
        "producer": f"gan-tui {version('gan-tui')}",
        "run": saved.run.name,
        "run_id": saved.manifest.run,
        "method": str(saved.config.method.__struct_config__.tag),
        STEP: str(saved.manifest.step),
        "epoch": str(saved.manifest.epoch),
        "weights": _weights_in_words(request),
        "direction": ", ".join(directions),
        "data_direction": saved.config.data.direction,
        "layout": "NCHW",
        "channels": "RGB",
        "value_range": "[-1, 1], of the input and of the output",
        "side_multiple_of": str(sides.step),
        "side_least": str(sides.least),
        "side_most": "" if sides.most is None else str(sides.most),
        "trained_at": str(saved.config.data.crop),
    }
    return facts | ({"test_time_noise": NOISE_LEFT_OUT} if request.test_time_noise else {})


def _weights_in_words(request: ExportRequest) -> str:
    averaged = request.saved.config.optim.ema > 0 and request.weights == "shown"
    return "moving average of those trained" if averaged else "as trained"
