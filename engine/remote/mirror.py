"""The mirror: a process on the viewer's machine that copies a distant run's record and stands in for its engine.

``python -m engine.remote.mirror ACCESS_FILE FOLDER`` is started by a viewer, ends when its standard input does, and
takes the folder with it. The copy is a run directory: lines are appended in the order in which the engine wrote them,
and streamed after that over sockets such as an engine's. So whatever follows a run on its own machine can follow this
one, and knows no difference.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import select
import shutil
import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NoReturn

import msgspec

from engine.errors import GanTuiError, RequestError, WorkError
from engine.link import Link
from engine.protocol.access import Access, read_access
from engine.protocol.codec import DecodeError, decode_event, encode
from engine.protocol.commands import Report
from engine.protocol.events import Sampled, Tick
from engine.protocol.mirrored import Copying, Over, Ready, Word
from engine.protocol.rundir import (
    LIVE_STATES,
    NAME_PATTERN,
    Endpoints,
    Identity,
    RunDirectory,
    engine_lock,
    write_atomically,
    write_identity,
)
from engine.protocol.runtime import new_endpoints
from engine.protocol.wire import (
    ANSWER_SECONDS,
    CHUNK,
    SHEET_PATTERN,
    AbandonedError,
    Caller,
    Fetch,
    Follow,
    Update,
)
from engine.remote.forwarding import Forwarding
from engine.remote.weaving import File, Weaver

log = logging.getLogger("mirror")

PULL_SECONDS = 0.5
"""How often it is asked for what is new."""
RETRY_SECONDS = 2.0
"""The same while nobody answers."""
SHEETS = 12
"""The newest contact sheets of what is copied at once; of a run that is followed that is every one."""
LARGEST_SHEET = 64 << 20


class Mirror:
    """The copy of one run and its stand-in.

    Args:
        access: how to reach it.
        folder: where the copy is made.
        lifeline: a file descriptor that is at its end once the viewer is gone.
    """

    def __init__(self, access: Access, folder: Path, lifeline: int) -> None:
        self._held = contextlib.ExitStack()
        self._caller = self._held.enter_context(Caller(access, lifeline))
        self._lifeline = lifeline
        self._folder = folder
        self._weaver = Weaver()
        self._known: dict[File, int] = {"metrics": 0, "events": 0}
        """Bytes of each file that have come."""
        self._woven: list[tuple[File, bytes]] = []
        """Lines that are to be appended as soon as the contact sheets that they tell of are here."""
        self._sheets: list[str] = []
        """Paths of contact sheets that are to be fetched, oldest first."""
        self._tick: Tick | None = None
        self._identity: Identity | None = None
        """As it was written last."""
        self.run = RunDirectory(folder)
        self.link = Link(new_endpoints(), _no_report(access.run), stands_in=True)
        self._commands = Forwarding(access, self.link)
        self._lock = contextlib.ExitStack()
        """Held while an engine is at work on the run, as that holds the run's own."""
        self._holds = False

    def begin(self) -> Update:
        """Copy what there is, saying on the way how far that is; then the mirror is a run directory.

        Raises:
            GanTuiError: nobody answers, or refuses; OSError: the copy cannot be written; AbandonedError: the viewer is
                gone.
        """
        update, _ = self._caller.call(Follow(metrics=0, events=0), ANSWER_SECONDS)
        name = update.identity.name
        self.run = RunDirectory(self._folder / (name if NAME_PATTERN.fullmatch(name) else "run"))
        self.run.samples.mkdir(parents=True)
        write_atomically(self.run.config, self._fetched("config.toml"))
        self.link.open()
        self._held.callback(self.link.close)
        while not self._pull():
            tell(Copying(copied=sum(self._known.values()), total=update.metrics + update.events))
        return update

    def keep_up(self) -> NoReturn:
        """Follow the run for as long as the viewer is there.

        Raises:
            AbandonedError: it is gone; RequestError: the gateway refuses; OSError: the copy cannot be written.
        """
        self._commands.begin()
        pause = PULL_SECONDS
        while not select.select([self._lifeline], [], [], pause)[0]:
            try:
                caught_up = self._pull()
                pause = PULL_SECONDS if caught_up else 0.0
            except RequestError:
                self._lose_contact()  # the run may well go on: it is this viewer that is turned away
                raise
            except WorkError as error:
                if pause != RETRY_SECONDS:
                    log.warning("%s", error.one_line())
                pause = RETRY_SECONDS
                self._lose_contact()
        raise AbandonedError

    def close(self) -> None:
        """Let go of the run: to whoever looks at the mirror, nobody is at work in it any more."""
        self._commands.let_go()
        self._lock.close()
        self._held.close()

    # ------------------------------------------------------------------------------------------------ copying

    def _pull(self) -> bool:
        """Take in what is new, a chunk of each file at most; whether that was all.

        Raises:
            WorkError: no answer comes, or one of which the lengths and the content contradict each other.
        """
        update, content = self._caller.call(Follow(**self._known), ANSWER_SECONDS)
        ends: dict[File, int] = {"metrics": update.metrics, "events": update.events}
        for file, chunk in zip(ends, content, strict=True):
            missing = ends[file] - self._known[file]
            if len(chunk) > missing or (missing and not chunk):
                raise WorkError(self._caller.access.address, f"sends more or less of {file}.jsonl than it says")
            self._weaver.add(file, chunk)
            self._known[file] += len(chunk)
        complete = frozenset(file for file, end in ends.items() if self._known[file] == end)
        woven = self._weaver.take(complete)
        self._woven += woven
        self._sheets += _sheets_in(woven)
        del self._sheets[:-SHEETS]
        caught_up = len(complete) == len(ends)
        if caught_up:
            self._fetch_sheets()
        self._append()
        if caught_up:
            self._stand_as(update)
        return caught_up

    def _fetch_sheets(self) -> None:
        while self._sheets:
            with contextlib.suppress(RequestError):  # it is gone, and whoever wants to see it will say so
                write_atomically(self.run.root / self._sheets[0], self._fetched(self._sheets[0]))
            del self._sheets[0]

    def _fetched(self, path: str) -> bytes:
        """A whole file. Raises WorkError when it does not come, RequestError when it is not there or is too large."""
        content = bytearray()
        while True:
            part, frames = self._caller.call(Fetch(path=path, offset=len(content)), ANSWER_SECONDS)
            content += frames[0]
            if len(content) > LARGEST_SHEET:
                raise RequestError(path, "is larger than any that is known")
            if len(content) >= part.size or len(frames[0]) < CHUNK:
                return bytes(content)

    def _append(self) -> None:
        """Put the lines whose turn has come on file, then stream them, as an engine does."""
        woven, self._woven = self._woven, []
        paths = {"metrics": self.run.metrics, "events": self.run.events}
        with contextlib.ExitStack() as opened:
            files = {name: opened.enter_context(path.open("ab")) for name, path in paths.items()}
            for name, lines in groupby(woven, key=itemgetter(0)):
                files[name].write(b"".join(line for _, line in lines))
                files[name].flush()  # before a line of the other file: readers rely on the order
        if self._identity is not None:
            for _, line in woven:
                self.link.publish(line.rstrip(b"\n"))

    # ------------------------------------------------------------------------------------------ standing in for it

    def _stand_as(self, update: Update) -> None:
        """Let the mirror stand as the run does."""
        live = update.state in LIVE_STATES
        if live and not self._holds:
            self._lock.enter_context(engine_lock(self.run))
        self._write(_as_seen_here(update, self.link.endpoints))
        if not live:
            self._lock.close()  # now that run.json tells how it ended
        self._holds = live
        if update.tick is not None and update.tick != self._tick:
            self._tick = update.tick
            self.link.report = _report_of(update.identity, update.tick)
            self.link.publish(encode(update.tick))

    def _lose_contact(self) -> None:
        """Let viewers say that the engine is not reached; of a run that has ended nothing more is expected."""
        if self._identity is not None and self._identity.state in LIVE_STATES:
            self._write(msgspec.structs.replace(self._identity, endpoints=None))

    def _write(self, identity: Identity) -> None:
        if identity != self._identity:
            write_identity(self.run, identity)
            self._identity = identity


