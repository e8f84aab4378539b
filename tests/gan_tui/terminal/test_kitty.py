"""Kitty's protocol: what is sent for a picture, and when it is sent again, or deleted."""

from __future__ import annotations

import io
import re
import unicodedata
from base64 import b64decode

from PIL import Image
from rich.cells import cell_len

from gan_tui.state.outlet import NoOutlet
from gan_tui.terminal.diff import TerminalDiff
from gan_tui.terminal.kitty import CHUNK, MARKS, PLACEHOLDER, KittyPictures
from gan_tui.terminal.pictures import colour_of
from tests.gan_tui.drawings import draw_animal

SEQUENCE = re.compile(r"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\")


class Sent(NoOutlet):
    """An outlet that is far behind: nothing goes before it is told to."""

    def __init__(self) -> None:
        self.waiting: dict[str, bytes] = {}

    def after_frame(self, key: str, *pieces: bytes) -> None:
        """See Outlet."""
        self.waiting.pop(key, None)
        if pieces:
            self.waiting[key] = b"".join(pieces)

    def go(self) -> list[tuple[dict[str, str], str]]:
        """Send what waits."""
        data, self.waiting = b"".join(self.waiting.values()).decode(), {}
        return read(data)


def read(data: str) -> list[tuple[dict[str, str], str]]:
    """The sequences' keys and payloads; there is nothing else."""
    assert SEQUENCE.sub("", data) == ""
    return [(dict(pair.split("=") for pair in keys.split(",")), payload) for keys, payload in SEQUENCE.findall(data)]


def kitty() -> tuple[KittyPictures, Sent]:
    outlet = Sent()
    return KittyPictures(outlet, (8, 16), process=1), outlet


def noise(seed: int) -> Image.Image:
    return Image.effect_noise((96, 96), 90 + seed).convert("RGB")


def test_a_picture_is_sent_in_chunks_at_no_more_than_its_own_size() -> None:
    pictures, outlet = kitty()
    number = pictures.put("a", pictures.encode(noise(0), 40, 20))
    first, *rest = outlet.go()
    assert first[0] == {
        "a": "T", "U": "1", "q": "2", "f": "100", "i": str(number), "c": "40", "r": "20", "m": "1",
    }  # fmt: skip
    assert [keys for keys, _ in rest] == [{"q": "2", "m": "1"}] * (len(rest) - 1) + [{"q": "2", "m": "0"}]
    assert all(len(payload) <= CHUNK for _, payload in (first, *rest))
    png = b64decode("".join(payload for _, payload in (first, *rest)))
    assert Image.open(io.BytesIO(png)).size == (96, 96)
    small = pictures.encode(noise(0), 6, 3)
    assert Image.open(io.BytesIO(b64decode(small.data))).size == (48, 48)


def test_a_slot_has_two_numbers_in_turn_and_what_is_there_is_not_sent_again() -> None:
    pictures, outlet = kitty()
    one, other = (pictures.encode(draw_animal(stripes, 1), 10, 5) for stripes in (0.0, 1.0))
    numbers = [pictures.put("a", each) for each in (one, other, other, one)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 1, numbers[0]]
    beside = pictures.put("b", one)
    assert [int(keys["i"]) for keys, _ in outlet.go()] == [numbers[0], beside], "what is not wanted any more never goes"
    assert beside not in numbers
    pictures.put("a", one)
    assert outlet.go() == []


def test_what_is_hidden_is_deleted_and_at_the_end_everything() -> None:
    pictures, outlet = kitty()
    picture = pictures.encode(draw_animal(0.5, 1), 10, 5)
    first, second = pictures.put("a", picture), pictures.put("b", picture)
    assert len(outlet.go()) == 2
    pictures.restore()
    assert len(outlet.go()) == 2, "a terminal that was left has lost them"
    pictures.drop(["a", "never shown"])
    assert outlet.go() == [({"a": "d", "d": "I", "q": "2", "i": str(first + number)}, "") for number in (0, 1)]
    pictures.put("b", pictures.encode(noise(1), 10, 5))
    assert [keys["i"] for keys, _ in read(pictures.farewell())] == [str(second), str(second + 1)]
    assert outlet.go() == [], "what waits never goes"


def test_every_mark_is_one_that_combines_and_takes_no_cell() -> None:
    assert len(MARKS) == len(set(MARKS)) == 297
    assert sorted(MARKS) == MARKS
    assert MARKS[:5] == ["\u0305", "\u030d", "\u030e", "\u0310", "\u0312"]
    assert all(unicodedata.combining(mark) == 230 and cell_len(mark) == 0 for mark in MARKS)
    assert all(unicodedata.normalize("NFC", "a" + mark) == "a" + mark for mark in MARKS)
    assert cell_len(PLACEHOLDER) == 1


def test_placeholders_that_are_there_already_are_not_written_again() -> None:
    pictures, diff = kitty()[0], TerminalDiff()
    red, green, blue = colour_of(pictures.put("a", pictures.encode(draw_animal(0.5, 1), 3, 2)))

    def frame(number_of_blue: int) -> str:
        rows = ("".join(pictures.cells(3, row)) for row in range(2))
        style = f"38;2;{red};{green};{number_of_blue}"
        return "".join(f"\x1b[{y + 1};1H\x1b[{style}m{row}\x1b[0m" for y, row in enumerate(rows))

    def thin(data: str) -> str:
        diff.take(data)
        return diff.drain()

    first = thin(frame(blue))
    assert first.count(PLACEHOLDER) == 6
    assert PLACEHOLDER + MARKS[1] + MARKS[2] in first
    assert thin(frame(blue)) == ""
    assert thin(frame(blue + 1)).count(PLACEHOLDER) == 6
