"""Pictures in rows, as large as their room allows, drawn in characters or as the terminal's own pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import get_current_worker

from gan_tui.state.gallery import Spot, spoken
from gan_tui.state.plain_text import printable
from gan_tui.terminal.pictures import Drawing, Encoded, colour_of
from gan_tui.widgets.arrangement import LARGEST_AREA, SEAM, Arrangement, Placement, arrange, captions
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.picture import cell_row
from gan_tui.widgets.pixels import Piece, PixelRows, cut, pixel_rows, shrunk
from gan_tui.widgets.strips import text_strip
from gan_tui.worker_edge import failure_told

if TYPE_CHECKING:
    from PIL import Image


class Named(NamedTuple):
    """A picture and what is written over it."""

    name: str
    piece: Piece


Exhibit: TypeAlias = tuple[tuple[Named, ...], ...]
"""Rows of pictures."""


class Placed(NamedTuple):
    """A picture that the terminal draws itself."""

    number: int


Drawn: TypeAlias = "PixelRows | Placed"


class PictureGrid(Widget):
    """Shows an exhibit, or a notice in its place."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--caption", "grid--selected", "grid--notice"}
    DEFAULT_CSS = """
    PictureGrid { height: 1fr; }
    PictureGrid .grid--caption { color: $faint; }
    PictureGrid .grid--selected { color: $primary; text-style: bold; }
    PictureGrid .grid--notice { color: $faint; }
    """

    class Sought(Message):
        """Other pictures are to be shown, and are read."""

    class Hung(Message):
        """They are shown, or a notice in their place."""

    @dataclass
    class Read(Message):
        """A worker has read pictures."""

        arrangement: Arrangement
        pictures: Mapping[Piece, PixelRows | Encoded]

    @dataclass
    class Unreadable(Message):
        """A worker could not read a sheet."""

        notice: str

    def __init__(self, drawing: Drawing, *, area: int = LARGEST_AREA, notice: str = "") -> None:
        """``area`` is how many cells all pictures may take together; ``notice`` is said while there are none."""
        super().__init__()
        self._drawing = drawing
        self._area = area
        self._exhibit: Exhibit = ()
        self._spot: Spot | None = None
        self._wanted: tuple[tuple[Piece, ...], Arrangement] | None = None
        """What is on the screen or on its way there."""
        self._arrangement: Arrangement | None = None
        self._drawn: dict[Spot, Drawn] = {}
        self._slots: set[str] = set()
        self._notice = notice

    # ------------------------------------------------------------------------------------------- data down

    @property
    def arrangement(self) -> Arrangement | None:
        """How what is shown is laid out; None while nothing is."""
        return self._wanted[1] if self._wanted else None

    def hang(self, exhibit: Exhibit, spot: Spot | None = None) -> None:
        """Show an exhibit, one of its pictures selected."""
        pointed, self._spot = self._spot != spot, spot
        self._exhibit = exhibit
        if exhibit:
            self._notice = ""
        self._lay_out()
        self.arranged()
        if pointed and self._arrangement is not None:
            for placement in self._arrangement.placements:
                self.refresh(Region(placement.x, placement.y, self.size.width - placement.x, 1))

    def say(self, notice: str) -> None:
        """Show words in place of pictures."""
        self._notice = notice
        self._take_down()
        self.refresh()

    # ------------------------------------------------------------------------------------------- loading

    def on_resize(self) -> None:
        """Fit the pictures to the new size."""
        self._take_down()
        self._lay_out()
        self.arranged()

    def on_show(self) -> None:
        """Have the terminal's pictures back."""
        if self._wanted is None:
            self._lay_out()

    def on_hide(self) -> None:
        """Give the terminal's pictures up."""
        if self._slots:
            self._take_down()

    def on_unmount(self) -> None:
        """Give the terminal's pictures up."""
        self._give_up(self._slots)

    def arranged(self) -> None:
        """Called when an exhibit has been hung or laid out anew."""

    def _take_down(self) -> None:
        self._wanted, self._arrangement, self._drawn = None, None, {}
        self._give_up(self._slots)

    def _lay_out(self) -> None:
        if not self._exhibit or not self.size.width or not self.size.height:
            return
        if self._drawing.imaging.protocol == "off":
            self.refresh()
            return
        names = [tuple(named.name for named in row) for row in self._exhibit]
        arrangement = arrange(names, *self.size, spot=self._spot, area=self._area)
        if arrangement is None:
            self.say("too small for pictures")
            return
        pieces = tuple(self._exhibit[spot.row][spot.column].piece for spot in _spots(arrangement))
        if (pieces, arrangement) != self._wanted:
            self._wanted = (pieces, arrangement)
            self.post_message(self.Sought())
            self._read(pieces, arrangement)

    @work(thread=True, exclusive=True, group="sheet", name="read a sample sheet")
    def _read(self, pieces: Sequence[Piece], arrangement: Arrangement) -> None:
        side = arrangement.side
        what = f"cannot read {self._named(pieces)}"
        with failure_told(what, lambda notice: self.post_message(self.Unreadable(notice))):
            read = {piece: self._prepared(picture, side) for piece, picture in cut(pieces).items()}
            if not get_current_worker().is_cancelled:  # else another sheet is wanted by now
                self.post_message(self.Read(arrangement, read))

    def _prepared(self, picture: Image.Image, side: int) -> PixelRows | Encoded:
        if self._drawing.pictures is not None:
            return self._drawing.pictures.encode(picture, side, side // 2)
        return pixel_rows(shrunk(picture, side), self._drawing.imaging.palette)

    def _named(self, pieces: Sequence[Piece]) -> str:
        """The sheets' files, as their runs name them."""
        return ", ".join(dict.fromkeys(f"{piece.path.parent.name}/{piece.path.name}" for piece in pieces))

    def on_picture_grid_unreadable(self, message: Unreadable) -> None:
        """Say so in place of the pictures."""
        message.stop()
        self.say(message.notice)
        self.post_message(self.Hung())

    def on_picture_grid_read(self, message: Read) -> None:
        """Draw the pictures that have arrived, unless others are wanted by now."""
        message.stop()
        if self._wanted is None or self._wanted[1] != message.arrangement:
            return
        read, spots = message.pictures, _spots(message.arrangement)
        pieces = [self._exhibit[spot.row][spot.column].piece for spot in spots]
        if all(piece in read for piece in pieces):
            drawn = [self._hung(place, read[piece]) for place, piece in enumerate(pieces)]
            self._paint(message.arrangement, dict(zip(spots, drawn, strict=True)))
            self._give_up(self._slots - {self._slot(place) for place in range(len(pieces))})
            self.post_message(self.Hung())

    def _hung(self, place: int, picture: PixelRows | Encoded) -> Drawn:
        if not isinstance(picture, Encoded) or self._drawing.pictures is None:
            return picture if isinstance(picture, list) else []
        self._slots.add(self._slot(place))
        return Placed(self._drawing.pictures.put(self._slot(place), picture))

    def _slot(self, place: int) -> str:
        return f"{id(self)}:{place}"

    def _give_up(self, slots: set[str]) -> None:
        """Have the terminal's pictures in these slots no more."""
        if self._drawing.pictures is not None:
            self._drawing.pictures.drop(sorted(slots))
        self._slots = self._slots - slots

    # ------------------------------------------------------------------------------------------- drawing

    def render_line(self, y: int) -> Strip:
        """One line of captions or pictures."""
        width = self.size.width
        if self._drawing.imaging.protocol == "off" and self._exhibit:
            return self._line_of_words(y)
        if self._arrangement is None:
            text = clipped(self._notice, width).center(width) if y == self.size.height // 2 else " " * width
            return text_strip([(text, self._notice_style())], width, self.rich_style)
        return Strip(self._line(self._arrangement, y)).adjust_cell_length(width, self.rich_style)

    def _line_of_words(self, y: int) -> Strip:
        """What there would be to see, where no pictures are wanted."""
        width, words = self.size.width, in_words(self._exhibit)
        place = y - max(0, (self.size.height - len(words)) // 2)
        text = words[place] if 0 <= place < len(words) else ""
        return text_strip([(clipped(text, width).center(width), self._notice_style())], width, self.rich_style)

    def _notice_style(self) -> Style:
        return self.get_component_rich_style("grid--notice")

    def _line(self, arrangement: Arrangement, y: int) -> list[Segment]:
        side = arrangement.side
        line: list[Segment] = []
        used = 0
        for placement in arrangement.placements:
            row = y - placement.y
            if not 0 <= row <= side // 2:
                continue
            line.append(Segment(" " * (placement.x - used), self.rich_style))
            for place, column in enumerate(placement.columns):
                if place:
                    line.append(Segment(" " * SEAM, self.rich_style))
                if row == 0:
                    line.append(self._caption(placement, place, side))
                else:
                    line.extend(self._row_of(self._drawn[Spot(placement.sheet_row, column)], row - 1, side))
            used = placement.x + len(placement.columns) * (side + SEAM) - SEAM
        return line

    def _caption(self, placement: Placement, place: int, side: int) -> Segment:
        spot = self._spot
        here = spot is not None and spot.row == placement.sheet_row and spot.column in placement.columns
        selected = placement.columns.index(spot.column) if here and spot is not None else None
        style = self.get_component_rich_style("grid--selected" if place == selected else "grid--caption")
        return Segment(printable(captions(placement.names, side, selected)[place]), style)

    def _row_of(self, picture: Drawn, row: int, side: int) -> list[Segment]:
        if isinstance(picture, Placed):
            pictures = self._drawing.pictures
            style = Style.from_color(Color.from_rgb(*colour_of(picture.number)), self.rich_style.bgcolor)
            return [Segment(text, style) for text in pictures.cells(side, row)] if pictures is not None else []
        return cell_row(picture[2 * row], picture[2 * row + 1], self._drawing.imaging.cells, self.rich_style)

    def _paint(self, arrangement: Arrangement, drawn: dict[Spot, Drawn]) -> None:
        """Put pictures on the screen, asking only for the rows of each that differ."""
        before, self._drawn = self._drawn, drawn
        if arrangement != self._arrangement:
            self._arrangement = arrangement
            self.refresh()
            return
        side = arrangement.side
        for placement in arrangement.placements:
            for place, column in enumerate(placement.columns):
                spot = Spot(placement.sheet_row, column)
                for row in range(side // 2):
                    if _differ(before[spot], drawn[spot], row):
                        self.refresh(Region(placement.x + place * (side + SEAM), placement.y + 1 + row, side, 1))


def in_words(exhibit: Exhibit) -> list[str]:
    """What an exhibit shows: its files, and each kind of row with how many there are of it."""
    kinds = Counter(tuple(spoken(named.name) for named in row) for row in exhibit)
    paths = dict.fromkeys(named.piece.path for row in exhibit for named in row)
    files = [line for path in paths for line in (f"{path.parent.name}/{path.name}", f"in {path.parent.parent}")]
    rows = [f"{many} × {' · '.join(names)}" for names, many in kinds.items()]
    return [*rows, *files, "Pictures are off; --images half shows them."]


def _spots(arrangement: Arrangement) -> list[Spot]:
    return [Spot(placement.sheet_row, column) for placement in arrangement.placements for column in placement.columns]


def _differ(old: Drawn, new: Drawn, row: int) -> bool:
    if isinstance(old, Placed) or isinstance(new, Placed):
        return old != new
    return old[2 * row : 2 * row + 2] != new[2 * row : 2 * row + 2]
