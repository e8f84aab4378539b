"""Following a run without drawing: until it is taken up, or until it ends, handing each message to a listener."""

from __future__ import annotations

import contextlib
import secrets
import signal
import subprocess
from collections.abc import Iterator
from types import FrameType
from typing import Protocol

from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol import events as ev
from engine.protocol.commands import Stop
from engine.protocol.rundir import RunDirectory, engine_is_alive, read_identity
from gan_tui.client.ending import ENDED_WELL
from gan_tui.client.locate import called
from gan_tui.client.sender import sender_name
from gan_tui.client.stream import EventStream


class Listener(Protocol):
    """Shows a run as it goes."""

    def hear(self, message: ev.Event | ev.Tick) -> None:
        """Something happened."""
        ...

    def say(self, text: str) -> None:
        """A word to the user about the following itself."""
        ...


def wait_until_taken_up(run: RunDirectory, engine: subprocess.Popen[bytes]) -> list[ev.Alert]:
    """Return when the engine has its device, data and networks and begins with the first step; with its warnings.

    Raises:
        RequestError, WorkError: it failed before, in its own words.
    """
    with EventStream(run, sparse=True) as stream:
        warnings = []
        for message in _messages(stream, engine):
            if isinstance(message, ev.Alert):
                warnings.append(message)
            elif isinstance(message, ev.Announced):
                return warnings
    raise _failure(run)


def follow(run: RunDirectory, engine: subprocess.Popen[bytes], listener: Listener) -> int:
    """Hand what happens from now on to a listener until the run ends; returns its exit status.

    Ctrl-C and SIGTERM ask the engine to save and stop; a second one does not wait until it has.

    Raises:
        RequestError, WorkError: the run failed, in its own words.
    """
    with EventStream(run, sparse=True) as stream, _interrupts(stream) as interrupts:
        asked = False
        for message in _messages(stream, engine):
            if message is not None:
                listener.hear(message)
            if interrupts and not asked and stream.send(secrets.token_hex(8), sender_name(), Stop(how="save")):
                asked = True  # an engine that does not listen yet is asked again
                listener.say("Saving and stopping at the end of the step. Once more does not wait for it.")
            if len(interrupts) > 1 and asked:
                listener.say(f"{run.name} saves and stops by itself: gan-tui runs")
                return 0
    if read_identity(run).state not in ENDED_WELL:
        raise _failure(run)
    return 0


def _messages(stream: EventStream, engine: subprocess.Popen[bytes]) -> Iterator[ev.Event | ev.Tick | None]:
    """What happens in a run until no engine is at work; None where nothing did for a while."""
    first = engine.pid
    ours = False
    while True:
        messages = stream.wait()
        for message in messages:
            ours = ours or (isinstance(message, ev.Started) and message.pid == first)
            if ours:
                yield message
        if not messages:
            yield None
        gone = engine.poll() is not None
        if gone and not messages and (stream.engine != "live" or not ours):
            for batch in stream.recorded():
                for event in batch:
                    ours = ours or (isinstance(event, ev.Started) and event.pid == first)
                    if ours:
                        yield event
            return


@contextlib.contextmanager
def _interrupts(stream: EventStream) -> Iterator[list[int]]:
    """The SIGINT and SIGTERM received so far; each wakes the stream."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        stream.wake()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _failure(run: RunDirectory) -> GanTuiError:
    identity = read_identity(run)
    if identity.state == "failed":
        kind = RequestError if identity.exit_status == RequestError.exit_code else WorkError
        return kind(f"run {run.name}", f"failed: {identity.reason}")
    if engine_is_alive(run):
        return WorkError(
            f"run {run.name}", "was taken up by another engine", f"Attach to it: gan-tui attach {called(run)}"
        )
    return WorkError(
        f"run {run.name}", "lost its engine", f"{run.log} may say why. Go on: gan-tui resume {called(run)}"
    )
