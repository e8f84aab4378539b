"""Sixels: the pixels that come out, and that a picture is drawn again when text was written where it lies."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import tty

from PIL import Image

from gan_tui.terminal.diff import MARK, TerminalDiff
from gan_tui.terminal.pictures import colour_of
from gan_tui.terminal.sixel import COLOURS, SixelPictures, sixels
from gan_tui.terminal.writer import FrameWriter
from tests.gan_tui.drawings import draw_animal

Colour = tuple[int, ...]


def decoded(data: str) -> tuple[tuple[int, int], dict[tuple[int, int], Colour]]:
    """The size that a sequence declares, and the pixels it sets, in percent of each channel."""
    whole = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)(.*)\x1b\\', data)
    assert whole is not None
    registers: dict[int, Colour] = {}
    pixels: dict[tuple[int, int], Colour] = {}
    x = y = 0
    colour: Colour = ()
    repeat = 1
    for define, choose, run, char in re.findall(r"#(\d+;2;\d+;\d+;\d+)|#(\d+)|!(\d+)|([?-~$-])", whole[3]):
        if define:
            number, _, *channels = map(int, define.split(";"))
            registers[number] = tuple(channels)
        elif choose:
            colour = registers[int(choose)]
        elif run:
            repeat = int(run)
            continue
        elif char == "$":
            x = 0
        elif char == "-":
            x, y = 0, y + 6
        else:
            bits = [bit for bit in range(6) if ord(char) - 63 >> bit & 1]
            pixels.update({(x + right, y + bit): colour for right in range(repeat) for bit in bits})
            x += repeat
        repeat = 1
    return (int(whole[1]), int(whole[2])), pixels


def test_the_pixels_are_those_of_the_picture() -> None:
    picture = draw_animal(0.6, 2).crop((0, 0, 50, 40))
    size, pixels = decoded(sixels(picture))
    assert size == picture.size
    reduced = picture.quantize(COLOURS).convert("RGB")
    expected = {
        (x, y): tuple(round(channel / 2.55) for channel in reduced.getpixel((x, y)))  # type: ignore[union-attr]
        for x in range(50)
        for y in range(40)
    }
    assert pixels == expected


def test_a_picture_fills_its_cells_as_a_square() -> None:
    encoded = SixelPictures((8, 20)).encode(Image.new("RGB", (9, 9), (200, 10, 10)), 4, 2)
    assert decoded(encoded.data)[0] == (32, 32)
    assert (encoded.columns, encoded.rows) == (4, 2)


def text(*lines: tuple[int, int, str, str]) -> str:
    return "".join(f"\x1b[{y + 1};{x + 1}H\x1b[{style}m{words}\x1b[0m" for x, y, style, words in lines)


def test_it_is_drawn_where_its_marks_are_and_again_when_what_lay_over_them_is_gone() -> None:
    pictures, diff = SixelPictures((8, 16)), TerminalDiff()
    encoded = pictures.encode(draw_animal(0.5, 1), 4, 2)
    red, green, blue = colour_of(pictures.put("a", encoded))
    marks = text(*((6, y, f"38;2;{red};{green};{blue}", MARK * 4) for y in (2, 3)))

    def drawn(frame: str) -> bytes:
        diff.take(frame)
        diff.drain()
        return pictures.overlay(diff)

    placed = f"\x1b7\x1b[3;7H{encoded.data}\x1b8".encode()
    assert drawn(text((0, 0, "", "words"))) == b""
    assert drawn(marks) == placed
    assert pictures.overlay(diff) == b"", "once"
    assert drawn(marks) == b"", "nothing was sent there"
    assert drawn(text((0, 2, "", "beside"))) == b""
    assert drawn(text((5, 2, "31", "dialog"))) == b"", "covered in part"
    assert drawn(text((6, 3, "31", "x"))) == b""
    assert drawn(text((6, 3, f"38;2;{red};{green};{blue}", MARK * 2))) == b"", "still covered"
    assert drawn(marks) == placed
    other = pictures.put("a", pictures.encode(draw_animal(1.0, 1), 4, 2))
    assert colour_of(other) != (red, green, blue)
    pictures.drop(["a"])
    diff.forget()
    assert drawn(marks) == b""


def test_the_writer_draws_it_after_its_cells() -> None:
    pictures, (master, slave) = SixelPictures((8, 16)), pty.openpty()
    tty.setraw(slave)
    writer = FrameWriter(slave)
    writer.overlay = pictures.overlay
    encoded = pictures.encode(draw_animal(0.5, 1), 4, 2)
    red, green, blue = colour_of(pictures.put("a", encoded))
    writer.start()
    writer.write(text(*((6, y, f"38;2;{red};{green};{blue}", MARK * 4) for y in (2, 3))), (20, 10))
    writer.stop()
    os.close(slave)
    read = b""
    with contextlib.suppress(OSError):  # the end, on Linux
        while data := os.read(master, 65536):
            read += data
    os.close(master)
    assert read.endswith(f"{MARK}\x1b7\x1b[3;7H{encoded.data}\x1b8".encode())
