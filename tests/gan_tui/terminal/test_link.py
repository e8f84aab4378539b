"""When a link counts as slow, and what rate it is believed to have: by made-up times."""

from __future__ import annotations

import pytest

from gan_tui.terminal import budget, link
from gan_tui.terminal.link import LinkState


def written(state: LinkState, at: float, seconds: float, size: int) -> LinkState:
    """A write that began then and took so long."""
    return link.wrote(link.began(state, at), at + seconds, size)


def test_a_terminal_that_takes_everything_is_never_slow() -> None:
    state = LinkState()
    for second in range(100):
        state = written(state, second, 0.001, 50_000)
        assert not link.slow(state, second + 0.01)
    assert state.rate is None
    assert link.backlog(state, 101) == 0


def test_a_write_that_waited_tells_the_rate_and_makes_the_link_slow_for_a_while() -> None:
    state = written(LinkState(), 10, 0.0, 18_000)  # the kernel takes it
    assert not link.slow(state, 10.1)
    state = written(state, 10.1, 1.9, 2_000)  # and now waits until all is gone
    assert state.rate == pytest.approx(10_000)
    assert link.slow(state, 12.0)
    assert link.slow(state, 12.0 + link.REST_SECONDS - 0.1)
    assert not link.slow(state, 12.0 + link.REST_SECONDS + 0.1)


def test_what_is_under_way_grows_less_with_time() -> None:
    state = LinkState(rate=1000.0, measured_at=0.0)
    state = written(state, 1.0, 0.0, 500)
    assert link.backlog(state, 1.1) == pytest.approx(400)
    state = written(state, 1.1, 0.0, 600)
    assert link.backlog(state, 1.1) == pytest.approx(1000)
    assert link.backlog(state, 9.0) == 0
    assert link.slow(state, 1.2), "it has a second's worth under way"


def test_what_is_taken_at_once_leaves_no_more_under_way_than_the_kernel_holds() -> None:
    state = written(LinkState(), 0.0, 0.12, 3000)  # the terminal was busy once
    assert state.rate == pytest.approx(25_000)
    for frame in range(60):
        at = 0.2 + frame / 10
        state = written(state, at, 0.0, 12_000)
        assert link.backlog(state, at) <= link.KERNEL_BYTES
    assert state.rate > 100_000, "120 kB a second were taken, whatever it was at first"
    assert budget.hold(state, at) == 0


def test_a_slow_link_is_not_taken_for_a_fast_one_while_the_kernel_takes_what_is_sent() -> None:
    state = written(LinkState(), 0.0, 2.0, 20_000)
    assert state.rate == pytest.approx(10_000)
    for tenth in range(20):
        state = written(state, 2.1 + tenth / 10, 0.0, 1000)
    assert state.rate == pytest.approx(10_000)


def test_it_is_slow_while_a_write_is_not_taken() -> None:
    state = link.began(LinkState(), 5.0)
    assert not link.slow(state, 5.1)
    assert link.slow(state, 5.0 + link.BEHIND_SECONDS + 0.1)


def test_a_terminal_that_stood_still_has_no_rate() -> None:
    state = written(LinkState(), 0.0, 20.0, 20_000)
    assert state.rate is None
    assert link.slow(state, 21)


def test_a_rate_is_forgotten_when_nothing_has_shown_it_for_long() -> None:
    state = written(LinkState(), 0.0, 2.0, 20_000)
    assert state.rate is not None
    assert written(state, 20.0, 0.0, 100).rate is not None
    assert written(state, 2.0 + link.FORGET_SECONDS + 1, 0.0, 100).rate is None


def through_a_queue(rate: float, delay: float, size: int, seconds: float) -> LinkState:
    """Write so much ten times a second to a connection of that rate, whose acknowledgements come late."""
    state, sent = LinkState(), 0.0
    history = [(0.0, 0.0)]
    acknowledged, at = 0.0, 0.0
    while at < seconds:
        arrived = min(sent, acknowledged + rate * 0.1)
        history.append((at, arrived))
        acknowledged = arrived
        known = max((value for when, value in history if when <= at - delay), default=0.0)
        state = link.queue_seen(state, at, int(sent - known))
        state = written(state, at, 0.0, size)
        sent += size
        at += 0.1
    return state


def test_a_queue_that_grows_makes_a_link_slow_at_its_rate() -> None:
    state = through_a_queue(rate=10_000, delay=0.2, size=3000, seconds=5)
    assert state.rate == pytest.approx(10_000, rel=0.3)
    assert link.slow(state, 5)


def test_a_far_terminal_is_not_a_slow_one() -> None:
    state = through_a_queue(rate=10_000_000, delay=0.2, size=600, seconds=5)
    assert not link.slow(state, 5)


def test_a_queue_that_stands_still_and_goes_on_is_believed_again() -> None:
    state = LinkState()
    for tenth in range(50):
        state = link.queue_seen(state, tenth / 10, 5000)
        state = link.began(state, tenth / 10)
    assert state.rate == link.LEAST_RATE
    assert link.slow(state, 5.0)
    state = link.queue_seen(state, 5.1, 0)
    assert link.backlog(state, 5.1) == 0
    assert state.rate is not None
    assert state.rate > 5000
