"""A checkpoint as the picker words it: its line in the table, its headline, and the facts of its preflight."""

from __future__ import annotations

from engine.sizes import size_text
from gan_tui.client.inventory import Kept, UnreadableCheckpoint
from gan_tui.client.preflight import Preflight
from gan_tui.client.preflight_words import told
from gan_tui.state.axes import reading
from gan_tui.state.figures import figure_text
from gan_tui.state.wording import duration
from gan_tui.widgets.checkpoint_table import STAR, CheckpointRow
from gan_tui.widgets.fact_sheet import Fact


def step_of(each: Kept | UnreadableCheckpoint) -> int:
    """Its step: by its manifest, or by its folder's name."""
    return each.manifest.step if isinstance(each, Kept) else int(each.folder.name.removeprefix("step-"))


def headline_of(each: Kept | UnreadableCheckpoint | None, now: float) -> str:
    """The checkpoint in one line; empty for none."""
    if not isinstance(each, Kept):
        return each.folder.name if each else ""
    manifest = each.manifest
    age = duration(max(0.0, now - manifest.time))
    words = [f"step {manifest.step:,}", f"epoch {manifest.epoch}", size_text(manifest.size), f"{age} old"]
    return " · ".join([*words, *[STAR] * each.starred, *["best"] * each.best])


def row_of(each: Kept | UnreadableCheckpoint, now: float) -> CheckpointRow:
    """Its line in the table."""
    if isinstance(each, UnreadableCheckpoint):
        return CheckpointRow(key=each.folder.name, step=step_of(each), mark="unreadable")
    manifest = each.manifest
    return CheckpointRow(
        key=each.folder.name,
        step=manifest.step,
        starred=each.starred,
        noted=bool(each.note),
        mark="damaged" if each.damage else "best" if each.best else "",
        epoch=manifest.epoch,
        age=now - manifest.time,
        size=manifest.size,
        reason=manifest.reason,
        objective=manifest.objective,
        losses=manifest.losses,
        figures=each.figures,
    )


def facts_of(kept: Kept, seen: Preflight, *, is_read: bool) -> list[Fact]:
    """What the details say of a preflight; the headline and the table have the rest.

    Args:
        kept: the checkpoint.
        seen: its preflight.
        is_read: whether its files have been read, and not only listed.
    """
    first, *rest = (Fact(*part) for part in told(seen, ""))
    others = [fact for fact in rest if fact.label != "checkpoint"]
    note = [Fact("note", (kept.note,))] if kept.note else []
    return [first, *note, *_files(kept, seen, is_read=is_read), *others, *_figures(kept), *_losses(kept)]


def _files(kept: Kept, seen: Preflight, *, is_read: bool) -> list[Fact]:
    """How the checkpoint's files are; of damaged ones the problem tells."""
    if seen.checkpoint and seen.checkpoint.damage:
        return []
    if not is_read:
        return [Fact("files", ("checking…",), "faint")]
    return [Fact("files", (f"whole: {len(kept.manifest.files)} files, SHA-256 as written",), "good")]


def _figures(kept: Kept) -> list[Fact]:
    """What evaluations have measured of it."""
    told = tuple(f"{name:<10} {figure_text(name, value):>8}" for name, value in kept.figures.items())
    return [Fact("evaluated", told)] if told else []


def _losses(kept: Kept) -> list[Fact]:
    """Two components a line."""
    losses = kept.manifest.losses
    names = max((len(name) for name in losses), default=0)
    told = [f"{name:<{names}} {'–' if value is None else reading(value):>6}" for name, value in losses.items()]
    lines = tuple("   ".join(told[at : at + 2]) for at in range(0, len(told), 2))
    return [Fact("losses", lines)] if lines else []
