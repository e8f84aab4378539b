"""How a control reads on one line: its value, what becomes of it, its default and bounds, as far as there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.config.controls import Control
from gan_tui.state.drafts import nudged
from gan_tui.state.journal import COMPUTED, number
from gan_tui.state.key_words import with_keys
from gan_tui.widgets.columns import clipped, whole_parts

Part: TypeAlias = tuple[str, str]
"""Text and the component class of its style."""

VALUE = 7
CHANGE = 10
WIDEST_CHANGE = 18
"""So that on a wide screen the eye finds the way from a value to its default."""
DEFAULT = 8
BOUNDS = 8
CHANGED = "*"
"""Behind a value that is not the default."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a control stands."""

    value: float
    """In force."""
    draft: float | None = None
    """Prepared, not yet sent."""
    staged: tuple[float, int] | None = None
    """Accepted for a later step: value and step."""
    effective: float | None = None
    """What the value amounts to, where that is something else."""


@dataclass(frozen=True)
class Columns:
    """Their widths for a list of controls in a given place; 0 for one that there is no room for."""

    name: int
    change: int
    default: int
    bounds: int

    @classmethod
    def fitting(cls, controls: Sequence[Control], width: int) -> Columns:
        """The columns for so many cells."""
        name = min(max((len(control.name) for control in controls), default=0), max(8, width - 14))
        spare = width - (2 + name + 1 + VALUE + 2)
        default = DEFAULT if spare >= CHANGE + DEFAULT else 0
        bounds = BOUNDS if spare >= CHANGE + DEFAULT + BOUNDS else 0
        return cls(name, max(0, min(spare - default - bounds, WIDEST_CHANGE)), default, bounds)


def heading(columns: Columns) -> list[Part]:
    """The columns' names."""
    text = f"  {'control':<{columns.name}} {'value':>{VALUE}}  {'change'[: columns.change]:<{columns.change}}"
    right = f"{'default':>{columns.default}}" if columns.default else ""
    right += f"{'bounds':>{columns.bounds}}" if columns.bounds else ""
    return [(text + right, "controls--faint")]


def control_line(control: Control, standing: Standing, columns: Columns, *, selected: bool, first: bool) -> list[Part]:
    """One control.

    Args:
        control: that control.
        standing: how it stands.
        columns: where things go.
        selected: whether keys act on it.
        first: whether it is the first shown of its group; of the others the group's name stands back.
    """
    prefix, dot, rest = control.name.partition(".")
    name = clipped(control.name, columns.name).ljust(columns.name)
    head = len(prefix + dot) if rest else 0
    differs = standing.value != control.default
    value = number(standing.value).rjust(VALUE) + (CHANGED if differs else " ") + " "
    parts: list[Part] = [
        ("▸ " if selected else "  ", "controls--name"),
        (name[:head], "controls--name" if first else "controls--faint"),
        (name[head:] + " ", "controls--name"),
        (value, "controls--changed" if differs else "controls--value"),
    ]
    change, style = _change(standing)
    room = columns.change - max(0, len(value) - VALUE - 2)  # a long value takes of what follows it
    right = [(number(control.default), columns.default), (bounds_text(control), columns.bounds)]
    while right and len(change) > room:  # what is left out is told below, of the selected one
        room += right.pop(0)[1]
    room = max(0, room)
    parts.append((clipped(change, room).ljust(room), style))
    parts.extend((text.rjust(cells), "controls--faint") for text, cells in right if cells)
    return parts


def details(
    control: Control, standing: Standing, keys: Mapping[str, str], width: int, *, steers: bool
) -> tuple[str, str]:
    """Two lines on the selected control: what it is, and where each key takes it, as far as there is room.

    ``keys`` as in ``with_keys``.
    """
    unit = f" {control.unit}" if control.unit else ""
    if not steers:
        bounds = f"{control.range_text()}{unit}; default {number(control.default)}"
        return clipped(control.doc, width), clipped(bounds, width)
    at = standing.value if standing.draft is None else standing.draft
    fine = (("{nudge-down|-}", -1, False), ("{nudge-up|+}", +1, False))
    far = (("{nudge-far-down|(}", -1, True), ("{nudge-far-up|)}", +1, True))
    moves = [f"{key} {number(nudged(control, at, way, coarse=coarse))}" for key, way, coarse in (*fine, *far)]
    moves += [f"{{default|D}} {number(control.default)}", f"{{value|=}} {bounds_text(control)}"]
    *others, value = (with_keys(move, keys) for move in moves)
    return clipped(control.doc, width), whole_parts([*others, value + unit], width, "  ")


def bounds_text(control: Control) -> str:
    """The bounds in few letters: 0…1e4."""
    return f"{_brief(control.minimum)}…{_brief(control.maximum)}"


def _brief(value: float) -> str:
    """A bound as short as it can be written."""
    return min(f"{value:g}", f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e"), key=len)


def _change(standing: Standing) -> Part:
    if standing.draft is not None:
        return f"→ {number(standing.draft)}", "controls--draft"
    if standing.staged is not None:
        value, step = standing.staged
        return f"→ {number(value)} at {step:,}", "controls--draft"
    if standing.effective is not None and standing.effective != standing.value:
        return f"eff. {number(standing.effective, COMPUTED)}", "controls--faint"
    return "", "controls--faint"
