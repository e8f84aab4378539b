"""Sheets: an image beside its translation, and whatever there is to compare them with."""

from __future__ import annotations

import io

from PIL import Image

from engine.translation.framing import scaled


def sheet_of(image: Image.Image, translation: Image.Image, *others: Image.Image) -> bytes:
    """RGB pictures side by side, all in the size of the translation, as a PNG file."""
    width, height = translation.size
    pictures = (image, translation, *others)
    paper = Image.new("RGB", (len(pictures) * width, height))
    for number, picture in enumerate(pictures):
        paper.paste(scaled(picture, (width, height)), (number * width, 0))
    file = io.BytesIO()
    paper.save(file, "PNG")
    return file.getvalue()
