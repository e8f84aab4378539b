"""What a user wants that the dashboard's screen cannot do by itself: messages to the application."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from engine.protocol.commands import Command
from engine.protocol.rundir import RunDirectory


@dataclass
class Wanted(Message):
    """The user asks something of the engine."""

    command: Command


@dataclass
class Left(Message):
    """The user leaves; ``resume_from`` is the checkpoint to go on from, if one was chosen."""

    resume_from: int | None = None
    for_the_runs: bool = False
    """Whether for the list of all runs."""


@dataclass
class BehindWanted(Message):
    """The user wants the curves of a run drawn behind this one's, or of none."""

    run: RunDirectory | None


@dataclass
class CallsChanged(Message):
    """The user wants to be called for news otherwise, in the order of the ways there are."""


@dataclass
class ThemeWanted(Message):
    """The user wants the next theme."""
