"""The health of a run in words: what is open, what is suggested, what was measured. Plain text, never markup."""

from __future__ import annotations

from collections.abc import Mapping

from engine.protocol import events as ev
from engine.sentinels.names import CHANGE, CORRELATION, DIVERSITY, beliefs_in, looks_in
from gan_tui.state.health import Found
from gan_tui.state.journal import number

WATCHED = {
    "not_finite": "losses that are NaN or infinite",
    "d_saturated": "a discriminator that is sure of every image",
    "imbalance": "a player far ahead of the other",
    "collapse": "translations that are all alike",
    "identity": "translations that are their input",
    "inversion": "translations that are negatives",
    "spike": "a loss far above its range",
    "stall": "losses that do not move",
    "starved": "a loop that waits for data",
    "stuck": "a step that does not end",
    "disk": "a disk that fills up",
    "throttled": "GPUs that are slowed down",
}
"""What each sentinel watches for."""


def suggestion_text(alert: ev.Alert, values: Mapping[str, float]) -> str:
    """The nudge that an alert suggests, from the values in force: loss.cycle_a 10 → 20."""
    moves = []
    for name, value in alert.suggestion.items():
        now = values.get(name)
        moves.append(f"{name} {'' if now is None else number(now)} → {number(value)}")
    return ", ".join(moves)


def belief_texts(health: Mapping[str, float | None]) -> list[str]:
    """What each discriminator believes, 0 to 1, of real images and of generated ones: D_A 0.72/0.31."""
    return [f"{who} {each.real:.2f}/{each.fake:.2f}" for who, each in beliefs_in(health).items()]


def look_texts(health: Mapping[str, float | None]) -> list[tuple[str, ...]]:
    """How the translations of the newest contact sheet look: of each its name and what was measured, in parts."""
    diversity, change, correlation = (dict(looks_in(health, prefix)) for prefix in (DIVERSITY, CHANGE, CORRELATION))
    told = []
    for name in dict.fromkeys((*diversity, *change, *correlation)):
        parts = (
            f"{word} {values[name]:.2f}"
            for word, values in (("diversity", diversity), ("|G(x)-x|", change), ("corr", correlation))
            if name in values
        )
        told.append((name, *parts))
    return told


def span_text(found: Found) -> str:
    """When an alert was open: since step 12,000; step 9,000 to 9,200."""
    if found.over is None:
        return f"open since step {found.alert.step:,}"
    return f"step {found.alert.step:,} to {found.over:,}"
