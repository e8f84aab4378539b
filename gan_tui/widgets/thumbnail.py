"""A small picture from a file, as large as its room allows, in half blocks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.segment import Segment
from textual import work
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import get_current_worker

from gan_tui.state.imaging import Imaging, Palette
from gan_tui.widgets.picture import cell_row
from gan_tui.widgets.pixels import PixelRows, pixel_rows
from gan_tui.worker_edge import failure_told


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
        rows: PixelRows

    def __init__(self, imaging: Imaging | None = None) -> None:
        super().__init__(classes="-none")
        self._imaging = imaging or Imaging()
        self._path: Path | None = None
        self._wanted: tuple[Path, int, int] | None = None
        """The picture that is shown or on its way, and the pixels it may take across and down."""
        self._rows: PixelRows = []

    def show(self, path: Path | None) -> None:
        """Take a picture's file; None for no picture, which is all there is where the user wants none."""
        path = None if self._imaging.protocol == "off" else path
        if path != self._path:
            self._path, self._wanted = path, None
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
        # of a picture that cannot be read the check of the checkpoint's files says what is wrong with it
        with failure_told("", lambda _: self.post_message(self.Decoded(path, []))):
            rows = read_picture(path, width, height, self._imaging.palette)
            if not get_current_worker().is_cancelled:
                self.post_message(self.Decoded(path, rows))

    def on_thumbnail_decoded(self, message: Decoded) -> None:
        """Draw the picture, unless another one is wanted by now."""
        message.stop()
        if message.path == self._path:
            self._put(message.rows)
            self.set_class(not message.rows, "-none")

    def _put(self, rows: PixelRows) -> None:
        changed = len(rows) != len(self._rows)
        self._rows = rows
        self.refresh(layout=changed)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As high as the picture; before it is there, as high as it may become, so that nothing moves twice."""
        most = self.styles.max_height
        return len(self._rows) // 2 or (int(most.value) if most else 1)

    def render_line(self, y: int) -> Strip:
        """Two rows of pixels in one of cells."""
        line: list[Segment] = []
        if 2 * y + 1 < len(self._rows):
            line = cell_row(self._rows[2 * y], self._rows[2 * y + 1], self._imaging.cells, self.rich_style)
        return Strip(line).adjust_cell_length(self.size.width, self.rich_style)


def read_picture(path: Path, width: int, height: int, palette: Palette = "full") -> PixelRows:
    """A picture's pixels, shrunk or grown until it fills the width or the height; its shape is kept.

    Raises:
        OSError: the file is missing or no picture; Exception, of any kind: it is damaged.
    """
    from PIL import Image

    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    scale = min(width / picture.width, height / picture.height)
    across = max(1, round(picture.width * scale))
    down = max(2, round(picture.height * scale / 2) * 2)
    return pixel_rows(picture.resize((across, min(down, height & ~1)), Image.Resampling.BOX), palette)
