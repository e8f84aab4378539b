"""One engine, from the command that starts it to its death, and what can be seen of it from outside."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, assert_never

import psutil
import zmq

from engine.errors import GanTuiError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.codec import encode
from engine.protocol.commands import SCHEMA_VERSION, Request, SetControls
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, engine_is_alive, read_identity
from storm.moments import AtSight, Moment, Sight, SinceFirstStep, SinceStart, sight_of

GAN_TUI = [sys.executable, "-c", "from gan_tui.cli import main; main()"]
PATIENCE = 300.0
"""Seconds without a new event after which an engine is said to hang."""
SIGHT_SECONDS = 10.0
"""How long after the first step a kill waits for what it is to happen at."""

AnyEvent = TypeVar("AnyEvent", bound=ev.Recorded)


class ViolationError(Exception):
    """Something that must hold did not."""


def require(holds: object, otherwise: str) -> None:
    """Raise ViolationError unless it holds."""
    if not holds:
        raise ViolationError(otherwise)


class Life:
    """A detached engine that is watched, and killed at the latest when the block ends.

    Args:
        run: its run; the directory need not exist yet.
        command: what `gan-tui` is told to do, so that an engine takes the run up in the background.
        nudges: to be staged if it begins anew, since no checkpoint holds them then.
        reader: reads on in the run's record.
        halt: set to end the watch.
    """

    def __init__(
        self,
        run: RunDirectory,
        command: Sequence[str],
        *,
        nudges: Sequence[SetControls],
        reader: RecordReader,
        halt: threading.Event,
    ) -> None:
        self.run = run
        self.events: list[ev.Event] = []
        """What it has recorded so far."""
        self.known = names_in(run.checkpoints)
        """What lay in checkpoints/ when it was started."""
        self.begins_anew = not list_checkpoints(run)
        self.first_step_after: float | None = None
        """Seconds from its appearance to its first step."""
        self._sightings: dict[Sight, list[float]] = {"draft": [], "checkpoint": [], "deletion": []}
        self._nudges = nudges
        self._reader = reader
        self._halt = halt
        self._seen = set(self.known)
        self._commands: zmq.Socket[bytes] | None = None
        self.command = subprocess.Popen([*GAN_TUI, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.engine = self._appeared()
        self.begun = self._news = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()
        self.command.kill()
        self.command.communicate()
        if self._commands is not None:
            self._commands.close(linger=0)

    def until(self, moment: Moment | None) -> None:
        """Watch until the moment has come or the engine has ended by itself."""
        glance = 0.0005 if isinstance(moment, AtSight) else 0.01
        while self._runs() and not (moment and self._has_come(moment)):
            self._look()
            if self._halt.is_set():
                raise KeyboardInterrupt
            require(time.monotonic() - self._news < PATIENCE, f"no event for {PATIENCE:g} s: the engine hangs")
            time.sleep(glance if self.first_step_after else 0.01)

    def die(self) -> bool:
        """Kill the engine where it stands and read what is on file; False when it had ended by itself.

        The command that started it has to have said which run was taken up, if it came so far.
        """
        killed = self._runs()
        self._kill()
        self._read()
        said, complaint = self.command.communicate(timeout=PATIENCE)
        taken_up = (self.command.returncode, said.strip()) == (0, self.run.name)
        require(taken_up or self.first_step_after is None, f"gan-tui said {said!r} and {complaint!r}")
        return killed

    def recorded(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        """What it has recorded of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def _appeared(self) -> psutil.Process:
        """The engine's process, which is the command's child until that has ended."""
        command = psutil.Process(self.command.pid)
        while True:
            children = command.children()
            if children:
                return children[0]
            if self.command.poll() is not None:
                _, complaint = self.command.communicate()
                raise ViolationError(f"gan-tui started no engine: {complaint.strip()}")
            time.sleep(0.002)

    def _runs(self) -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):
            return self.engine.status() != psutil.STATUS_ZOMBIE
        return False

    def _kill(self) -> None:
        """Kill, and wait until its last thread is gone: until then the lock is held."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.engine.kill()
        while self._runs() or engine_is_alive(self.run):
            time.sleep(0.001)

    def _has_come(self, moment: Moment) -> bool:
        age = time.monotonic() - self.begun
        match moment:
            case SinceStart(seconds=seconds):
                return age >= seconds
            case SinceFirstStep(seconds=seconds):
                return self.first_step_after is not None and age >= self.first_step_after + seconds
            case AtSight(what=what, number=number, seconds=seconds):
                seen = self._sightings[what]
                waited_long = self.first_step_after is not None and age >= self.first_step_after + SIGHT_SECONDS
                return waited_long or (len(seen) >= number and age >= seen[number - 1] + seconds)
            case _:
                assert_never(moment)

    def _look(self) -> None:
        names = names_in(self.run.checkpoints)
        for name in names - self._seen:
            sight = sight_of(name)
            if sight:
                self._sightings[sight].append(time.monotonic() - self.begun)
        self._seen |= names
        self._read()
        if self.begins_anew and self._commands is None:
            self._stage_nudges()

    def _read(self) -> None:
        for event in self._reader.read():
            self._news = time.monotonic()
            self.events.append(event)
            if isinstance(event, ev.Training):
                self.first_step_after = self._news - self.begun

    def _stage_nudges(self) -> None:
        """Ask as soon as the engine listens, which is seconds before its first step."""
        try:
            identity = read_identity(self.run)
        except GanTuiError:  # not made yet
            return
        if identity.pid != self.engine.pid or identity.endpoints is None:
            return
        self._commands = zmq.Context.instance().socket(zmq.DEALER)
        self._commands.connect(identity.endpoints.commands)
        for nudge in self._nudges:
            request = Request(version=SCHEMA_VERSION, id=str(nudge.at_step), by="kill_storm", command=nudge)
            self._commands.send(encode(request))


def names_in(folder: Path) -> set[str]:
    """The names in a folder, which may be missing."""
    try:
        return set(os.listdir(folder))  # noqa: PTH208 - two thousand times a second
    except FileNotFoundError:
        return set()
