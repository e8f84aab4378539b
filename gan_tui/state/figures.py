"""Figures of evaluations, for people: how a number is written, and which of several checkpoints has the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.config.figures import KINDS, family_of, is_better


def figure_text(name: str, value: float | None) -> str:
    """A figure as people read it; one that was not finite is told by that word."""
    if value is None:
        return "nan"
    match family_of(name):
        case "accuracy":
            return f"{100 * value:.2f} %"
        case "psnr" | "fid":
            return f"{value:.2f}"
        case _:
            return f"{value:.4f}"


def figures_in_words(figures: Mapping[str, float | None], between: str = "  ") -> str:
    """Figures on one line."""
    return between.join(f"{name} {figure_text(name, value)}" for name, value in figures.items())


def best_of(rows: Sequence[Mapping[str, float | None]]) -> dict[str, int]:
    """For each figure the number of the row that has the best; of equals the last, as it was trained longest."""
    found: dict[str, int] = {}
    for place, row in enumerate(rows):
        for name, value in row.items():
            before = rows[found[name]][name] if name in found else None
            if value is not None and (value == before or is_better(name, value, before)):
                found[name] = place
    return found


def better_way(name: str) -> str:
    """Which way a figure gets better, and what it is."""
    kind = KINDS[family_of(name)]
    return f"{'higher' if kind.higher_is_better else 'lower'} is better; {kind.words}"
