"""How the dashboard words numbers, times and states."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from gan_tui.state.run_view import Status

READ_ONLY = "This view is read-only: attach without --readonly, by a key that steers."


StateTone: TypeAlias = Literal["good", "waiting", "bad", "plain"]
"""What colours a state."""


class StatusWord(NamedTuple):
    """A state as the header says it: told by symbol and word; colour only helps."""

    symbol: str
    word: str
    token: StateTone


STATUS_WORDS: dict[Status, StatusWord] = {
    "reading": StatusWord("◌", "READING", "waiting"),
    "connecting": StatusWord("◌", "CONNECTING", "waiting"),
    "starting": StatusWord("◌", "STARTING", "waiting"),
    "training": StatusWord("●", "TRAINING", "good"),
    "paused": StatusWord("‖", "PAUSED", "waiting"),
    "stopping": StatusWord("■", "STOPPING…", "waiting"),
    "stopped": StatusWord("■", "STOPPED", "plain"),
    "finished": StatusWord("✔", "FINISHED", "good"),
    "failed": StatusWord("✖", "FAILED", "bad"),
    "lost": StatusWord("✖", "LOST", "bad"),
}


def duration(seconds: float) -> str:
    """A time span in its two largest units: 48s, 3m 20s, 1h 52m, 2d 4h."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60:02}m"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def age(seconds: float) -> str:
    """How long ago, in one unit, so that it seldom changes: 12 s, 5 min, 1 h, 3 d."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{int(max(0.0, seconds))} s"


def pace(steps_a_second: float) -> str:
    """Throughput: 61.2 it/s, 0.45 it/s; slow ones as 3.2 s/it."""
    if steps_a_second >= 10:
        return f"{steps_a_second:.1f} it/s"
    if steps_a_second >= 0.5:
        return f"{steps_a_second:.2f} it/s"
    return f"{1 / steps_a_second:.1f} s/it" if steps_a_second > 0 else "– it/s"


def count(number: float) -> str:
    """Parameters: 11.4M, 812k."""
    return f"{number / 1e6:.1f}M" if number >= 1e6 else f"{number / 1e3:.0f}k" if number >= 1e3 else f"{number:.0f}"


def progress(step: int, total: int | None) -> str:
    """How much of a run's steps is done, 100% only once all are; empty where it is not known how many there are."""
    return f"{min(100, 100 * step // total)}%" if total else ""
