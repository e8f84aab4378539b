"""What is said of a nudge: equal windows, noise told from change, weights taken out, and when nothing can be said."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count

import pytest

from engine.protocol import events as ev
from gan_tui.state import effect_words as words
from gan_tui.state.effect import LEAST_LINES, MOST_LINES, Effect, Row, effect_of, grouped, quantile
from gan_tui.state.history import History
from gan_tui.state.nudges import Made
from gan_tui.state.series import Stretch

WEIGHED = {"cycle": ("loss.cycle",), "idt": ("loss.cycle", "loss.identity")}
EVERY = 10


def made(step: int, name: str = "loss.cycle", old: float = 1.0, new: float = 1.0, undoes: int | None = None) -> Made:
    change = ev.Change(name=name, old=old, new=new)
    return Made(seq=step, step=step, time=0.0, changes=(change,) if old != new else (), by="me", undoes=undoes)


def lines(number: int, value: Callable[[float], float | None]) -> list[Stretch]:
    return [Stretch(step, 1, (value(step),)) for step in range(EVERY, EVERY * number + 1, EVERY)]


def noisy(seed: int, level: Callable[[float], float], memory: float = 0.0) -> Callable[[float], float]:
    """Noise of spread 0.1 about a level; with a memory a line resembles the one before."""
    draws, last = random.Random(seed), 0.0

    def value(step: float) -> float:
        nonlocal last
        last = memory * last + (1 - memory**2) ** 0.5 * draws.gauss(0, 0.1)
        return level(step) + last

    return value


def found(effect: Effect | None) -> Effect:
    assert effect is not None
    return effect


def row(course: list[Stretch], *nudges: Made, name: str = "D", back: int = 0) -> Row:
    [only] = found(effect_of(nudges, [name], course, WEIGHED, back)).rows
    return only


LEARNING = made(1000, "optim.lr_g", 1e-4, 2e-4)


def test_a_step_up_or_down_is_seen_and_noise_is_not() -> None:
    for after, verdict in ((1.0, "within noise"), (1.2, "higher"), (0.8, "lower")):
        told = row(lines(200, noisy(1, lambda step, a=after: a if step > 1000 else 1.0)), LEARNING)
        assert told.verdict == verdict
        assert told.after - told.before == pytest.approx(after - 1.0, abs=0.05)


@pytest.mark.parametrize("memory", [0.0, 0.6])
@pytest.mark.parametrize("number", [LEAST_LINES, 50, MOST_LINES])
def test_chance_alone_rarely_passes_for_an_effect(number: int, memory: float) -> None:
    """Of 300 nudges that do nothing one in a hundred is to pass; where lines resemble one another, a few."""
    course = [lines(2 * number, noisy(seed, lambda _: 1.0, memory)) for seed in range(300)]
    at = made(number * EVERY, "optim.lr_g", 1.0, 2.0)
    wrong = sum(row(each, at).verdict != "within noise" for each in course)
    assert wrong <= (9 if memory == 0 else 18)


def test_a_loss_that_goes_on_falling_is_said_to_move_as_before() -> None:
    falling = noisy(2, lambda step: 3.0 - step / 1000)
    assert row(lines(200, falling), LEARNING).verdict == "lower", "no window is earlier"
    at = made(2000, "optim.lr_g", 1.0, 2.0)
    told = row(lines(300, falling), at)
    assert told.drift == pytest.approx(-1.0, abs=0.1)
    assert told.verdict == "as before"
    turned = row(lines(300, noisy(2, lambda step: 3.0 - min(step, 2000) / 1000)), at)
    assert turned.verdict == "lower", "it falls no further, but is lower on the whole"


@pytest.mark.parametrize(
    ("name", "factor"), [("cycle", 0.5), ("idt", 0.5), ("D", 1.0)], ids=["its own", "one of two", "of another"]
)
def test_the_weight_itself_is_no_effect(name: str, factor: float) -> None:
    course = lines(200, noisy(3, lambda step: 10.0 * (factor if step > 1000 else 1.0)))
    told = row(course, made(1000, "loss.cycle", 10.0, 5.0), name=name)
    assert (told.factor, told.verdict) == (factor, "within noise")
    assert told.before == pytest.approx(10.0 * factor, abs=0.1)


def test_a_loss_whose_weight_was_or_becomes_0_is_not_compared() -> None:
    for old, new in ((0.0, 1.0), (1.0, 0.0)):
        course = lines(200, lambda step, a=old, b=new: b if step > 1000 else a)
        assert row(course, made(1000, "loss.cycle", old, new), name="cycle").verdict == "not comparable"


def test_windows_are_equal_and_reach_to_the_next_change() -> None:
    course = lines(300, noisy(4, lambda _: 1.0))
    nudges = [made(500, new=2.0), made(1000, new=2.0), made(1300, new=2.0)]
    told = [found(effect_of(nudges, ["D"], course, {}, back)) for back in (2, 1, 0)]
    assert [each.lines for each in told] == [50, 30, 30]
    assert [(each.before, each.after) for each in told] == [
        ((0, 500), (500, 1000)), ((700, 1000), (1000, 1300)), ((1000, 1300), (1300, 1600)),
    ]  # fmt: skip
    assert [(each.place, each.places) for each in told] == [(1, 3), (2, 3), (3, 3)]
    assert effect_of(nudges, ["D"], course, {}, 9) == told[0], "there is none before the first"
    whole = found(effect_of([made(5000, new=2.0)], ["D"], lines(1000, lambda _: 1.0), {}))
    assert whole.lines == MOST_LINES


def test_a_line_that_holds_steps_of_both_sides_is_left_out() -> None:
    course = lines(200, lambda step: 1.0 if step <= 1000 else 99.0 if step == 1010 else 2.0)
    told = found(effect_of([made(1005, new=2.0)], ["D"], course, {}))
    assert (told.before[1], told.after[0]) == (1000, 1010)
    assert (told.rows[0].before, told.rows[0].after) == (1.0, 2.0)


def test_nudges_within_one_line_count_as_one() -> None:
    ends = [float(line.last) for line in lines(100, lambda _: 1.0)]
    nudges = [made(step, new=2.0) for step in (100, 103, 109, 110, 200)]
    assert [[each.step for each in group] for group in grouped(nudges, ends)] == [[100, 103, 109], [110], [200]]
    there_and_back = [made(501, old=10.0, new=5.0), made(502, old=5.0, new=10.0)]
    told = found(effect_of(there_and_back, ["D"], lines(200, lambda _: 1.0), {}))
    assert told.changes == ()
    assert "took one another back" in told.problem


def test_too_early_and_too_short_are_said_plainly() -> None:
    course = lines(100, lambda _: 1.0)
    assert effect_of([], ["D"], course, {}) is None
    early = found(effect_of([made(950, new=2.0)], ["D"], course, {}))
    assert (early.lines, early.rows, early.problem) == (0, (), "Not enough yet: 5 of 12 lines of metrics since.")
    close = [made(500, new=2.0), made(550, new=3.0)]
    assert "only 5 lines of metrics were written between" in found(effect_of(close, ["D"], course, {})).problem
    assert "the next nudge came 5 lines" in found(effect_of(close, ["D"], course, {}, 1)).problem
    assert "Not enough yet: 0 of 12" in found(effect_of([made(1000, new=2.0)], ["D"], course, {})).problem
    assert found(effect_of([made(0, new=2.0)], ["D"], [], {})).lines == 0


def test_values_that_are_not_finite_are_no_means() -> None:
    course = lines(200, lambda step: None if step == 1500 else 1.0)
    told = found(effect_of([LEARNING], ["D"], course, {}))
    assert (told.lines, told.rows) == (100, ())


def test_what_shapes_a_loss_otherwise_is_said() -> None:
    rate = made(1000, "loss.rate", 0.01, 0.5)
    assert "loss.rate shapes losses" in found(effect_of([rate], ["D"], lines(200, lambda _: 1.0), WEIGHED)).problem


def test_of_an_old_part_of_the_course_buckets_are_compared() -> None:
    history = History(capacity=64)
    draw = noisy(5, lambda step: 1.0 if step <= 20_000 else 1.5)
    seq = count(1)
    for step in range(EVERY, 60_001, EVERY):
        history.record(
            ev.Metrics(
                seq=next(seq), step=step, time=float(step), epoch=1, images=step, losses={"D": draw(step)},
                lr={}, weights={}, throughput=1.0, data_wait=0.0,
            )
        )  # fmt: skip
    names, course = history.course_of("loss", 20_000, LEAST_LINES)
    assert names == ["D"]
    assert {stretch.lines for stretch in course} == {128}
    told = found(effect_of([made(20_000, "optim.lr_g", 1.0, 2.0)], names, course, {}))
    assert told.lines == 4 * 128
    assert told.rows[0].verdict == "higher"
    assert told.before[1] <= 20_000 <= told.after[0]
    _, newest = history.course_of("loss", 59_000, LEAST_LINES)
    assert {stretch.lines for stretch in newest} == {1}


def test_students_t() -> None:
    for freedom, expected in ((6, 3.707), (10, 3.169), (30, 2.750), (1000, 2.581)):
        assert quantile(freedom) == pytest.approx(expected, rel=0.03)


def test_words() -> None:
    course = lines(300, noisy(6, lambda step: 10.0 if step <= 2000 else 5.0))
    told = found(effect_of([made(2000, "loss.cycle", 10.0, 5.0)], ["cycle"], course, WEIGHED))
    assert words.headline(told) == "step 2,000  loss.cycle 10 → 5 (me)"
    assert words.windows(told) == "100 lines before: 1,000 to 2,000 · as many after: 2,000 to 3,000"
    heading, cells = words.table(told)
    assert heading == words.HEADING
    assert (cells[0], cells[-1]) == ("cycle ×0.5", "≈ noise")
    assert words.DRIFTS in words.notes(told)
    assert words.WEIGHED in words.notes(told)
    first = found(effect_of([made(1000, "optim.lr_g", 1.0, 2.0)], ["D"], lines(200, lambda _: 1.0), {}))
    assert "drift" not in words.table(first)[0]
    assert words.DRIFTS not in words.notes(first)
    undone = found(effect_of([made(1000, old=5.0, new=10.0, undoes=3)], ["D"], course, {}))
    assert words.headline(undone) == "step 1,000  undo: loss.cycle 5 → 10 (me)"
