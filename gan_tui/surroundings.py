"""What a dashboard is given: the run that it shows, and what it takes from the world around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo
from os import environ
from time import time

from engine.protocol.rundir import RunDirectory
from gan_tui.state.appearance import Appearance
from gan_tui.state.feed import Feed
from gan_tui.state.outlet import NoOutlet, Outlet
from gan_tui.state.tempo import Tempo
from gan_tui.terminal.calling import Way, way_of
from gan_tui.terminal.pictures import Drawing


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A run, and how it is looked at."""

    feed: Feed
    """Follows the run."""
    run: RunDirectory
    readonly: bool = False
    """Whether the user may look alone."""
    behind: RunDirectory | None = None
    """A run whose curves are drawn behind from the first."""
    host: str = ""
    """The machine that has the run, of which a mirror is shown; empty for this one."""


def _follow(run: RunDirectory) -> Feed:
    from gan_tui.client.follow import Follower  # of use to few: the first paint does not wait for it

    return Follower(run)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Clocks, pace, the way to other runs, and the user's taste; a test hands its own."""

    zone: tzinfo | None = None
    """In which times are told; None: the machine's."""
    tempo: Tempo = field(default_factory=Tempo)
    clock: Callable[[], float] = time
    """Seconds since the Unix epoch."""
    follow: Callable[[RunDirectory], Feed] = _follow
    """Makes the feed of a run that is drawn behind; raises GanTuiError where that has gone."""
    appearance: Appearance = field(default_factory=Appearance)
    outlet: Outlet = field(default_factory=NoOutlet)
    """The terminal, where there is one."""
    drawing: Drawing = field(default_factory=Drawing)
    """How pictures are drawn on it."""
    messages: Way = field(default_factory=lambda: way_of(environ))
    """How it takes messages for the desktop."""
