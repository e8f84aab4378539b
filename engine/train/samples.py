"""Contact sheets: what a method made of the fixed images, as one PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.data.pixels import to_bytes
from engine.methods.method import SampleRow
from engine.protocol.rundir import RunDirectory


@dataclass(frozen=True)
class Sheet:
    """Pictures in rows, on the host."""

    step: int
    rows: tuple[tuple[str, ...], ...]
    """The name of each picture, row by row."""
    pixels: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
    """(rows * tile, columns * tile, 3)."""
    tile: int
    """Side of one picture in pixels."""


def lay_out(sample: Sequence[SampleRow], step: int) -> Sheet:
    """Arrange a method's sample: for each image in turn, its rows one under another.

    Args:
        sample: rows of named pictures, each (N, 3, S, S) in [-1, 1] on the device; one transfer to the host.
        step: the step they were made at.
    """
    count, _, tile, _ = next(iter(sample[0].values())).shape
    columns = max(len(row) for row in sample)
    names = tuple(tuple(row) for row in sample) * count
    flat = torch.stack([to_bytes(picture) for row in sample for picture in row.values()]).cpu()
    sheet = np.zeros((count * len(sample) * tile, columns * tile, 3), dtype=np.uint8)
    pictures = iter(flat.permute(0, 1, 3, 4, 2).numpy())
    for row_number, row in enumerate(sample):
        for column in range(len(row)):
            for number, picture in enumerate(next(pictures)):
                top, left = (number * len(sample) + row_number) * tile, column * tile
                sheet[top : top + tile, left : left + tile] = picture
    return Sheet(step=step, rows=names, pixels=sheet, tile=tile)


def write_sheet(run: RunDirectory, sheet: Sheet) -> tuple[str, bytes]:
    """Write a sheet as samples/step-….png; returns its path within the run, and the PNG.

    The picture says itself what it shows, in its text fields. An older sheet of that step is never overwritten.
    """
    run.samples.mkdir(exist_ok=True)
    text = PngInfo()
    text.add_text("Title", f"step {sheet.step}: {'; '.join(' '.join(row) for row in dict.fromkeys(sheet.rows))}")
    buffer = io.BytesIO()
    Image.fromarray(sheet.pixels).save(buffer, "PNG", pnginfo=text, compress_level=4)
    path = _unused(run.samples, f"step-{sheet.step:08d}")
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(buffer.getvalue())
    draft.rename(path)
    return str(path.relative_to(run.root)), buffer.getvalue()


def _unused(folder: Path, stem: str) -> Path:
    names = (folder / f"{stem}.png", *(folder / f"{stem}-{number}.png" for number in range(2, 10_000)))
    return next(path for path in names if not path.exists())