def _as_seen_here(update: Update, endpoints: Endpoints) -> Identity:
    """The run's identity, with the stand-in's addresses in place of the engine's.

    Where the engine was lost, its machine is left out: a viewer takes a lock that nobody holds for the end of an engine
    of its own machine, and for no word at all about one of another.
    """
    if update.state == "lost":
        return msgspec.structs.replace(update.identity, endpoints=None, host="")
    live = update.state in LIVE_STATES and update.identity.endpoints is not None
    return msgspec.structs.replace(update.identity, endpoints=endpoints if live else None)


def _sheets_in(woven: list[tuple[File, bytes]]) -> list[str]:
    """The contact sheets that some lines tell of, of such names as engines give them."""
    found = []
    for file, line in woven:
        if file == "events" and b'"sampled"' in line:
            with contextlib.suppress(DecodeError):
                event = decode_event(line)
                if isinstance(event, Sampled):
                    found.append(event.path)
    return [path for path in found if re.fullmatch(SHEET_PATTERN, path)]


def _no_report(run: str) -> Report:
    return Report(
        run=run, state="starting", phase="", step=0, total_steps=0, epoch=0, epochs=0, throughput=0.0, controls={},
        staged=(), lr={}, losses={}, last_seq=0,
    )  # fmt: skip


