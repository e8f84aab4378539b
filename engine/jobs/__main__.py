"""The process of a job: ``python -m engine.jobs`` (engine.protocol.jobs has what goes in and comes out)."""

from __future__ import annotations

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
    with _messages_on_stdout() as messages:

        def tell(message: Message) -> None:
            messages.write(msgspec.json.encode(message) + b"\n")
            messages.flush()

        try:
            answer: Answer | Refused = work(_job(), tell)
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError:
            return WorkError.exit_code  # whoever asked is gone
        except GanTuiError as error:
            answer = Refused(exit_code=error.exit_code, subject=error.subject, fact=error.fact, fix=error.fix)
        except Exception as error:  # noqa: BLE001 - the process's edge: whoever asked tells of it
            answer = _unexpected(error)
        tell(answer)
    return answer.exit_code if isinstance(answer, Refused) else 0


def _heed_signals() -> None:
    """SIGTERM ends the work as Ctrl-C does, which may come with it: what is half done is taken back, once.

    Where SIGINT is ignored, as in a script's background, it stays so: whoever asked does not end by it either.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)


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
        fact=f"failed by an unexpected {type(error).__name__}: {first_line}",
        fix="Run it again as `gan-tui --debug ...` and report the traceback.",
        traceback=traceback.format_exc(),
    )


if __name__ == "__main__":
    sys.exit(main())
