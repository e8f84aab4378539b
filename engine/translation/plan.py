"""Which files will be written, and what stands against that; told before any work is done. Free of torch."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.config.image_files import EXTENSIONS, path_text
from engine.config.user_paths import at_home
from engine.errors import RequestError
from engine.protocol.translation import Existing, Format
from engine.translation.inputs import Source

ENCODERS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Names that end so are written, each in Pillow's format of that name; images of other formats become PNG."""
SHEET = "-sheet.png"
"""What is added to a name, without its ending, for the sheet."""


@dataclass(frozen=True)
class Item:
    """An image, and what will be written for it."""

    source: Path
    output: Path
    sheet: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        """All that will be written."""
        return (self.output,) if self.sheet is None else (self.output, self.sheet)


@dataclass(frozen=True)
class Plan:
    """All that is to be done."""

    items: tuple[Item, ...]
    skipped: tuple[Path, ...]
    """Images whose files are there already."""


def plan(sources: Sequence[Source], out: str, *, wanted: Format | None, sheet: bool, existing: Existing) -> Plan:
    """What is to be written for each image.

    Args:
        sources: the images.
        out: a folder; or for a single image a file, which it is when it ends as a file's name does and is no folder.
        wanted: the format; by default each image's own.
        sheet: whether a sheet is written beside each translation.
        existing: what is done where something is there already.

    Raises:
        RequestError: two images would be written to one file, an image or a folder would be overwritten, or a file
            without leave.
    """
    items = _items(_outputs(sources, out, wanted), sheet)
    _require_apart(items)
    _spare_the_inputs(items)
    there = [item for item in items if _are_there(item, existing)]
    if there and existing == "refuse":
        others = f" (and {len(there) - 1:,} more)" if len(there) > 1 else ""
        first = next(path for path in there[0].files if os.path.lexists(path))
        fix = "Add --overwrite or --skip-existing, or choose another -o."
        raise RequestError(path_text(first), f"exists already{others}", fix)
    skipped = {item.source for item in there} if existing == "skip" else set()
    return Plan(tuple(item for item in items if item.source not in skipped), tuple(sorted(skipped)))


def _items(outputs: Iterable[tuple[Source, Path]], sheet: bool) -> list[Item]:
    """Each image with its files; where two have names that differ in their endings alone, sheets keep these."""
    outputs = list(outputs)
    if not sheet:
        return [Item(source.path, output, None) for source, output in outputs]
    alike = Counter(output.with_suffix("") for _, output in outputs)

    def sheet_of(output: Path) -> Path:
        name = output.stem if alike[output.with_suffix("")] == 1 else output.name
        return output.with_name(name + SHEET)

    return [Item(source.path, output, sheet_of(output)) for source, output in outputs]


def _outputs(sources: Sequence[Source], out: str, wanted: Format | None) -> Iterable[tuple[Source, Path]]:
    path = at_home(out)
    if not out.endswith(os.sep) and not path.is_dir() and _names_a_file(path, len(sources)):
        return [(_only(sources, path), _as_file(path, wanted))]
    if path.exists() and not path.is_dir():
        fix = "Choose a folder with -o, or for a single image a name such as out.png."
        raise RequestError(path_text(path), "is a file and no folder", fix)
    return [(source, path / output_name(source.name, wanted)) for source in sources]


def _names_a_file(path: Path, images: int) -> bool:
    """Whether a name ends as an image's; for one image alone as any file's, in up to 5 letters and digits."""
    ending = path.suffix[1:]
    of_a_file = images == 1 and ending[:1].isalpha() and ending.isalnum() and len(ending) <= 5 and not path.exists()
    return path.suffix.lower() in EXTENSIONS or of_a_file


def _only(sources: Sequence[Source], path: Path) -> Source:
    if len(sources) != 1:
        fact = f"is the name of one file, and {len(sources):,} images are to be written"
        raise RequestError(path_text(path), fact, f"For a folder of that name write -o {path_text(path)}{os.sep}")
    return sources[0]


def _as_file(path: Path, wanted: Format | None) -> Path:
    known = ENCODERS.get(path.suffix.lower())
    if known is None:
        fact = f"would be a {path.suffix[1:].upper()}, which is not written"
        fix = f"End it in one of {', '.join(ENCODERS)}; for a folder of that name write -o {path_text(path)}{os.sep}"
        raise RequestError(path_text(path), fact, fix)
    if wanted is not None and known != ENCODERS[f".{wanted}"]:
        raise RequestError(path_text(path), f"is no name of a {wanted.upper()}", "Leave --format out, or name it so.")
    return path


def output_name(name: Path, wanted: Format | None = None) -> Path:
    """What an image's translation is called: as the image, but for the ending where the format is another."""
    ending = name.suffix.lower()
    if wanted is not None and ENCODERS.get(ending) != ENCODERS[f".{wanted}"]:
        return _ending_in(name, f".{wanted}")
    return name if ending in ENCODERS else _ending_in(name, f".{wanted or 'png'}")


def _ending_in(name: Path, ending: str) -> Path:
    return name.with_suffix(ending) if name.suffix.lower() in EXTENSIONS else name.with_name(name.name + ending)


def _require_apart(items: Iterable[Item]) -> None:
    """Raises RequestError: a file would be written twice."""
    writers: dict[Path, Path] = {}
    for item in items:
        for path in item.files:
            other = writers.setdefault(path, item.source)
            if other != item.source:
                fact = f"would be written for {path_text(other)} and for {path_text(item.source)}"
                raise RequestError(path_text(path), fact, "Translate them into folders of their own.")


def _spare_the_inputs(items: Sequence[Item]) -> None:
    """Raises RequestError: an input would be overwritten, by whatever name or link it is reached."""
    inputs = {found: item.source for item in items if (found := _identity(item.source))}
    for item in items:
        for path in item.files:
            other = inputs.get(_identity(path) or (0, 0))
            if other is not None:
                raise RequestError(path_text(path), "is an input, and would be overwritten", "Choose another -o.")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _are_there(item: Item, existing: Existing) -> bool:
    """Whether something is in the way of an image; for skipping, whether all that it would write is there."""
    for path in item.files:
        if os.path.isdir(path):  # noqa: PTH112 - Path's own raises where a name is too long
            raise RequestError(path_text(path), "is a folder where a file is to be written", "Choose another -o.")
    there = [os.path.lexists(path) for path in item.files]
    return all(there) if existing == "skip" else any(there)
