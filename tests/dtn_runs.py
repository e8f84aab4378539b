"""Tiny runs on labelled digits, and IDX files to run them on."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.config.load import Tree, dump, resolve, with_settings
from engine.protocol.rundir import Parent, RunDirectory, create_run

TINY_DTN: Tree = {
    "method": {"kind": "dtn", "f_width": 2, "f_steps": 2},
    "data": {"kind": "synthetic-digits", "images": 24},
    "generator": {"width": 2},
    "discriminator": {"width": 2},
    "run": {"batch": 8, "device": "cpu", "steps": 4},
    "log": {"every": 1},
    "sample": {"every": 1_000_000, "count": 2},
    "checkpoint": {"every": 1_000_000},
}
"""Two steps for f and two for the others."""


def make_dtn_run(
    folder: Path,
    name: str,
    *settings: str,
    tree: Tree = TINY_DTN,
    root: Path | None = None,
    parent: Parent | None = None,
) -> RunDirectory:
    """A run directory that an engine can take up, perhaps on the digits of a folder (see make_digits)."""
    data = tree["data"] if root is None else {"kind": "digits", "root": str(root), "A": "bars", "B": "boxes"}
    config = resolve(with_settings({**tree, "data": data}, settings), name)
    kind = str(config.method.__struct_config__.tag)
    return create_run(folder, name=name, method=kind, preset="tiny", config_toml=dump(config), parent=parent)


def make_digits(root: Path, train: int = 40, test: int = 30) -> Path:
    """Two sets in IDX files, bars and boxes: a mark on noise, in another place for each digit; returns their folder."""
    for number, name in enumerate(("bars", "boxes")):
        folder = root / name
        folder.mkdir(parents=True)
        for split, images in (("train", train), ("t10k", test)):
            noise = np.random.default_rng([number, images])
            labels = np.arange(images, dtype=np.uint8) % 10
            pixels = noise.integers(0, 80, (images, 28, 28), dtype=np.uint8)
            for picture, digit in zip(pixels, labels.tolist(), strict=True):
                if name == "bars":
                    picture[2 * digit + 3 : 2 * digit + 6] = 255
                else:
                    picture[2 * digit + 2 : 2 * digit + 8, 2 * digit + 2 : 2 * digit + 8] = 255
            _write_idx(folder / f"{split}-images-idx3-ubyte", pixels)
            _write_idx(folder / f"{split}-labels-idx1-ubyte", labels)
    return root


def _write_idx(path: Path, values: NDArray[np.uint8]) -> None:
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    path.write_bytes(header + values.tobytes())
