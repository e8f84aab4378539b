"""What the sentinels of a run have found, and what is known of its health: pure functions from events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from engine.protocol import events as ev

FOUND_LENGTH = 100
"""Alerts of sentinels that are remembered."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a sentinel has found."""

    alert: ev.Alert
    over: int | None = None
    """The step at which it was over, or at which another engine began to look anew; None while it is open."""

    @property
    def open(self) -> bool:
        """Whether it is not over."""
        return self.over is None


def with_alert(found: tuple[Found, ...], alert: ev.Alert) -> tuple[Found, ...]:
    """The list after an alert: a sentinel has one open alert at most. One that is no sentinel's changes nothing."""
    if not alert.sentinel:
        return found
    return (*_closed(found, alert.step, alert.sentinel), Found(alert=alert))[-FOUND_LENGTH:]


def with_recovery(found: tuple[Found, ...], event: ev.Recovered) -> tuple[Found, ...]:
    """The list after a sentinel told that it is over."""
    return _closed(found, event.step, event.sentinel)


def looked_anew(found: tuple[Found, ...], step: int) -> tuple[Found, ...]:
    """The list after an engine took the run up: what is still so it will tell again."""
    return _closed(found, step, None)


def open_alerts(found: tuple[Found, ...]) -> tuple[ev.Alert, ...]:
    """Those that are not over, oldest first."""
    return tuple(each.alert for each in found if each.open)


def acceptable(alerts: Sequence[ev.Alert], values: Mapping[str, float]) -> ev.Alert | None:
    """The newest alert with a suggestion that differs from what is in force.

    Args:
        alerts: open ones, oldest first.
        values: those of the controls.
    """
    for alert in reversed(alerts):
        if any(values.get(name, value) != value for name, value in alert.suggestion.items()):
            return alert
    return None


def _closed(found: tuple[Found, ...], step: int, sentinel: str | None) -> tuple[Found, ...]:
    if not any(each.open and sentinel in (None, each.alert.sentinel) for each in found):
        return found
    return tuple(
        replace(each, over=step) if each.open and sentinel in (None, each.alert.sentinel) else each for each in found
    )
