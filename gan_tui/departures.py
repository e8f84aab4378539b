"""How a dashboard was left, and how the runs browser was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from engine.protocol.rundir import RunDirectory
from gan_tui.state.run_view import Status

if TYPE_CHECKING:
    from gan_tui.client.branch import ResumeRequest
    from gan_tui.client.new_run import NewRun


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


@dataclass(frozen=True, kw_only=True)
class Browse:
    """The user left for the list of all runs."""

    left: Detached | Ended


Departure: TypeAlias = Detached | Ended | Browse | ResumeFrom


@dataclass(frozen=True, kw_only=True)
class LookAt:
    """The user left the browser for a run's dashboard."""

    run: RunDirectory
    behind: RunDirectory | None = None
    """A run whose curves are drawn behind."""


@dataclass(frozen=True, kw_only=True)
class GoOn:
    """The user left the browser in order to go on from a checkpoint."""

    run: RunDirectory
    checkpoint: str
    """A step, or "latest"."""
    request: ResumeRequest


@dataclass(frozen=True, kw_only=True)
class Begin:
    """The user left the browser in order to begin a run."""

    new: NewRun


RunsDeparture: TypeAlias = LookAt | GoOn | Begin
"""None where the user is done."""
