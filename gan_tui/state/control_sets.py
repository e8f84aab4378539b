"""Sets of control values that a user has saved under names, and what one of them means for a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from engine.config.controls import Control
from engine.errors import RequestError
from gan_tui.state.journal import number

Values: TypeAlias = Mapping[str, float]
ControlSets: TypeAlias = Mapping[str, Values]
"""By their names, in the order in which they were saved."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """A set, held against a run."""

    changes: Mapping[str, float]
    """What is to be prepared: controls that the run has, at values that they take and do not have yet."""
    same: int
    """Values in force already."""
    left_out: tuple[str, ...]
    """Why each of the others is left out, in words."""

    @property
    def words(self) -> str:
        """The whole of it in a line."""
        parts = [f"{len(self.changes)} to change"] if self.changes else ["nothing to change"]
        parts += [f"{self.same} as they are"] if self.same else []
        parts += [f"{len(self.left_out)} left out"] if self.left_out else []
        return ", ".join(parts)


def fitted(values: Values, controls: Sequence[Control], in_force: Values) -> Fit:
    """What of a set a run can take.

    Args:
        values: of the set.
        controls: the run's.
        in_force: their present values.
    """
    known = {control.name: control for control in controls}
    changes: dict[str, float] = {}
    left_out: list[str] = []
    same = 0
    for name, value in values.items():
        control = known.get(name)
        if control is None:
            left_out.append(f"{name}: this run has no such control")
            continue
        try:
            taken = control.check(value)
        except RequestError as error:
            left_out.append(f"{name}: {error.fact}")
            continue
        if taken == in_force.get(name, control.default):
            same += 1
        else:
            changes[name] = taken
    return Fit(changes=changes, same=same, left_out=tuple(left_out))


def said_of(name: str, fit: Fit) -> str:
    """What is said once a set has been prepared."""
    head = f"{name}: {fit.words}."
    return f"{head} Left out: {'; '.join(fit.left_out)}." if fit.left_out else head


def in_words(values: Values) -> str:
    """The values of a set, for a list."""
    return "  ".join(f"{name} {number(value)}" for name, value in values.items())


def check_name(name: str) -> str:
    """A name as it is kept.

    Raises:
        RequestError: it is empty, too long, or not one line of text.
    """
    kept = name.strip()
    if not kept or len(kept) > 60 or not kept.isprintable():
        raise RequestError("the set's name", "has to be one line of up to 60 letters", "Type another.")
    return kept
