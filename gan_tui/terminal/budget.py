"""How much may be sent to a terminal, and how much slower to draw when it was more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gan_tui.terminal import link
from gan_tui.terminal.link import LinkState

SMALL, LARGE = (80 * 24, 4000.0), (200 * 50, 12_000.0)
"""Cells of a terminal, and the bytes a second that it may be sent on average: the design's figures."""
SHARE = 0.5
"""Of a slow link's rate; the rest is for what keys cause."""
AHEAD_SECONDS = 0.25
"""So much of a slow link's time may be under way: what a key causes waits for no more than that."""
FREE_SECONDS = 2.0
"""So much of the budget may be spent at once without consequences."""
MOST_STRETCH = 8.0
LEAST_CHUNK = 256


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Bytes spent and not made good for by time yet: a bucket that leaks at the budget's rate."""

    level: float = 0.0
    at: float = 0.0


def budget(cells: int, rate: float | None) -> float:
    """Bytes a second that may be sent on average to a terminal of so many cells over a link of that rate."""
    (small, least), (large, most) = SMALL, LARGE
    due = least + (most - least) * (cells - small) / (large - small)
    due = max(least / 2, due)
    return due if rate is None else min(due, SHARE * rate)


def spend(spent: Spent, now: float, size: int, allowed: float) -> Spent:
    """So many bytes were sent, with so many allowed a second."""
    return replace(spent, level=_leaked(spent, now, allowed) + size, at=now)


def stretch(spent: Spent, now: float, allowed: float, state: LinkState) -> float:
    """By what to multiply the time between two drawings, between 1 and MOST_STRETCH."""
    owed = _leaked(spent, now, allowed) / allowed
    if state.writing_since is not None:
        owed += max(0.0, now - state.writing_since)
    return min(MOST_STRETCH, max(1.0, owed / FREE_SECONDS))


def hold(state: LinkState, now: float) -> float:
    """Seconds to wait before sending on; 0 where the link shows no limit."""
    if state.rate is None:
        return 0.0
    return max(0.0, link.backlog(state, now) / state.rate - AHEAD_SECONDS)


def chunk(state: LinkState) -> int | None:
    """Characters to send at once; None: as many as there are."""
    return None if state.rate is None else max(LEAST_CHUNK, int(AHEAD_SECONDS * state.rate))


def _leaked(spent: Spent, now: float, allowed: float) -> float:
    return max(0.0, spent.level - allowed * (now - spent.at))
