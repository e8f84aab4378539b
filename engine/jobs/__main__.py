"""The process of a job: ``python -m engine.jobs`` (engine.protocol.jobs has what goes in and comes out)."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import BinaryIO

import msgspec

from engine.config.threads import wait_briefly
from engine.errors import INTERRUPTED, GanTuiError, RequestError, WorkError
from engine.jobs.work import do
from engine.protocol.codec import DecodeError
from engine.protocol.jobs import Answer, Job, Message, Refused, Tell, decode_job


def main(work: Callable[[Job, Tell], Answer] = do) -> int:
    """Do the job on stdin; returns the exit status: 0 done, 1 failed, 2 the request was wrong."""
    _heed_signals()
    with contextlib.suppress(BrokenPipeError), _messages_on_stdout() as messages:

        def tell(message: Message) -> None:
            messages.write(_line(message))
            messages.flush()

        try:
            status, line = _done(work, tell)
            messages.write(line)
        except KeyboardInterrupt:
            return INTERRUPTED
        return status
    return WorkError.exit_code  # whoever asked is gone


def _done(work: Callable[[Job, Tell], Answer], tell: Tell) -> tuple[int, bytes]:
    """Do the job; the exit status, and the last message. What is done is not taken back by a signal that comes late."""
    try:
        answer = work(_job(), tell)
        _ignore_signals()
        return 0, _line(answer)
    except BrokenPipeError:
        raise
    except GanTuiError as error:
        subject, fact, fix = map(_as_text, (error.subject, error.fact, error.fix))
        return error.exit_code, _line(Refused(exit_code=error.exit_code, subject=subject, fact=fact, fix=fix))
    except Exception as error:  # noqa: BLE001 - the process's edge: whoever asked tells of it
        return WorkError.exit_code, _line(_unexpected(error))


def _line(message: Message) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def _as_text(words: str) -> str:
    """With escapes in place of what is no text: names of files may be any bytes."""
    return words.encode("utf-8", "backslashreplace").decode()


def _heed_signals() -> None:
    """SIGTERM ends the work as Ctrl-C does, which may come with it: what is half done is taken back, once.

    Where SIGINT is ignored, as in a script's background, it stays so: whoever asked does not end by it either.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        _ignore_signals()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)


def _ignore_signals() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _messages_on_stdout() -> BinaryIO:
    """What stdout is; from here on whatever a library prints goes to stderr instead."""
    messages = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return messages


def _job() -> Job:
    wait_briefly(os.environ)
    try:
        return decode_job(sys.stdin.buffer.read())
    except DecodeError as error:
        raise RequestError("the job", f"cannot be understood ({error})", "It is written by gan-tui alone.") from error


def _unexpected(error: Exception) -> Refused:
    first_line = (str(error).splitlines() or [""])[0]
    return Refused(
        exit_code=WorkError.exit_code,
        subject="the work",
        fact=_as_text(f"failed by an unexpected {type(error).__name__}: {first_line}"),
        fix="Run it again as `gan-tui --debug ...` and report the traceback.",
        traceback=_as_text(traceback.format_exc()),
    )


if __name__ == "__main__":
    sys.exit(main())
