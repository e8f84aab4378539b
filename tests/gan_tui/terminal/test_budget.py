"""How much may be sent: the design's figures, and less of it where the link is slow."""

from __future__ import annotations

import pytest

from gan_tui.terminal import budget as budgets
from gan_tui.terminal.budget import Spent
from gan_tui.terminal.link import LinkState


def test_the_budget_is_the_designs_and_half_of_a_slow_links_rate() -> None:
    assert budgets.budget(80 * 24, None) == pytest.approx(4000)
    assert budgets.budget(200 * 50, None) == pytest.approx(12_000)
    assert 4000 < budgets.budget(120 * 40, None) < 12_000
    assert budgets.budget(60 * 15, None) >= 2000
    assert budgets.budget(80 * 24, 1000.0) == pytest.approx(500)
    assert budgets.budget(80 * 24, 1e9) == pytest.approx(4000)


def test_drawings_are_stretched_by_what_was_spent_beyond_and_recover() -> None:
    link, spent = LinkState(), Spent()
    assert budgets.stretch(spent, 0.0, 4000, link) == 1
    spent = budgets.spend(spent, 0.0, 7000, 4000)
    assert budgets.stretch(spent, 0.0, 4000, link) == 1, "a screenful now and then is free"
    spent = budgets.spend(spent, 0.0, 9000, 4000)
    assert budgets.stretch(spent, 0.0, 4000, link) == pytest.approx(2)
    assert budgets.stretch(spent, 2.0, 4000, link) == 1
    assert budgets.stretch(budgets.spend(spent, 0.0, 1_000_000, 4000), 0.0, 4000, link) == budgets.MOST_STRETCH


def test_whoever_draws_more_than_the_budget_comes_to_the_budget() -> None:
    spent, now, sent = Spent(), 0.0, 0
    while now < 600:
        spent = budgets.spend(spent, now, 9000, 4000)
        sent += 9000
        now += budgets.stretch(spent, now, 4000, LinkState())
    assert sent / now == pytest.approx(4000, rel=0.1)


def test_a_terminal_that_stands_still_stretches_the_drawings_too() -> None:
    assert budgets.stretch(Spent(), 30.0, 4000, LinkState(writing_since=20.0)) > 4


def test_a_slow_link_is_sent_little_at_once_and_waited_for() -> None:
    assert budgets.chunk(LinkState()) is None
    assert budgets.hold(LinkState(backlog=1e6, at=0.0), 0.0) == 0
    slow = LinkState(rate=1000.0, backlog=1000.0, at=0.0)
    assert budgets.chunk(slow) == budgets.LEAST_CHUNK
    assert budgets.hold(slow, 0.0) == pytest.approx(1 - budgets.AHEAD_SECONDS)
    assert budgets.hold(slow, 1.0) == 0
    assert budgets.chunk(LinkState(rate=100_000.0)) == 25_000
