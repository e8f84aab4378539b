"""What is to be said of files by themselves: some cannot be read, others are seen otherwise than they look."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.config.image_files import EXTENSIONS, path_text
from gan_tui.datasets.check.pair_findings import Looks
from gan_tui.datasets.check.schema import File, FolderFinding, Severity, Topic
from gan_tui.datasets.folders.layouts import FolderLayout
from gan_tui.datasets.folders.reading import Picture, Unread

_ENDINGS = {
    "PNG": {".png"},
    "JPEG": {".jpg", ".jpeg", ".jfif"},
    "WEBP": {".webp"},
    "BMP": {".bmp"},
    "TIFF": {".tif", ".tiff"},
    "PPM": {".ppm", ".pgm", ".pbm", ".pnm"},
    "GIF": {".gif"},
    "MPO": {".jpg", ".jpeg", ".jfif"},
}
"""How names of each of Pillow's formats end."""


def findings_of_files(layout: FolderLayout, looks: Looks) -> Iterator[FolderFinding]:
    """What cannot be read, and what training sees otherwise than it looks."""
    unread = [look for part in layout.parts for look in looks[part.name] if isinstance(look, Unread)]
    if unread:
        files = tuple(File(path=_short(layout, look.path), fact=look.reason) for look in unread)
        fact = f"{len(unread):,} {'file' if len(unread) == 1 else 'files'} cannot be read as an image"
        fix = "Replace or remove them; training would pass them over."
        yield FolderFinding(severity="problem", topic="unreadable", fact=fact, fix=fix, files=files)
    seen = [look for part in layout.parts for look in looks[part.name] if isinstance(look, Picture)]
    for severity, topic, what, fix, holds in _PECULIARITIES:
        files = tuple(
            File(path=_short(layout, look.path), fact=f"is {look.format}" if topic == "extension" else "")
            for look in seen
            if holds(look)
        )
        if files:
            fact = f"{len(files):,} {'image' if len(files) == 1 else 'images'}: {what}"
            yield FolderFinding(severity=severity, topic=topic, fact=fact, fix=fix, files=files)
    yield from _grey_among_colour(layout, seen)
    yield from _ignored(layout)


def _has_other_ending(look: Picture) -> bool:
    return look.path.suffix.lower() not in _ENDINGS.get(look.format, {look.path.suffix.lower()})


_PECULIARITIES: tuple[tuple[Severity, Topic, str, str, Callable[[Picture], bool]], ...] = (
    ("note", "transparent", "transparent pixels are laid over white", "", lambda look: look.transparent),
    ("note", "16-bit", "more than 8 bits a channel, which are scaled to 8", "",
     lambda look: look.mode.startswith(("I", "F"))),
    ("note", "cmyk", "CMYK, turned into RGB without its colour profile", "Convert them if their colours matter.",
     lambda look: look.mode == "CMYK"),
    ("note", "turned", "turned upright, as their EXIF data says", "", lambda look: look.turned),
    ("note", "extension", "a name that ends otherwise than their format", "", _has_other_ending),
)  # fmt: skip


def _grey_among_colour(layout: FolderLayout, seen: list[Picture]) -> Iterator[FolderFinding]:
    """Some grey images among coloured ones; a set of nothing else is as it is meant."""
    grey = [look for look in seen if look.mode in ("L", "LA", "1")]
    if 0 < len(grey) < len(seen) / 2:
        files = tuple(File(path=_short(layout, look.path)) for look in grey)
        fact = f"{len(grey):,} {'image is' if len(grey) == 1 else 'images are'} grey among coloured ones"
        yield FolderFinding(severity="note", topic="grey", fact=fact, files=files)


def _ignored(layout: FolderLayout) -> Iterator[FolderFinding]:
    """Files beside the images that are not taken for any, such as photographs in a format that is not read."""
    endings: Counter[str] = Counter()
    for folder in {part.folder for part in layout.parts if part.paths}:
        for _, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            endings.update(Path(name).suffix.lower() or "none" for name in files if not name.startswith("."))
    others = {ending: count for ending, count in endings.most_common() if ending not in EXTENSIONS}
    if others:
        words = ", ".join(f"{path_text(Path(ending))} ({count:,})" for ending, count in others.items())
        number = sum(others.values())
        taken = "file is not taken for an image" if number == 1 else "files are not taken for images"
        fix = f"Names of images end in one of {' '.join(sorted(EXTENSIONS))}; convert others, such as HEIC."
        yield FolderFinding(severity="note", topic="ignored", fact=f"{number:,} {taken}: {words}", fix=fix)


def _short(layout: FolderLayout, path: Path) -> str:
    return path_text(path.relative_to(layout.root))
