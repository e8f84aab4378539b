"""What an image goes through: it is read and framed, translated, and its translation is cut out and written."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from engine.config.image_files import UnreadableImageError, image_size, path_text
from engine.errors import WorkError
from engine.protocol.rundir import write_atomically
from engine.protocol.translation import Failed, Written
from engine.translation.framing import Framed, framed, scaled
from engine.translation.originals import Original, encoded, read_original
from engine.translation.passage import Passage, Passed
from engine.translation.plan import SHEET, Item
from engine.translation.request import Half, TranslationRequest
from engine.translation.sheets import sheet_of


@dataclass(frozen=True)
class Prepared:
    """An image as the network takes it."""

    original: Original
    partner: Image.Image | None
    """Of an image that holds a pair, the half that the other one is to become."""
    framed: Framed

    @property
    def pixels(self) -> int:
        """How many it holds, as it was read or as the networks take it, whichever are more."""
        height, width, _ = map(int, self.framed.pixels.shape)
        return max(height * width, self.original.rgb.width * self.original.rgb.height)


@dataclass(frozen=True)
class Translated:
    """What the networks made of an image."""

    there: Passed
    back: Passed | None
    """What they made of the translation on the way back, for a sheet of a method that learns both."""


@dataclass(frozen=True)
class Course:
    """The way of an image, in three parts; the first and the last are safe in any thread."""

    request: TranslationRequest
    there: Passage
    back: Passage | None

    def pixels(self, item: Item) -> int:
        """How many an image will hold, by its header: as its file has them, or scaled; 0 where that cannot be read."""
        try:
            width, height = image_size(item.source)
            scaled_width, scaled_height = self.request.scaling.of(width, height)
        except (UnreadableImageError, ValueError):
            return 0
        return max(width * height, scaled_width * scaled_height)

    def prepare(self, item: Item) -> Prepared | Failed:
        """Read an image, and scale and pad it as the request and the networks ask for."""
        partner = None
        try:
            original = read_original(item.source)
            if self.request.half is not None:
                original, partner = original.half(self.request.half), original.half(_OTHER[self.request.half]).rgb
            size = self.request.scaling.of(*original.rgb.size)
        except UnreadableImageError as error:
            return _failed(item, error.reason)
        except ValueError as error:
            return _failed(item, str(error))
        sized = scaled(original.rgb, size)
        return Prepared(original, partner, framed(sized, self.request.saved.config.generator))

    def translate(self, some: Sequence[Prepared]) -> list[Translated]:
        """Take images of one shape through the networks. Raises WorkError: memory does not suffice for one."""
        there = self.there.take([prepared.framed.pixels for prepared in some])
        if self.back is None:
            return [Translated(passed, None) for passed in there]
        back = self.back.take([passed.pixels for passed in there])
        return [Translated(*both) for both in zip(there, back, strict=True)]

    def write(self, item: Item, prepared: Prepared, translated: Translated) -> Written | Failed:
        """Write a translation, and its sheet where one is wanted. Raises WorkError: the disk does not take it."""
        own = prepared.original
        made = [prepared.framed.cut(passed.pixels) for passed in (translated.there, translated.back) if passed]
        if self.request.restore:
            made = [scaled(picture, own.rgb.size) for picture in made]
        try:
            file = encoded(made[0], own, item.output)
            beside = sheet_of(own.rgb, *made, *([prepared.partner] if prepared.partner else [])) if item.sheet else b""
        except Exception as error:  # noqa: BLE001 - Pillow's encoders raise whatever they trip over, such as too long a side
            return _failed(item, f"has a translation that cannot be written as {item.output.suffix[1:]} ({error})")
        try:
            for path, content in zip(item.files, (file, beside), strict=False):
                _put(path, content)
        except _NameTooLongError:
            return _failed(
                item, f"has a name to which {SHEET} cannot be added" if item.sheet else "has too long a name"
            )
        return Written(
            input=path_text(item.source),
            output=path_text(item.output),
            sheet=path_text(item.sheet) if item.sheet else "",
            width=made[0].width,
            height=made[0].height,
            tile=translated.there.tile,
        )


class _NameTooLongError(Exception):
    """A file system takes no name of this length: the image's, and nobody else's, fault."""


_OTHER: dict[Half, Half] = {"left": "right", "right": "left"}


def _failed(item: Item, reason: str) -> Failed:
    return Failed(input=path_text(item.source), reason=reason)


def _put(path: Path, content: bytes) -> None:
    """Write a file in one move, so that no half of one is ever there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise _NameTooLongError from error
        fix = "See to that, or choose another -o; --skip-existing goes on with what is not there yet."
        raise WorkError(path_text(path), f"cannot be written: {error.strerror}", fix) from error
