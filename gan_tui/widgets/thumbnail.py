"""A small picture from a file, as large as its room allows, in half blocks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from rich.segment import Segment
from textual import work
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import get_current_worker

from gan_tui.widgets.picture import half_block_row
from gan_tui.widgets.pixels import Pixel

Rows: TypeAlias = list[list[Pixel]]
"""[pixel row][pixel], of an even number of rows."""


class Thumbnail(Widget):
    """Shows one picture, or nothing, and then takes no room."""

    DEFAULT_CSS = """
    Thumbnail { width: 30; height: auto; max-height: 10; }
    Thumbnail.-none { display: none; }
    """

    @dataclass
    class Decoded(Message):
        """A worker has read a picture; no rows where it could not."""

        path: Path
        rows: Rows

    def __init__(self) -> None:
        super().__init__(classes="-none")
        self._path: Path | None = None
        self._wanted: tuple[Path, int, int] | None = None
        """The picture that is shown or on its way, and the pixels it may take across and down."""
        self._rows: Rows = []

    def show(self, path: Path | None) -> None:
        """Take a picture's file; None for no picture."""
        if path != self._path:
            self._path = path
            self._put([])
            self.set_class(path is None, "-none")
            self._load()

    def on_resize(self) -> None:
        """Fit the picture to the new size."""
        self._load()

    def _load(self) -> None:
        most = self.styles.max_height
        if self._path is None or most is None or not self.size.width:
            return
        wanted = (self._path, self.size.width, 2 * int(most.value))
        if wanted != self._wanted:
            self._wanted = wanted
            self._decode(*wanted)

    @work(thread=True, exclusive=True, group="thumbnail", name="read a thumbnail")
    def _decode(self, path: Path, width: int, height: int) -> None:
        try:
            rows = read_picture(path, width, height)
        except (OSError, ValueError):
            rows = []  # the check of the checkpoint's files says what is wrong with it
        if not get_current_worker().is_cancelled:
            self.post_message(self.Decoded(path, rows))

    def on_thumbnail_decoded(self, message: Decoded) -> None:
        """Draw the picture, unless another one is wanted by now."""
        message.stop()
        if message.path == self._path:
            self._put(message.rows)
            self.set_class(not message.rows, "-none")

    def _put(self, rows: Rows) -> None:
        changed = len(rows) != len(self._rows)
        self._rows = rows
        self.refresh(layout=changed)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As high as the picture; before it is there, as high as it may become, so that nothing moves twice."""
        most = self.styles.max_height
        return len(self._rows) // 2 or (int(most.value) if most else 1)

    def render_line(self, y: int) -> Strip:
        """Two rows of pixels in one of cells."""
        line: list[Segment] = half_block_row(*self._rows[2 * y : 2 * y + 2]) if 2 * y + 1 < len(self._rows) else []
        return Strip(line).adjust_cell_length(self.size.width, self.rich_style)


def read_picture(path: Path, width: int, height: int) -> Rows:
    """A picture's pixels, shrunk or grown until it fills the width or the height; its shape is kept.

    Raises:
        OSError: the file is missing or no picture; ValueError: it is damaged.
    """
    from PIL import Image

    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    scale = min(width / picture.width, height / picture.height)
    across = max(1, round(picture.width * scale))
    down = max(2, round(picture.height * scale / 2) * 2)
    raw = picture.resize((across, min(down, height & ~1)), Image.Resampling.BOX).tobytes()
    pixels = [(raw[at], raw[at + 1], raw[at + 2]) for at in range(0, len(raw), 3)]
    return [pixels[at : at + across] for at in range(0, len(pixels), across)]
