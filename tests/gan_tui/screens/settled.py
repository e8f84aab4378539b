"""A screen that is done with what it was told."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

WAVES = 4
"""Workers whose messages start others: a list is read, then its first entry, then that one's picture."""


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until no worker is at work and everything that workers have said is drawn."""
    for _ in range(WAVES):
        with suppress(WorkerCancelled):  # another has been begun in its place
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()