def _report_of(identity: Identity, tick: Tick) -> Report:
    return msgspec.structs.replace(
        _no_report(identity.name), state=tick.state, phase=tick.stage, step=tick.step, epoch=tick.epoch,
        throughput=tick.throughput, last_seq=tick.last_seq, lines_waiting=tick.lines_waiting,
        save_failure=tick.save_failure, holder=tick.holder,
    )  # fmt: skip


def tell(word: Word) -> None:
    """Say something to the viewer that has started this process; it may be gone."""
    with contextlib.suppress(OSError):
        sys.stdout.buffer.write(msgspec.json.encode(word) + b"\n")
        sys.stdout.buffer.flush()


def main(arguments: list[str]) -> int:
    """Mirror a run for one viewer; returns the exit status."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    access_file, folder = map(Path, arguments)
    lifeline = sys.stdin.fileno()
    with contextlib.ExitStack() as held:
        held.callback(shutil.rmtree, folder, ignore_errors=True)  # here, as a viewer that is killed removes nothing
        over = _mirrored(access_file, folder, lifeline, held)
        if over is not None:
            tell(over)
            while os.read(lifeline, 64):  # the viewer may look at what has been copied until it leaves
                pass
    return 0 if over is None else 1


def _mirrored(access_file: Path, folder: Path, lifeline: int, held: contextlib.ExitStack) -> Over | None:
    """Mirror until the viewer is gone; else why it could not be done any longer. The mirror stands while it is held."""
    try:
        mirror = held.enter_context(contextlib.closing(Mirror(read_access(access_file), folder, lifeline)))
        begun = mirror.begin()
        tell(Ready(root=str(mirror.run.root), host=begun.identity.host, rights=begun.rights))
        mirror.keep_up()
    except AbandonedError:
        return None
    except GanTuiError as error:
        wrong = isinstance(error, RequestError)
        return Over(subject=error.subject, fact=error.fact, fix=error.fix, wrong_request=wrong)
    except OSError as error:
        return Over(subject=str(folder), fact=f"cannot be written ({error.strerror})", fix="", wrong_request=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
