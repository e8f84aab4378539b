"""A screen that is done with what it was told."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from gan_tui.in_turn import InTurn

WAVES = 4
"""Workers whose messages start others: a list is read, then its first entry, then that one's picture."""


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until every key is handled, no worker is at work, and everything that they have said is drawn."""
    app = pilot.app
    await pilot.pause()  # until what was sent has come
    while isinstance(app, InTurn) and app.is_running and not app.at_rest:
        await pilot.pause()
    for _ in range(WAVES):
        with suppress(WorkerCancelled):  # another has been begun in its place
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()
