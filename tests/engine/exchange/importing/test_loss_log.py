"""Loss logs of the reference implementation, of all ages, whole and torn."""

from __future__ import annotations

import time

import pytest

from engine.exchange.importing.loss_log import LossLog, epoch_length, parse
from tests.reference import vectors

HEADING = "================ Training Loss (Sat Nov 21 04:44:27 2026) ================"
NEW = "[Rank 0] (epoch: 3, iters: 100, time: 0.151, data: 0.202) , D_A: 0.418, G_A: 0.665, cycle_A: 4.002"
OLD = "(epoch: 3, iters: 100, time: 0.151, data: 0.202) D_A: 0.418 G_A: 0.665 cycle_A: 4.002 "
OLDEST = "(epoch: 3, iters: 100, time: 0.151) D_A: 0.418 G_A: 0.665 cycle_A: 4.002 "


def log_of(images: int, epochs: int, print_freq: int) -> str:
    """As the reference prints it: a line whenever the number of all images is a multiple of print_freq."""
    lines = [HEADING]
    for number in range(print_freq, images * epochs + 1, print_freq):
        epoch, seen = divmod(number - 1, images)
        lines.append(f"(epoch: {epoch + 1}, iters: {seen + 1}, time: 0.100, data: 0.010) G_A: 0.500 D_A: 0.250 ")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("line", [NEW, OLD, OLDEST], ids=["ranks", "spaces", "without data"])
def test_a_line_of_any_age(line: str) -> None:
    [read] = parse(f"{HEADING}\n{line}\n").lines
    assert (read.epoch, read.iters, read.seconds) == (3, 100, 0.151)
    assert read.waited == (0.0 if line is OLDEST else 0.202)
    assert read.losses == {"D_A": 0.418, "G_A": 0.665, "cycle_A": 4.002}


def test_the_log_that_the_reference_wrote() -> None:
    log = parse((vectors.FOLDER / "checkpoints" / "loss_log.txt").read_text())
    assert log.torn == 0
    assert len(log.sessions) > 1, "it was trained, and continued"
    assert set(log.names) == {"D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"}
    assert all(session.began is not None for session in log.sessions)
    assert all(line.losses.keys() == set(log.names) for line in log.lines)


def test_a_heading_tells_the_time_of_this_machine() -> None:
    [session] = parse(f"{HEADING}\n{OLD}").sessions
    assert session.began is not None
    assert time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(session.began)) == "2026-11-21 04:44:27"


def test_a_heading_of_another_language_tells_none() -> None:
    [session] = parse(f"=== Training Loss (Sa 21 Nov 2026 04:44:27) ===\n{OLD}").sessions
    assert session.began is None


@pytest.mark.parametrize(
    "torn",
    [
        OLD[:40],
        OLD.rstrip()[:-1],
        OLD.replace(" cycle_A: 4.002 ", ""),
        OLD + OLD,
        "Traceback (most recent call last):",
        "(epoch: 1, iters: 100, time: 0.151, data: 0.202) ",
        "(epoch: 1\x00, iters: 100, time: 0.151) G_A: 0.100",
        "(epoch: 1, iters: 100, time: 0.151, data: 0.202) " + "G_A: 0.100 " * 5000 + "!",  # told at once, not tried on
    ],
    ids=[
        "in its beginning",
        "in a number",
        "between losses",
        "into the next",
        "of another program",
        "none",
        "binary",
        "long",
    ],
)
def test_a_torn_line_is_left_out_and_counted(torn: str) -> None:
    log = parse("\n".join([HEADING, OLD, torn, NEW]))
    assert (len(list(log.lines)), log.torn) == (2, 1)


def test_what_is_not_finite_is_read() -> None:
    [line] = parse(OLD.replace("0.418", "nan").replace("0.665", "-inf")).lines
    assert line.losses["D_A"] != line.losses["D_A"]
    assert line.losses["G_A"] == float("-inf")


def test_no_log_at_all() -> None:
    assert parse("") == LossLog(sessions=(), torn=0)
    assert parse("hello\nworld").names == ()
    assert epoch_length(parse("")).images == 0


@pytest.mark.parametrize(("images", "print_freq"), [(1334, 100), (400, 100), (97, 10), (5, 1), (250, 200)])
def test_images_of_an_epoch_follow_from_how_lines_go_on(images: int, print_freq: int) -> None:
    length = epoch_length(parse(log_of(images, 12, print_freq)))
    if images >= 2 * print_freq:
        assert (length.images, length.certain) == (images, True)
    else:  # an epoch has a line or two: none may follow another
        assert length.images <= images


def test_where_each_epoch_has_one_line_the_most_images_counted_are_taken() -> None:
    lines = [f"(epoch: {epoch}, iters: 4, time: 0.1{epoch}0, data: 0.001) G_A: 0.500 " for epoch in (1, 2, 3)]
    length = epoch_length(parse("\n".join(lines)))
    assert (length.images, length.certain) == (4, False)
