"""Having a job done by a process of its own (engine.protocol.jobs): this one never imports PyTorch."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from engine.errors import RequestError, WorkError
from engine.protocol.codec import DecodeError
from engine.protocol.jobs import Answer, Job, Message, Progress, Refused, Remark, Tell, decode_message

A = TypeVar("A", bound=Answer)

# -P keeps a folder called ``engine`` in the working directory from being taken for ours.
COMMAND = (sys.executable, "-P", "-m", "engine.jobs")
PATIENCE_SECONDS = 10.0
"""How long a process may take to end when it is told to."""
_READ_AT_ONCE = 1 << 16
"""Bytes; what a pipe holds."""


class ElsewhereError(Exception):
    """What went wrong in the other process: its traceback."""


def run_job(
    job: Job, answer: type[A], tell: Tell, *, folder: Path | None = None, command: Sequence[str] = COMMAND
) -> A:
    """Wait for a job to be done.

    Whatever ends the waiting early, Ctrl-C for instance, ends the process too, which takes back what is half done;
    what it says at its end is told. Ctrl-C that comes when all is done, and its answer there, changes nothing.

    Args:
        job: what is asked for.
        answer: what a job of this kind ends with.
        tell: takes what is said meanwhile.
        folder: the process's working directory; this one's by default.
        command: that does jobs; a test may have another.

    Raises:
        RequestError: the request was wrong.
        WorkError: the work failed, or its process died.
    """
    request = _written(job)
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, cwd=folder
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        lines = _Lines(process.stdout)
        try:
            found = _exchange(process.stdin, lines, request, tell)
        except BaseException as ending:
            found = _end(process, lines, tell)
            if not (isinstance(ending, KeyboardInterrupt) and isinstance(found, answer)):
                raise
        _let_end(process)
        if isinstance(found, answer):
            return found
        if isinstance(found, Refused):
            raise _error_of(found)
        raise WorkError("the work", _ending(process.returncode), _last_line(complaints))


class _Lines:
    """Lines from a pipe. Where an interrupt ends the reading, nothing is lost: it goes on as if there had been none."""

    def __init__(self, out: IO[bytes]) -> None:
        self._descriptor = out.fileno()
        self._rest = b""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            line, end, rest = self._rest.partition(b"\n")
            if end:
                self._rest = rest
                yield line
            elif data := os.read(self._descriptor, _READ_AT_ONCE):
                self._rest += data
            else:
                return


def _written(job: Job) -> bytes:
    """A job as a process takes it. Raises RequestError: a word of it is no text, as names of files need not be."""
    try:
        return msgspec.json.encode(job)
    except UnicodeEncodeError as error:
        word = os.fsencode(error.object).decode("utf-8", "backslashreplace")
        fix = "A file or folder of such a name can be given by a link to it under another one."
        raise RequestError(word, "is no text (UTF-8)", fix) from error


def _exchange(into: IO[bytes], out: _Lines, request: bytes, tell: Tell) -> Message | None:
    """Give a process its job and hear it out; the last message, where it is the answer or a refusal."""
    try:
        into.write(request)
        into.close()
    except BrokenPipeError:  # it died at once; what it said tells why
        pass
    return _hear_out(out, tell)


def _hear_out(out: _Lines, tell: Tell) -> Message | None:
    """Tell what a process says on its way; its last message, which is the answer or a refusal; None where it dies."""
    for line in out:
        try:
            found = decode_message(line)
        except DecodeError:
            return None
        if not isinstance(found, Progress | Remark):
            return found
        tell(found)
    return None


def _end(process: subprocess.Popen[bytes], out: _Lines, tell: Tell) -> Message | None:
    """Let a process take back what it has half done; one that does not come to that, or a second Ctrl-C, ends it.

    Its last message, which it may be about to write: that is read meanwhile, as a pipe holds little.
    """
    process.terminate()
    impatience = threading.Timer(PATIENCE_SECONDS, process.kill)
    impatience.start()
    try:
        return _hear_out(out, tell)
    except KeyboardInterrupt:
        process.kill()
        return None
    finally:
        impatience.cancel()
        process.wait()


def _let_end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that has nothing left to say; an interrupt only hastens its end."""
    try:
        process.wait()
    except KeyboardInterrupt:
        process.kill()
        process.wait()


def _error_of(refused: Refused) -> RequestError | WorkError:
    kind = RequestError if refused.exit_code == RequestError.exit_code else WorkError
    error = kind(refused.subject, refused.fact, refused.fix)
    if refused.traceback:
        error.__cause__ = ElsewhereError(f"in the process that did the work:\n{refused.traceback}")
    return error


def _ending(status: int) -> str:
    how = f"signal {-status}" if status < 0 else f"status {status}"
    killed = ", as it is where memory runs out" if status == -9 else ""
    return f"ended with {how}{killed}, and nothing came of it"


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines()
    return f"It said: {lines[-1]}" if lines else ""
