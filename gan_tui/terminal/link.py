"""Judges by what was written, and when it was taken, how fast the way to the terminal is and whether it is behind."""

from __future__ import annotations

from dataclasses import dataclass, replace

KERNEL_BYTES = 20_000
"""A pseudo-terminal takes so much before it makes anyone wait."""
BLOCKED_SECONDS = 0.1
"""A write that takes longer has waited for the terminal."""
BEHIND_SECONDS = 0.7
"""What is under way for longer makes a link slow."""
REST_SECONDS = 5.0
"""So long a link must keep up before it is not slow any more."""
FORGET_SECONDS = 30.0
"""A rate that has not been measured for so long is not believed any more."""
MEASURE_SECONDS = 0.5
"""The rate of a queue that is seen is taken over no less: acknowledgements come a round trip late."""
BUSY_BYTES = 2048
"""Less than this in a queue that is seen is under way on any link that is not next door."""
STANDSTILL_RATE = 2000.0
"""Bytes a second. A pseudo-terminal that looks slower has stood still for a while and is as fast as before: of its
20 kB nothing is told until all are gone."""
LEAST_RATE = 300.0
"""No rate is believed to be lower, so that the next measurement comes soon."""
_IDLE_SECONDS = 1.0
_NEVER = float("-inf")


@dataclass(frozen=True, kw_only=True)
class LinkState:
    """What is known of the way to the terminal. Times are those of a monotonic clock."""

    rate: float | None = None
    """Bytes a second that it takes; None while nothing has shown a limit."""
    backlog: float = 0.0
    """Bytes that were under way at the time ``at``."""
    at: float = _NEVER
    counted: float = 0.0
    """Bytes that were to go since ``counted_at``, for the next measurement of the rate."""
    counted_at: float = _NEVER
    measured_at: float = _NEVER
    """When the rate was measured last."""
    behind_at: float = _NEVER
    """When it was behind last."""
    writing_since: float | None = None
    """When the write began that has not ended yet."""
    queue_is_seen: bool = False
    """Whether the queue behind the pseudo-terminal is: that takes what it is given, and a write tells nothing."""


def backlog(state: LinkState, now: float) -> float:
    """Bytes that are probably still under way."""
    return max(0.0, state.backlog - state.rate * (now - state.at)) if state.rate and state.backlog else 0.0


def slow(state: LinkState, now: float) -> bool:
    """Whether the link is behind or has been so lately."""
    held = state.writing_since is not None and now - state.writing_since > BEHIND_SECONDS
    return held or now - state.behind_at < REST_SECONDS


def began(state: LinkState, now: float) -> LinkState:
    """A write begins."""
    if now - state.at > _IDLE_SECONDS:
        state = replace(state, counted=0.0, counted_at=now)
    if state.rate is not None and now - state.measured_at > FORGET_SECONDS:
        state = replace(state, rate=None, backlog=0.0)
    return replace(state, writing_since=now)


def wrote(state: LinkState, now: float, size: int) -> LinkState:
    """The write has ended.

    One that had to wait says that all before it has been taken meanwhile, and at what rate. One that had not says that
    all but what the kernel holds has been taken: a terminal that was busy for a while is soon seen to be fast again.
    """
    begun = now if state.writing_since is None else state.writing_since
    waited = now - begun
    left = backlog(state, now)
    counted = state.counted + size
    state = replace(state, writing_since=None, at=now, backlog=left + size, counted=counted)
    if waited >= BLOCKED_SECONDS:
        measured = counted / max(waited, now - state.counted_at)
        if measured > STANDSTILL_RATE:
            state = replace(state, rate=_mixed(state.rate, measured), measured_at=now)
        state = replace(state, backlog=float(size), counted=0.0, counted_at=now)
    elif not state.queue_is_seen:
        state = replace(state, rate=_proved(state, now), backlog=min(state.backlog, KERNEL_BYTES))
    if waited > BEHIND_SECONDS or _seconds_of(state.backlog, state.rate) > BEHIND_SECONDS:
        state = replace(state, behind_at=now)
    return state


def queue_seen(state: LinkState, now: float, queued: int) -> LinkState:
    """The queue behind the pseudo-terminal is this long, as the connection's own, in bytes not acknowledged."""
    elapsed = now - state.counted_at  # without end where nothing was counted yet
    seen = replace(state, backlog=float(queued), at=now, queue_is_seen=True)
    measured = max(0.0, state.counted - queued) / elapsed if elapsed else 0.0
    if queued <= BUSY_BYTES:
        rate = None if state.rate is None else max(state.rate, measured)
        return replace(seen, rate=rate, backlog=0.0, counted=float(queued), counted_at=now)
    if elapsed == float("inf"):
        return replace(seen, counted=float(queued), counted_at=now)
    if elapsed >= MEASURE_SECONDS:
        rate = max(LEAST_RATE, _mixed(state.rate, measured))
        seen = replace(seen, rate=rate, measured_at=now, counted=float(queued), counted_at=now)
    if _seconds_of(seen.backlog, seen.rate) > BEHIND_SECONDS:
        seen = replace(seen, behind_at=now)
    return seen


def _proved(state: LinkState, now: float) -> float | None:
    """The rate, at least as high as what was counted since the last measurement shows."""
    elapsed = now - state.counted_at
    if state.rate is None or elapsed <= 0:
        return state.rate
    return max(state.rate, (state.counted - KERNEL_BYTES) / elapsed)


def _mixed(rate: float | None, measured: float) -> float:
    return measured if rate is None else (rate + measured) / 2


def _seconds_of(size: float, rate: float | None) -> float:
    return size / rate if rate else 0.0
