"""What a user wants that the browser's screen cannot do by itself, and what came of it: messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from gan_tui.departures import RunsDeparture
from gan_tui.widgets.footer import Tone

if TYPE_CHECKING:
    from gan_tui.client.deletion import Deletion


@dataclass
class RunsLeft(Message):
    """The user leaves the browser, perhaps for somewhere."""

    departure: RunsDeparture | None


class Changed(Message):
    """Something was changed on the disk: the list is to be looked at again."""


@dataclass
class Told(Message):
    """A worker has something to say."""

    text: str
    tone: Tone = "plain"
    holds: Callable[[], bool] | None = None
    """Whether it is so, where that passes."""


@dataclass
class DeletionSeen(Message):
    """A worker has seen what would go with a run."""

    deletion: Deletion
