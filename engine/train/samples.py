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
from engine.protocol.checkpoints import THUMBNAIL, Manifest
from engine.protocol.rundir import RunDirectory
from engine.transfers import Send, Transfer

THUMBNAIL_TILE = 48
"""Side in pixels of a picture in a thumbnail."""
THUMBNAIL_ROWS = 2
"""Rows of the sheet that it shows: the first image of each direction."""


@dataclass(frozen=True)
class SentOff:
    """A method's sample, perhaps still on its way to the host."""

    step: int
    rows: tuple[tuple[str, ...], ...]
    """The names of the pictures in each of its rows."""
    pictures: Transfer
    """uint8, (pictures of all rows, N, 3, S, S)."""


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


@dataclass(frozen=True)
class Thumbnail:
    """The first rows of a contact sheet, small."""

    step: int
    png: bytes

    @classmethod
    def of_sheet(cls, sheet: Sheet) -> Thumbnail:
        """Shrink a sheet's first rows."""
        picture = Image.fromarray(sheet.pixels[: THUMBNAIL_ROWS * sheet.tile])
        shrink = min(1.0, THUMBNAIL_TILE / sheet.tile)
        size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
        return cls(sheet.step, _png(picture.resize(size, Image.Resampling.BOX), f"step {sheet.step}"))

    @classmethod
    def of_checkpoint(cls, folder: Path, manifest: Manifest) -> Thumbnail | None:
        """The one that a checkpoint has; None where it has none that can be read."""
        if THUMBNAIL not in manifest.files:
            return None
        try:
            png = (folder / THUMBNAIL).read_bytes()
            with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
                return cls(int(picture.text["Title"].removeprefix("step ")), png)  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001 - a file's edge: no picture of a checkpoint is worth not resuming it
            return None


@dataclass(frozen=True)
class Shown:
    """A contact sheet that reached the disk."""

    sheet: Sheet
    path: str
    """Relative to the run directory."""
    png: bytes
    thumbnail: Thumbnail


def send_off(sample: Sequence[SampleRow], step: int, send: Send) -> SentOff:
    """Send a method's sample to the host as bytes, in one transfer. Never waits for the device.

    Args:
        sample: rows of named pictures, each (N, 3, S, S) in [-1, 1] on the device.
        step: the step they were made at.
        send: brings them to the host.
    """
    flat = torch.stack([to_bytes(picture) for row in sample for picture in row.values()])
    return SentOff(step, tuple(tuple(row) for row in sample), send(flat))


def lay_out(sample: SentOff) -> Sheet:
    """Wait for a sample, and arrange it: for each image in turn, its rows one under another."""
    flat = sample.pictures.wait()
    _, count, _, tile, _ = flat.shape
    columns = max(len(row) for row in sample.rows)
    sheet = np.zeros((count * len(sample.rows) * tile, columns * tile, 3), dtype=np.uint8)
    pictures = iter(flat.permute(0, 1, 3, 4, 2).numpy())
    for row_number, row in enumerate(sample.rows):
        for column in range(len(row)):
            for number, picture in enumerate(next(pictures)):
                top, left = (number * len(sample.rows) + row_number) * tile, column * tile
                sheet[top : top + tile, left : left + tile] = picture
    return Sheet(step=sample.step, rows=sample.rows * count, pixels=sheet, tile=tile)


def write_sheet(run: RunDirectory, sheet: Sheet) -> Shown:
    """Write a sheet as samples/step-….png.

    The picture says itself what it shows, in its text fields. An older sheet of that step is never overwritten.

    Raises:
        OSError: it could not be written; nothing of it is left.
    """
    run.samples.mkdir(exist_ok=True)
    rows = "; ".join(" ".join(row) for row in dict.fromkeys(sheet.rows))
    png = _png(Image.fromarray(sheet.pixels), f"step {sheet.step}: {rows}")
    path = _unused(run.samples, f"step-{sheet.step:08d}")
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_bytes(png)
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return Shown(sheet, str(path.relative_to(run.root)), png, Thumbnail.of_sheet(sheet))


def _png(picture: Image.Image, title: str) -> bytes:
    text = PngInfo()
    text.add_text("Title", title)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=text, compress_level=4)
    return buffer.getvalue()


def _unused(folder: Path, stem: str) -> Path:
    names = (folder / f"{stem}.png", *(folder / f"{stem}-{number}.png" for number in range(2, 10_000)))
    return next(path for path in names if not path.exists())
