"""What of a run's course is worth calling its user for, and when: new alerts and the run's end, not too often."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, get_args

from gan_tui.state.appearance import Means
from gan_tui.state.run_view import RunView, Status

MEANS: tuple[Means, ...] = get_args(Means)
"""In the order in which a key goes through them."""
GAP_SECONDS = 30.0
"""Between two calls because of alerts; those that come meanwhile are told together. An end is told at once."""
UNKNOWN: frozenset[Status] = frozenset({"reading", "connecting"})
"""While a run is so, nobody knows what is new in it."""


class Notice(NamedTuple):
    """What a user is called for; both printable."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What a user knows of, or has been called for."""

    seq: int = -1
    """The newest event that is no news; -1 until the record has been read."""
    ended: bool = False
    """Whether the run's end is no news."""
    waiting: tuple[str, ...] = ()
    """Alerts that no call has been made for yet."""
    last_call: float = float("-inf")


class Verdict(NamedTuple):
    """What to do now."""

    watch: Watch
    notice: Notice | None = None
    """Whom to call for what; None where nobody is to be called now."""
    again_in: float | None = None
    """Seconds after which to look again, since something waits; None where nothing does."""


def following(means: Means) -> Means:
    """From off to bell, desktop, both, and round."""
    return MEANS[(MEANS.index(means) + 1) % len(MEANS)]


def judged(watch: Watch, view: RunView, now: float) -> Verdict:
    """Whether the user is to be called for what the view tells.

    What the first complete view has in it was there when the user came, and is no news.

    Args:
        watch: what is no news.
        view: the newest.
        now: any clock's seconds that only rise.
    """
    if watch.seq < 0:
        known = view.status not in UNKNOWN
        return Verdict(replace(watch, seq=view.last_seq, ended=view.ended) if known else watch)
    alerts = tuple(entry.text for entry in view.journal if entry.seq > watch.seq and entry.kind == "alert")
    ends = view.ended and not watch.ended
    watch = replace(
        watch,
        seq=max(watch.seq, view.last_seq),
        ended=watch.ended if view.status in UNKNOWN else view.ended,
        waiting=(*watch.waiting, *alerts),
    )
    if ends:
        return Verdict(replace(watch, waiting=(), last_call=now), _of_the_end(view, watch.waiting))
    if not watch.waiting:
        return Verdict(watch)
    wait = watch.last_call + GAP_SECONDS - now
    if wait > 0:
        return Verdict(watch, again_in=wait)
    return Verdict(replace(watch, waiting=(), last_call=now), _of_alerts(view, watch.waiting))


def _of_alerts(view: RunView, alerts: tuple[str, ...]) -> Notice:
    more = f" (and {len(alerts) - 1} more before it)" if len(alerts) > 1 else ""
    return Notice(f"{view.name}: alert at step {view.step:,}", alerts[-1] + more)


def _of_the_end(view: RunView, alerts: tuple[str, ...]) -> Notice:
    words = {"lost": "has lost its engine", "failed": "has failed", "finished": "has finished", "stopped": "is stopped"}
    told = view.link_detail if view.status == "lost" else view.failure.reason if view.failure else ""
    told = told or f"at step {view.step:,} of {view.total_steps:,}"
    if alerts:
        told += f"; before it {alerts[-1]}"
    return Notice(f"{view.name} {words[view.status]}", told)
