"""Kitty's protocol: what is sent for a picture, and when it is sent again, or deleted."""

from __future__ import annotations

import io
import re
import unicodedata
from base64 import b64decode

from PIL import Image
from rich.cells import cell_len

from gan_tui.kitty import CHUNK, MARKS, PLACEHOLDER, KittyPictures
from gan_tui.terminal_diff import TerminalDiff
from gan_tui.terminal_pictures import colour_of
from tests.gan_tui.drawings import draw_animal

SEQUENCE = re.compile(r"\x1b_G([^;\x1b]*);?([^\x1b]*)\x1b\\")


def sent(data: str) -> list[tuple[dict[str, str], str]]:
    """The sequences' keys and payloads; there is nothing else."""
    assert SEQUENCE.sub("", data) == ""
    return [(dict(pair.split("=") for pair in keys.split(",")), payload) for keys, payload in SEQUENCE.findall(data)]


def noise(seed: int) -> Image.Image:
    return Image.effect_noise((96, 96), 90 + seed).convert("RGB")


def test_a_picture_is_sent_in_chunks_at_no_more_than_its_own_size() -> None:
    pictures = KittyPictures((8, 16), process=1)
    number = pictures.put("a", pictures.encode(noise(0), 40, 20))
    first, *rest = sent(pictures.before_frame())
    assert first[0] | {"m": "1"} == first[0] == {
        "a": "T", "U": "1", "q": "2", "f": "100", "i": str(number), "c": "40", "r": "20", "m": "1",
    }  # fmt: skip
    assert [keys for keys, _ in rest] == [{"q": "2", "m": "1"}] * (len(rest) - 1) + [{"q": "2", "m": "0"}]
    assert all(len(payload) <= CHUNK for _, payload in (first, *rest))
    png = b64decode("".join(payload for _, payload in (first, *rest)))
    assert Image.open(io.BytesIO(png)).size == (96, 96)
    small = pictures.encode(noise(0), 6, 3)
    assert Image.open(io.BytesIO(b64decode(small.data))).size == (48, 48)
    assert pictures.before_frame() == ""


def test_a_slot_has_two_numbers_in_turn_and_what_is_there_is_not_sent_again() -> None:
    pictures = KittyPictures((8, 16), process=1)
    one, other = (pictures.encode(draw_animal(stripes, 1), 10, 5) for stripes in (0.0, 1.0))
    numbers = [pictures.put("a", each) for each in (one, other, other, one)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 1, numbers[0]]
    assert len(sent(pictures.before_frame())) == 3
    assert pictures.put("b", one) not in numbers
    assert {int(keys["i"]) for keys, _ in sent(pictures.before_frame())}.isdisjoint(numbers)


def test_what_is_hidden_is_deleted_and_at_the_end_everything() -> None:
    pictures = KittyPictures((8, 16), process=1)
    picture = pictures.encode(draw_animal(0.5, 1), 10, 5)
    first, second = pictures.put("a", picture), pictures.put("b", picture)
    pictures.before_frame()
    pictures.drop(["a", "never shown"])
    assert sent(pictures.before_frame()) == [({"a": "d", "d": "I", "q": "2", "i": str(first)}, "")]
    assert sent(pictures.farewell()) == [({"a": "d", "d": "I", "q": "2", "i": str(second)}, "")]
    assert pictures.farewell() == ""
    pictures.put("a", picture)
    pictures.before_frame()
    pictures.forget()
    assert len(sent(pictures.before_frame())) == 1, "a terminal that was left has lost it"


def test_every_mark_is_one_that_combines_and_takes_no_cell() -> None:
    assert len(MARKS) == len(set(MARKS)) == 297
    assert sorted(MARKS) == MARKS
    assert MARKS[:5] == ["\u0305", "\u030d", "\u030e", "\u0310", "\u0312"]
    assert all(unicodedata.combining(mark) == 230 and cell_len(mark) == 0 for mark in MARKS)
    assert all(unicodedata.normalize("NFC", "a" + mark) == "a" + mark for mark in MARKS)
    assert cell_len(PLACEHOLDER) == 1


def test_placeholders_that_are_there_already_are_not_written_again() -> None:
    pictures, diff = KittyPictures((8, 16), process=1), TerminalDiff()
    red, green, blue = colour_of(pictures.put("a", pictures.encode(draw_animal(0.5, 1), 3, 2)))

    def frame(number_of_blue: int) -> str:
        rows = ("".join(pictures.cells(3, row)) for row in range(2))
        style = f"38;2;{red};{green};{number_of_blue}"
        return "".join(f"\x1b[{y + 1};1H\x1b[{style}m{row}\x1b[0m" for y, row in enumerate(rows))

    first = diff.thin(frame(blue))
    assert first.count(PLACEHOLDER) == 6
    assert PLACEHOLDER + MARKS[1] + MARKS[2] in first
    assert diff.thin(frame(blue)) == ""
    assert diff.thin(frame(blue + 1)).count(PLACEHOLDER) == 6
