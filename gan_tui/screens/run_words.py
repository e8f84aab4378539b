"""A run as the browser words it: its line in the list, its headline, and the facts beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from engine.sizes import size_text
from gan_tui.client.run_figures import RunFigures
from gan_tui.state.axes import count_label, reading
from gan_tui.state.figures import figure_text
from gan_tui.state.key_words import with_keys
from gan_tui.state.plain_text import printable
from gan_tui.state.run_list import Branch, RowState, RunRow, origin_of
from gan_tui.state.run_view import Status
from gan_tui.state.wording import STATUS_WORDS, StateTone, age, duration, progress
from gan_tui.widgets.fact_sheet import Fact
from gan_tui.widgets.run_table import STAR, RunLine


def _as_in_the_header(status: Status) -> tuple[str, StateTone]:
    word = STATUS_WORDS[status]
    return word.symbol, word.token


STATES: dict[RowState, tuple[str, StateTone]] = {
    "starting": _as_in_the_header("starting"),
    "training": _as_in_the_header("training"),
    "paused": _as_in_the_header("paused"),
    "stopping": _as_in_the_header("stopping"),
    "stopped": _as_in_the_header("stopped"),
    "finished": _as_in_the_header("finished"),
    "failed": _as_in_the_header("failed"),
    "lost": _as_in_the_header("lost"),
    "damaged": ("✖", "bad"),
    "elsewhere": ("?", "waiting"),
}
"""Told by symbol and word; colour only helps."""

_BAR = 24
MINUTE = 60.0
"""Seconds; less is now, so that a list that nothing happens in is not written anew."""


def line_of(branch: Branch, now: float, *, marked: bool) -> RunLine:
    """Its line in the list."""
    row = branch.row
    symbol, tone = STATES[row.state]
    since = row.active or row.created
    return RunLine(
        key=row.path,
        lead=branch.lead,
        name=printable(row.name),
        starred=row.starred,
        marked=marked,
        symbol=symbol,
        state=row.state,
        tone=tone,
        system=printable(row.method) or "–",
        step=steps_of(row),
        share=progress(row.step, row.total_steps),
        active=_ago(now - since) if since else "–",
        device=printable(row.device),
        losses=tuple(f"{printable(name)} {loss_text(value)}" for name, value in row.losses.items()),
    )


def loss_text(value: float | None) -> str:
    """A loss; one that was not finite is told by that word."""
    return "nan" if value is None else reading(value)


def steps_of(row: RunRow) -> str:
    """Steps so far and in all: 49,210/266k."""
    if row.state == "damaged" and not row.step:
        return "–"
    return f"{row.step:,}/{count_label(row.total_steps)}" if row.total_steps else f"{row.step:,}"


def census(rows: Sequence[RunRow]) -> list[str]:
    """How many runs there are, and how many of those that one may want to look after: 13 runs, 2 training, 1 failed."""
    told = Counter(row.state for row in rows)
    counted = [f"{told[state]:,} {state}" for state in STATES if told[state] and state not in ("stopped", "finished")]
    return [f"{len(rows):,} run{'' if len(rows) == 1 else 's'}", *counted]


def headline_of(row: RunRow) -> str:
    """The run in one line."""
    symbol, _ = STATES[row.state]
    return " · ".join([f"{symbol} {row.state}", *filter(None, [row.method, row.device]), *[STAR] * row.starred])


def facts_of(
    row: RunRow, figures: RunFigures | None, children: Sequence[RunRow], now: float, keys: Mapping[str, str]
) -> list[Fact]:
    """What the details say of a run.

    Args:
        row: the run.
        figures: what it takes up on the disk; None while that is counted.
        children: the runs that grew from it.
        now: seconds since the Unix epoch.
        keys: that are in force, as they are shown, by the id of the action.
    """
    facts = [Fact("note", (row.note,))] if row.note else []
    if row.reason:
        facts.append(Fact("damaged" if row.state == "damaged" else "failed", (row.reason,), "bad"))
    if row.state == "lost":
        told = with_keys("its engine ended without a word; {runs-resume|r} resumes it", keys)
        facts.append(Fact("lost", (told,), "bad"))
    facts.append(Fact("steps", _progress(row)))
    facts += _losses(row)
    facts += _figures(row)
    if row.parent_step is not None or row.replays is not None:
        facts.append(Fact("from", (origin_of(row, below_parent=False),)))
    if row.preset:
        facts.append(Fact("preset", (row.preset,), "faint"))
    if children:
        facts.append(Fact("branches", tuple(f"{each.name} ({each.state})" for each in children[:4])))
    facts += _on_disk(figures)
    if row.created:
        facts.append(Fact("made", (f"{duration(max(0.0, now - row.created))} ago",), "faint"))
    facts.append(Fact("folder", (row.path,), "faint"))
    return facts


def _progress(row: RunRow) -> tuple[str, ...]:
    if not row.total_steps:
        return (f"{row.step:,}, epoch {row.epoch}",)
    done = min(1.0, row.step / row.total_steps)
    full = round(_BAR * done)
    bar = "━" * full + "╌" * (_BAR - full)
    return f"{bar} {progress(row.step, row.total_steps)}", f"{row.step:,} of {row.total_steps:,}, epoch {row.epoch}"


def _ago(seconds: float) -> str:
    return age(seconds) if seconds >= MINUTE else "now"


def _losses(row: RunRow) -> list[Fact]:
    """Two components a line."""
    names = max((len(name) for name in row.losses), default=0)
    told = [f"{name:<{names}} {loss_text(value):>6}" for name, value in row.losses.items()]
    lines = tuple("   ".join(told[at : at + 2]) for at in range(0, len(told), 2))
    return [Fact("losses", lines)] if lines else []


def _figures(row: RunRow) -> list[Fact]:
    """A figure a line: as it was measured last, and the best."""
    if row.evaluated is None:
        return []
    newest, best = row.evaluated.figures, row.evaluated.best
    told = [f"{'step':<10}{row.evaluated.step:>8,}   best"]
    for name in dict.fromkeys((*newest, *best)):
        now = figure_text(name, newest[name]) if name in newest else ""
        of_best = f"{figure_text(name, best[name].value)} @ {best[name].step:,}" if name in best else ""
        told.append(f"{printable(name):<10}{now:>8}   {of_best}")
    return [Fact("evaluated", tuple(told))]


def _on_disk(figures: RunFigures | None) -> list[Fact]:
    if figures is None:
        return [Fact("disk", ("counting…",), "faint")]
    number = f"{figures.checkpoints} checkpoint{'' if figures.checkpoints == 1 else 's'}"
    stars = f", {figures.starred} with {STAR}" if figures.starred else ""
    newest = f", newest of step {figures.newest:,}" if figures.newest is not None else ""
    shared = f", {size_text(figures.shared)} of it shared with other runs" if figures.shared else ""
    return [
        Fact("saved", (f"{number}{newest}{stars}",), "plain" if figures.checkpoints else "faint"),
        Fact("disk", (f"{size_text(figures.size)}{shared}",), "faint"),
    ]


SIGNS = [
    ("state", "  ".join(f"{symbol} {state}" for state, (symbol, _) in STATES.items())),
    ("list", "★ has a star, is not deleted  ◆ is to be compared with another"),
]
"""What the list draws, as the help tells it."""
