"""One run that is killed over and over: whether every life kept to what the one before had left."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.protocol import events as ev
from engine.protocol.checkpoints import Manifest, damage_of, folder_name, list_checkpoints, unreadable_checkpoints
from engine.protocol.codec import DecodeError, decode_event
from engine.protocol.commands import SetControls
from engine.protocol.record import RecordReader
from engine.protocol.rundir import RunDirectory, read_identity
from engine.protocol.runtime import remove_stale
from storm.life import Life, ViolationError, names_in, require
from storm.moments import Moment, sight_of
from storm.outcome import Outcome, figures_of, outcome_of

PHASES = (
    "starting up",
    "between saves",
    "writing a checkpoint",
    "between a checkpoint's rename and its line",
    "deleting an old checkpoint",
)
"""What a killed engine was doing, by what it left on disk."""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One kill, and what was found afterwards."""

    run: str
    moment: str
    phase: str
    """One of PHASES."""
    step: int
    """The last step of which the record has a line; 0 where the engine had written none."""
    resumes_from: int
    """The newest whole checkpoint; 0 where there is none."""
    first_step_after: float | None
    """Seconds that this engine took to its first step; None where it was killed before."""


class Trial:
    """A run through all its lives.

    Args:
        run: its directory, which `begin` makes.
        begin: what `gan-tui` is told for the first life.
        nudges: staged at the beginning.
        halt: set to give up.
    """

    def __init__(
        self, run: RunDirectory, begin: Sequence[str], nudges: Sequence[SetControls], halt: threading.Event
    ) -> None:
        self.run = run
        self.events: list[ev.Event] = []
        """Everything recorded, read as it was written."""
        self.torn = 0
        """Lines that a kill tore."""
        self.startup = 0.0
        """Seconds that the newest engine with a first step took to it."""
        self._begin = begin
        self._nudges = nudges
        self._halt = halt
        self._reader = RecordReader(run)
        self._on_file = {run.metrics: b"", run.events: b""}
        """What was in the record at the last death."""

    def live(self, moment: Moment | None) -> Kill | None:
        """Train with one engine until the moment comes or the run has ended; None for the latter.

        Raises:
            ViolationError: something that must hold did not.
        """
        before = list_checkpoints(self.run)
        resume = ["resume", self.run.name, "--runs-dir", str(self.run.root.parent), "--detach"]
        command = resume if self.run.identity.exists() else self._begin
        with Life(self.run, command, nudges=self._nudges, reader=self._reader, halt=self._halt) as life:
            life.until(moment)
            killed = life.die()
        self._check_start(life, before)
        self._check_record(life)
        self._check_checkpoints()
        _require_no_process_of(life.engine.pid)
        self.startup = life.first_step_after or self.startup
        identity = read_identity(self.run)
        require(killed or identity.state == "finished", f"the engine ended by itself: see {self.run.log}")
        if identity.state != "finished":
            return self._kill(life, moment)
        if identity.endpoints:  # killed on its way out; nobody will take the run up and remove them
            remove_stale(identity.endpoints)
        return None

    def check_end(self, reference: Outcome) -> None:
        """The finished run is the uninterrupted one, and left nothing behind.

        Raises:
            ViolationError: it is not, or did.
        """
        reader = RecordReader(self.run)
        require(list(reader.read()) == self.events, "the record is not what was read while it was written")
        require(reader.damaged == self.torn, f"{reader.damaged} lines cannot be read, and kills tore {self.torn}")
        right = {line["step"]: line for line in reference.lines}
        for event in self.events:
            if isinstance(event, ev.Metrics):
                said = figures_of(event)
                require(said == right.get(event.step), f"line {event.seq} says {said} for {right.get(event.step)}")
        wrong = outcome_of(self.run).differences(reference)
        require(not wrong, f"{len(wrong)} differences from the uninterrupted run: {', '.join(wrong[:8])}")
        left = [str(path.relative_to(self.run.root)) for path in self.run.root.rglob(".*")]
        require(not left, f"left over: {', '.join(left)}")

    def _kill(self, life: Life, moment: Moment | None) -> Kill:
        return Kill(
            run=self.run.name,
            moment=str(moment),
            phase=_phase(life),
            step=max((line.step for line in life.recorded(ev.Metrics)), default=0),
            resumes_from=_newest(list_checkpoints(self.run)),
            first_step_after=life.first_step_after,
        )

    def _check_start(self, life: Life, before: list[tuple[Path, Manifest]]) -> None:
        """The life began with the newest whole checkpoint, or anew where there was none."""
        if not life.recorded(ev.Training):
            return
        [training] = life.recorded(ev.Training)
        newest = _newest(before)
        resumed = [event.from_step for event in life.recorded(ev.Resumed)]
        anew = not before and b'"announced"' not in self._on_file[self.run.events]
        require(resumed == ([] if anew else [newest]), f"resumed from {resumed}, and step {newest} was the newest")
        require(training.step == newest + 1, f"the first step was {training.step}, after a checkpoint of {newest}")
        staged = [(event.at_step, event.values, event.step) for event in life.recorded(ev.Staged)]
        wanted = [(nudge.at_step, nudge.values, 0) for nudge in self._nudges] if life.begins_anew else []
        require(staged == wanted, f"staged are {staged}, not {wanted}")

    def _check_record(self, life: Life) -> None:
        """Nothing that was on file is gone or changed, and every event has the next number."""
        for path, before in self._on_file.items():
            now = path.read_bytes() if path.exists() else b""
            whole = before if not before or before.endswith(b"\n") or now == before else before + b"\n"
            require(now.startswith(whole), f"{path.name} does not begin with what was in it at the kill before")
            self.torn += now != before and _is_torn(now)
            self._on_file[path] = now
        for event in life.events:
            newest = self.events[-1].seq if self.events else 0
            require(event.seq == newest + 1, f"event {event.seq} follows event {newest}")
            require(not isinstance(event, ev.Failed), f"the journal has an error: {event}")
            if isinstance(event, ev.Alert):  # of those, only the one for saves that come faster than the disk is right
                require("left out" in event.fact, f"the journal has an alert: {event.subject} {event.fact}")
            self.events.append(event)

    def _check_checkpoints(self) -> None:
        wrong = [f"{folder.name} {reason}" for folder, reason in unreadable_checkpoints(self.run)]
        for folder, manifest in list_checkpoints(self.run):
            damage = damage_of(folder, manifest)
            wrong += [f"{folder.name} {damage}"] if damage else []
        require(not wrong, f"not whole: {'; '.join(wrong)}")


