"""A sentinel at its post: it asks its judge of each reading, and tells of a fault once when it begins and once when
it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from engine.config.sentinels import Action
from engine.sentinels.finding import Finding, Outlook

Reading = TypeVar("Reading")
Judge: TypeAlias = Callable[[Reading], Outlook]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a fault lasts before it is told, and how long it has to be gone before that is told.

    Both have to be met. What is unknown neither interrupts nor adds.

    Args:
        steps: from the first faulty reading to the last; half of them for the way back.
        readings: faulty ones; as many good ones for the way back.
    """

    steps: int = 0
    readings: int = 3


AT_ONCE = Patience(steps=0, readings=1)


@dataclass(frozen=True, kw_only=True)
class Relief:
    """What had been found is over."""

    subject: str


class Sentry(Generic[Reading]):
    """Watches for one kind of fault.

    Args:
        name: the sentinel's, as [sentinel.NAME] has it.
        action: what is to be done about a fault.
        judge: judges a reading.
        patience: before a fault is told.
        relief: before its end is told; as long as patience, but half the steps, if not given.
    """

    def __init__(
        self,
        name: str,
        action: Action,
        judge: Judge[Reading],
        patience: Patience = AT_ONCE,
        relief: Patience | None = None,
    ) -> None:
        self.name = name
        self.action: Action = action
        self.finding: Finding | None = None
        """What has been told and is not over."""
        self._judge = judge
        self._patience = patience
        self._relief = relief or Patience(steps=patience.steps // 2, readings=patience.readings)
        self._count = 0
        """Readings one after another that speak for a turn, to a fault or away from it."""
        self._since = 0
        """The step of the first of them."""

    def look(self, reading: Reading, step: int) -> Finding | Relief | None:
        """Judge a reading of a step: a finding where a fault begins, relief where it is over, and else nothing."""
        outlook = self._judge(reading)
        if outlook == "unknown":
            return None
        faulty = isinstance(outlook, Finding)
        if faulty == (self.finding is not None):
            self._count = 0
            return None
        if self._count == 0:
            self._since = step
        self._count += 1
        needed = self._relief if self.finding else self._patience
        if self._count < needed.readings or step - self._since < needed.steps:
            return None
        self._count = 0
        return self._turn(outlook)

    def _turn(self, outlook: Outlook) -> Finding | Relief:
        told, self.finding = self.finding, outlook if isinstance(outlook, Finding) else None
        if self.finding is not None:
            return self.finding
        assert told is not None, "what is over has been told"
        return Relief(subject=told.subject)
