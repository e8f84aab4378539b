"""The effect of a nudge in words, and as the cells of a table."""

from __future__ import annotations

from math import isfinite

from gan_tui.state.effect import Effect, Row, Verdict
from gan_tui.state.journal import COMPUTED, number
from gan_tui.state.nudges import moves
from gan_tui.state.plain_text import printable

SIGNS: dict[Verdict, str] = {
    "higher": "▲ higher",
    "lower": "▼ lower",
    "within noise": "≈ noise",
    "as before": "· as before",
    "not comparable": "– none: × 0",
}
HEADING = ("loss", "before", "after", "change", "noise", "drift", "verdict")
DRIFT = HEADING.index("drift")
DISPENSABLE = ("noise", "before", "drift", "after")
"""Columns that a narrow table does without, in this order: the change and the verdict say most."""
MEANS = "Means of equal windows of lines. noise: what chance alone makes of the difference, 99 times in 100."
PROOF = "A difference is no proof: losses move by themselves."
DRIFTS = "drift: the same difference one window earlier; as before: it goes on as it did."
WEIGHED = "×: the nudge weighs this loss anew; its mean before is brought to the new weight."


def headline(effect: Effect) -> str:
    """Which nudge, and what it moved: step 30,000  loss.cycle_a 10 → 8 (you)."""
    steps = sorted({nudge.step for nudge in effect.nudges})
    at = f"step {steps[0]:,}" if len(steps) == 1 else f"steps {steps[0]:,} to {steps[-1]:,}"
    by = ", ".join(dict.fromkeys(nudge.by for nudge in effect.nudges))
    undo = "undo: " if all(nudge.undoes is not None for nudge in effect.nudges) else ""
    return printable(f"{at}  {undo}{moves(effect.changes) or 'nothing'} ({by})")


def subline(effect: Effect) -> str:
    """How many nudges are measured together, and why they were made."""
    words = []
    if len(effect.nudges) > 1:
        words.append(f"{len(effect.nudges)} nudges within one line of metrics, measured as one")
    if why := "; ".join(nudge.why for nudge in effect.nudges if nudge.why):
        words.append(f"“{why}”")
    return printable(" · ".join(words))


def windows(effect: Effect) -> str:
    """Which lines are compared."""
    if not effect.lines:
        return ""
    (begin, nudged), (after, end) = effect.before, effect.after
    return f"{effect.lines} lines before: {begin:,.0f} to {nudged:,.0f} · as many after: {after:,.0f} to {end:,.0f}"


def table(effect: Effect) -> list[tuple[str, ...]]:
    """The heading, and the cells of each row; without the drift where no window is earlier."""
    rows = [HEADING, *(_cells(row) for row in effect.rows)]
    if any(row.drift is not None for row in effect.rows):
        return rows
    return [row[:DRIFT] + row[DRIFT + 1 :] for row in rows]


def notes(effect: Effect) -> str:
    """How the table is to be read, as far as it needs it."""
    drift = any(row.drift is not None for row in effect.rows)
    weighed = any(row.factor != 1.0 or row.verdict == "not comparable" for row in effect.rows)
    return " ".join([MEANS, *([DRIFTS] if drift else []), *([WEIGHED] if weighed else []), PROOF])


def _cells(row: Row) -> tuple[str, ...]:
    """By HEADING."""
    name = printable(row.name) + (f" ×{number(row.factor, COMPUTED)}" if row.factor != 1.0 else "")
    difference = row.after - row.before
    if row.verdict == "not comparable":
        return (name, _value(row.before), _value(row.after), "", "", "", SIGNS[row.verdict])
    share = f" {100 * difference / abs(row.before):+.1f}%" if row.before else ""
    drift = "–" if row.drift is None else f"{row.drift:+.3g}"
    change = f"{difference:+.3g}{share}"
    return (name, _value(row.before), _value(row.after), change, f"{row.noise:.2g}", drift, SIGNS[row.verdict])


def _value(value: float) -> str:
    return f"{value:.4g}" if isfinite(value) else "–"
