"""The folders of images that streams are timed on."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from engine.config.data import FolderData, PairedData, UnpairedData
from engine.config.image_files import list_images
from engine.data.synthetic import COATS, draw_animal

DRAWN = 120
"""Drawings of each domain, unless fewer are asked for."""
DRAWN_SIDE = 256


def data_section(given: Path | None, folder: Path, *, images: int, resize: int, crop: int) -> FolderData:
    """What is read: the folder given, the first images of each of its folders, or drawings.

    Args:
        given: a folder of unpaired or paired images; None draws some.
        folder: where drawings, or links to the first images, are put.
        images: of each folder at most; 0 takes all.
        resize: as in a preset.
        crop: as in a preset.
    """
    if given is None:
        root = _draw(folder, images or DRAWN)
    else:
        root = _first_of_each(given, folder, images) if images else given
    kind = UnpairedData if (root / "trainA").is_dir() else PairedData
    return kind(root=str(root), resize=resize, crop=crop)


def _draw(root: Path, number: int) -> Path:
    """So many drawings of each domain, as photographs are stored."""
    for name, coat in zip(("trainA", "trainB"), COATS, strict=True):
        (root / name).mkdir(parents=True)
        for index in range(number):
            image = Image.fromarray(draw_animal(coat, 0, index, DRAWN_SIDE))
            image.save(root / name / f"{index:05}.jpg", quality=95)
    return root


def _first_of_each(root: Path, smaller: Path, number: int) -> Path:
    """Links to the first images of every folder."""
    for folder in (path for path in root.rglob("*") if path.is_dir()):
        images = [path for path in list_images(folder) if path.parent == folder]
        for path in images[:number]:
            link = smaller / path.relative_to(root)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
    return smaller