def _newest(checkpoints: list[tuple[Path, Manifest]]) -> int:
    return max((manifest.step for _, manifest in checkpoints), default=0)


def _is_torn(content: bytes) -> bool:
    """Whether the last line is cut short so that it can never be read; a missing newline alone will be added."""
    tail = content.rpartition(b"\n")[2]
    try:
        return bool(tail) and not decode_event(tail)
    except DecodeError:
        return True


def _phase(life: Life) -> str:
    """What a killed engine was doing, by what it left behind."""
    starting_up, between_saves, writing, renamed, deleting = PHASES
    names = names_in(life.run.checkpoints)
    left = {sight_of(name) for name in names - life.known}
    journaled = {folder_name(event.saved_step) for event in life.recorded(ev.Checkpointed)}
    unsaid = [name for name in names - life.known - journaled if sight_of(name) == "checkpoint"]
    if not life.recorded(ev.Training):
        return starting_up
    if "draft" in left:
        return writing
    if "deletion" in left:
        return deleting
    return renamed if unsaid else between_saves


def _require_no_process_of(session: int) -> None:
    """The engine's data workers end with it; they share its session."""
    deadline = time.monotonic() + 20
    while left := [pid for pid in psutil.pids() if _session_of(pid) == session]:
        if time.monotonic() > deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            raise ViolationError(f"processes {left} outlived their engine by 20 s")
        time.sleep(0.02)


def _session_of(pid: int) -> int:
    with contextlib.suppress(psutil.Error, OSError):
        if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            return os.getsid(pid)
    return -1
