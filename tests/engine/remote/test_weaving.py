"""Lines of two files that arrive in any chunks come out in the order of their numbers, and byte for byte."""

from __future__ import annotations

from random import Random

import pytest

from engine.protocol.record import LONGEST_LINE
from engine.remote.weaving import File, Weaver

BOTH: frozenset[File] = frozenset({"metrics", "events"})


def lines_of(numbers: list[int]) -> bytes:
    return b"".join(b'{"kind":"x","seq":%d}\n' % number for number in numbers)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_chunks_the_order_is_that_of_the_engine(seed: int) -> None:
    random = Random(seed)
    of_metrics = {number for number in range(1, 200) if random.random() < 0.7}
    whole: dict[File, bytes] = {
        "metrics": lines_of(sorted(of_metrics)),
        "events": lines_of(sorted({*range(1, 200)} - of_metrics)),
    }
    weaver, woven = Weaver(), list[tuple[File, bytes]]()
    known: dict[File, int] = {"metrics": 0, "events": 0}
    while any(known[file] < len(whole[file]) for file in whole):
        for file in whole:
            chunk = whole[file][known[file] : known[file] + random.randrange(120)]
            weaver.add(file, chunk)
            known[file] += len(chunk)
        woven += weaver.take(frozenset(file for file in whole if known[file] == len(whole[file])))
    assert b"".join(line for _, line in woven) == lines_of([*range(1, 200)])
    for file, content in whole.items():
        assert b"".join(line for name, line in woven if name == file) == content


def test_a_line_waits_for_what_may_precede_it_in_the_other_file() -> None:
    weaver = Weaver()
    weaver.add("metrics", lines_of([2, 3]))
    assert weaver.take(frozenset({"metrics"})) == []
    weaver.add("events", lines_of([1]))
    assert [line for _, line in weaver.take(frozenset())] == [lines_of([1])]
    assert [line for _, line in weaver.take(BOTH)] == [lines_of([2]), lines_of([3])]


def test_damaged_lines_stay_where_they_are_and_hold_up_nothing() -> None:
    weaver = Weaver()
    damaged = b"\xff torn\n\n{}\n" + b"x" * (LONGEST_LINE + 1)
    weaver.add("metrics", lines_of([1]) + damaged)
    weaver.add("metrics", b"\n" + lines_of([4]))
    weaver.add("events", lines_of([2, 3]))
    woven = weaver.take(BOTH)
    assert b"".join(line for file, line in woven if file == "metrics") == lines_of([1]) + damaged + b"\n" + lines_of(
        [4]
    )
    assert [line for file, line in woven if file == "events"] == [lines_of([2]), lines_of([3])]
    assert woven[-1] == ("metrics", lines_of([4]))
