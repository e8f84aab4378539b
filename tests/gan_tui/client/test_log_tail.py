"""The end of a log that grows, is torn, is cut, or is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_tui.client.log_tail import LogFollower, LogTail
from gan_tui.state.log_lines import News
from tests.until import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.log"


def test_only_what_is_new_is_read_and_a_torn_line_again(path: Path) -> None:
    tail = LogTail(path)
    path.write_bytes(b"one\ntw")
    assert tail.look() == News(("one", "tw"), unfinished=True, anew=True)
    assert tail.look() is None
    with path.open("ab") as file:
        file.write("o\n\ndr\u00fcber\n".encode())
    assert tail.look() == News(("two", "", "drüber"))
    assert tail.look() is None


def test_of_a_long_log_the_end_is_read_from_a_whole_line_on(path: Path) -> None:
    path.write_bytes(b"".join(b"line %06d\n" % number for number in range(10_000)))
    news = LogTail(path, kept=100).look()
    assert news is not None
    assert news.lines == tuple(f"line {number:06}" for number in range(9_992, 10_000))
    assert news.skipped == 9_992 * 12
    everything = LogTail(path, kept=0).look()
    assert everything is not None
    assert (len(everything.lines), everything.skipped) == (10_000, 0)


def test_a_log_that_was_cut_begins_anew(path: Path) -> None:
    tail = LogTail(path)
    path.write_bytes(b"a long line of before\n")
    tail.look()
    path.write_bytes(b"new\n")
    assert tail.look() == News(("new",), anew=True)


def test_an_empty_log_and_one_that_is_not_there_yet(path: Path) -> None:
    tail = LogTail(path)
    assert tail.look() == News((), anew=True, trouble="No such file or directory")
    assert tail.look() is None, "that was said"
    path.touch()
    assert tail.look() == News((), anew=True)
    path.write_bytes(b"\xff\xfe no text\n")
    assert tail.look() == News(("\ufffd\ufffd no text",))


def test_who_follows_is_told_from_a_thread_until_it_ends(path: Path) -> None:
    path.write_bytes(b"one\n")
    told: list[News] = []
    follower = LogFollower(LogTail(path), interval=0.01)
    follower.start(told.append)
    until(lambda: told, "the first look")
    with path.open("ab") as file:
        file.write(b"two\n")
    until(lambda: len(told) == 2, "the next line")
    follower.close()
    assert told == [News(("one",), anew=True), News(("two",))]
