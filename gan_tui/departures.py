"""How a dashboard was left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gan_tui.state.run_view import Status


@dataclass(frozen=True, kw_only=True)
class Detached:
    """The user left a run that goes on."""

    status: Status


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The user left a run that no engine works on any more."""

    status: Status


@dataclass(frozen=True, kw_only=True)
class ResumeFrom:
    """The user left in order to go on from a checkpoint."""

    step: int


Departure: TypeAlias = Detached | Ended | ResumeFrom
