"""A fault is told once when it has lasted, and once when it is over; what is unknown counts for neither."""

from __future__ import annotations

from engine.sentinels.finding import Finding, Outlook
from engine.sentinels.sentry import AT_ONCE, Patience, Relief, Sentry

FAULT = Finding(subject="D", fact="f", cause="c")


def judged(outlook: Outlook) -> Outlook:
    return outlook


def told(sentry: Sentry[Outlook], *readings: tuple[int, Outlook]) -> list[tuple[int, str]]:
    """The steps at which something was told, and what."""
    found = []
    for step, outlook in readings:
        news = sentry.look(outlook, step)
        if news is not None:
            found.append((step, "over" if isinstance(news, Relief) else "found"))
    return found


def every(ten: range, outlook: Outlook) -> list[tuple[int, Outlook]]:
    return [(step, outlook) for step in ten]


def test_an_episode_is_told_twice() -> None:
    sentry = Sentry("s", "warn", judged, Patience(steps=40, readings=3))
    course = [*every(range(0, 100, 10), FAULT), *every(range(100, 200, 10), "well"), *every(range(200, 300, 10), FAULT)]
    assert told(sentry, *course) == [(40, "found"), (120, "over"), (240, "found")]


def test_a_fault_that_comes_and_goes_is_not_told_and_neither_is_a_gap_in_one_its_end() -> None:
    sentry = Sentry("s", "warn", judged, Patience(steps=20, readings=3))
    flickering: list[tuple[int, Outlook]] = [(step, FAULT if step % 30 else "well") for step in range(0, 400, 10)]
    assert told(sentry, *flickering) == []
    lasting: list[tuple[int, Outlook]] = [(410, FAULT), (420, FAULT), (440, FAULT), (450, "well"), (460, FAULT)]
    assert told(sentry, (400, "well"), *lasting, (470, "well"), (480, FAULT)) == [(440, "found")]
    assert sentry.finding == FAULT


def test_few_readings_do_not_tell_however_long_they_took() -> None:
    sentry = Sentry("s", "warn", judged, Patience(steps=10, readings=3))
    assert told(sentry, (0, FAULT), (5_000, FAULT)) == []
    assert told(sentry, (10_000, FAULT)) == [(10_000, "found")]


def test_what_is_unknown_neither_interrupts_nor_adds() -> None:
    sentry = Sentry("s", "warn", judged, Patience(steps=0, readings=3))
    mixed: list[tuple[int, Outlook]] = [(1, FAULT), (2, "unknown"), (3, "unknown"), (4, FAULT), (5, "unknown")]
    assert told(sentry, *mixed) == []
    assert told(sentry, (6, FAULT), (7, "unknown")) == [(6, "found")]


def test_a_fault_may_be_told_at_once_and_its_end_be_waited_for() -> None:
    sentry = Sentry("s", "warn", judged, AT_ONCE, Patience(readings=2))
    assert told(sentry, (1, FAULT), (2, "well"), (3, "well")) == [(1, "found"), (3, "over")]
