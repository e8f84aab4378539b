"""Reaching a run whose engine is on another machine: how it stands, a command to it, and a mirror of it to look at."""

from __future__ import annotations

import contextlib
import secrets
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.config.user_paths import at_home
from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.access import Access, access_of_owner, is_access_file, read_access, read_door, write_access
from engine.protocol.commands import SCHEMA_VERSION, Command, Reply, Request, Status
from engine.protocol.mirrored import Copying, Over, Ready, decode_word
from engine.protocol.rundir import Identity, RunDirectory, ViewedState, is_of_another_machine, viewed_state
from engine.protocol.runtime import socket_path
from engine.protocol.wire import Ask, Caller
from gan_tui.client.sender import sender_name

LOOK_SECONDS = 3.0
"""How long a run on another machine is given to say how it stands."""
ASKED_AT_ONCE = 32
END_SECONDS = 5.0


def access_file(given: str) -> Access | None:
    """What a command's RUN holds where it is an access file; None where it is none, though it may be another file.

    Raises:
        RequestError: others can read it.
    """
    path = at_home(given)
    return read_access(path) if path.is_file() and is_access_file(path) else None


def access_beside(run: RunDirectory, identity: Identity) -> Access | None:
    """How to reach the engine of a run whose directory is seen here too, by a shared file system.

    None where the engine is, or was, on this machine, under this name or another as containers have it; and where it
    does not answer other machines.

    Raises:
        WorkError: the key in the run directory cannot be read.
    """
    if not is_of_another_machine(identity) or identity.endpoints is None:
        return None
    path = socket_path(identity.endpoints.commands)
    door = read_door(run, identity)
    return None if door is None or (path is not None and path.exists()) else access_of_owner(run, identity, door)


def standing_of(run: RunDirectory, identity: Identity) -> ViewedState:
    """How a run stands: by its files where they tell, and else by its engine's own word, if that can be reached."""
    state = viewed_state(run, identity)
    if state != "elsewhere":
        return state
    try:
        access = access_beside(run, identity)
        report = None if access is None else ask_there(access, Status(), LOOK_SECONDS).report
    except GanTuiError:
        return "elsewhere"
    return "elsewhere" if report is None else report.state


def standings_of(runs: Sequence[tuple[RunDirectory, Identity]]) -> list[ViewedState]:
    """How each of some runs stands; those that have to be asked are asked at the same time."""
    states = [viewed_state(run, identity) for run, identity in runs]
    asked = [place for place, state in enumerate(states) if state == "elsewhere"]
    if asked:
        from concurrent.futures import ThreadPoolExecutor  # late: on most machines nobody has to be asked

        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            for place, answer in zip(asked, pool.map(lambda place: standing_of(*runs[place]), asked), strict=True):
                states[place] = answer
    return states


def ask_there(access: Access, command: Command, seconds: float) -> Reply:
    """Send a command to an engine on another machine and wait for the answer.

    Raises:
        RequestError: the engine refuses, in its words; or the key is not one of its run's.
        WorkError: no answer came in time.
    """
    request = Request(version=SCHEMA_VERSION, id=secrets.token_hex(8), by=sender_name(), command=command)
    with Caller(access) as caller:
        told, _ = caller.call(Ask(request=request), seconds)
    return told.reply


class MirrorProcess:
    """A run on another machine as a run directory on this one, kept up to date by a process that ends with the block.

    Args:
        access: how to reach it.
    """

    def __init__(self, access: Access) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="gan-tui-"))
        try:
            self._process = self._started(access)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _started(self, access: Access) -> subprocess.Popen[bytes]:
        file = self._folder / "access.json"  # not on the command line, where every user of the machine could read it
        write_access(file, access)
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.remote.mirror", str(file), str(self._folder)],
            bufsize=0,  # so that nothing is read ahead of a look at whether there is something to read
            stdin=subprocess.PIPE,  # of which the other end closes with this process, however that ends
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what there is to say comes as a word
            start_new_session=True,
        )

    def until_ready(self, told: Callable[[Copying], None]) -> Ready:
        """Wait until the record has been copied.

        Args:
            told: hears how far that is.

        Raises:
            RequestError, WorkError: it cannot be, in the words of whoever refuses.
        """
        for word in self._words():
            match word:
                case Copying():
                    told(word)
                case Ready():
                    return word
                case Over():
                    raise _error(word)
        raise WorkError("the mirror", "ended before the record was copied", "Try again.")

    def why_over(self, again: str) -> GanTuiError | None:
        """Why the run is not mirrored any more; None while it is.

        Args:
            again: what to attach to in order to come back.
        """
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], 0)[0]:
            return None
        fix = f"The run is not affected: gan-tui attach {again}"
        by_itself = WorkError("the mirror", "has ended by itself", fix)
        return next((_error(word) for word in self._words() if isinstance(word, Over)), by_itself)

    def close(self) -> None:
        """End the process and remove the copy."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:  # a disk or a name server holds it up
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _words(self) -> Iterator[Copying | Ready | Over]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word = decode_word(line)
            if word is not None:
                yield word


def _error(word: Over) -> GanTuiError:
    return (RequestError if word.wrong_request else WorkError)(word.subject, word.fact, word.fix)
