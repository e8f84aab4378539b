"""Transfers that arrive some steps later, or when they are waited for, as from a device that is behind its host."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor


class Late:
    """Sends values as engine.transfers.Send does; they are not there at once.

    Args:
        now: the step that the loop is at.
        after: steps until they arrive by themselves; None: never.
    """

    def __init__(self, now: Callable[[], int], after: int | None = None) -> None:
        self.waits: list[int] = []
        """The steps at which somebody had to wait."""
        self.sent = 0
        self._now = now
        self._after = after

    def __call__(self, values: Tensor) -> _Journey:
        self.sent += 1
        return _Journey(values, self._has_come(self._now()), lambda: self.waits.append(self._now()))

    def _has_come(self, sent_at: int) -> Callable[[], bool]:
        return lambda: self._after is not None and self._now() >= sent_at + self._after


class _Journey:
    def __init__(self, values: Tensor, has_come: Callable[[], bool], tell: Callable[[], None]) -> None:
        self._values = values.clone()
        self._has_come = has_come
        self._tell = tell
        self._fetched = False

    @property
    def done(self) -> bool:
        return self._fetched or self._has_come()

    def wait(self) -> Tensor:
        if not self.done:
            self._tell()
        self._fetched = True
        return self._values
