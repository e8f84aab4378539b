"""Image files on disk: which ones a folder holds, and opening one as far as its header; free of torch."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import RequestError, WorkError

if TYPE_CHECKING:
    from PIL.Image import Image

EXTENSIONS = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".gif"}
)
"""Names that end so, in either case, are taken for images."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "PPM", "GIF")
"""The decoders a file may reach, whatever its name says; Pillow's others (EPS runs Ghostscript) stay shut."""

MAX_PIXELS = 89_478_485
"""Larger pictures are refused as decompression bombs: Pillow's own warning level, a quarter of a gigabyte as RGB."""


class UnreadableImageError(WorkError):
    """A file that cannot serve as an image.

    Args:
        path: the file.
        reason: why not, as a clause: "is truncated".
    """

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(path_text(path), reason, "Replace the file or remove it.")


def path_text(path: Path) -> str:
    """A path as text that can be written anywhere: bytes of its name that are no UTF-8 become \\x escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def list_images(folder: Path) -> list[Path]:
    """Every image file below a folder, by its extension, in an order that depends on the names alone.

    Hidden files and folders are left out; links are followed, each folder once. A broken link is listed, so that it
    is reported when it is read instead of missed. A folder that does not exist holds none.

    Raises:
        RequestError: a folder cannot be listed.
    """
    if not is_folder(folder):
        return []
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    for where, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        status = Path(where).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(Path(where, name) for name in files if _is_image_name(name))
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def is_folder(path: Path) -> bool:
    """Whether there is a folder; one that lies where nobody may look is none."""
    try:
        return path.is_dir()
    except OSError:  # Python before 3.14 lets a refused permission through
        return False


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels as the image is shown, read from its header alone.

    Raises:
        UnreadableImageError: the file is no image, or too large.
    """
    with opened(path) as image:
        width, height = image.size
        return (height, width) if orientation(image) >= 5 else (width, height)


def orientation(image: Image) -> int:
    """The EXIF orientation, 1 (upright) to 8; 5 to 8 turn the picture on its side."""
    from PIL.ExifTags import Base

    value = image.getexif().get(Base.Orientation, 1)
    return value if value in range(1, 9) else 1


@contextmanager
def opened(path: Path) -> Iterator[Image]:
    """The file as Pillow sees it once its header is read; any failure inside the block is the file's.

    Raises:
        UnreadableImageError: the file is missing, not a regular file, no image, damaged, or larger than MAX_PIXELS.
    """
    from PIL import Image

    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableImageError(path, "is not a regular file")
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableImageError(path, f"is too large: {image.width}x{image.height} px, a decompression bomb")
            yield image
    except UnreadableImageError:
        raise
    except Exception as error:  # on damaged files Pillow's decoders raise whatever they trip over
        raise UnreadableImageError(path, _reason(error)) from error


def _refuse(error: OSError) -> None:
    raise RequestError(path_text(Path(error.filename)), f"cannot be listed: {error.strerror}", "Make it readable.")


def _is_image_name(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in EXTENSIONS  # noqa: PTH122


def _reason(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "is not an image in a format that can be read (" + ", ".join(FORMATS) + ")"
    if isinstance(error, Image.DecompressionBombError):
        return "is too large: a decompression bomb"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    what = str(error).encode("utf-8", "backslashreplace").decode() or type(error).__name__
    return f"cannot be decoded: {what}"
