"""Processes that read images ahead of the training loop.

Each is a fresh interpreter (spawn: the engine has threads and sockets that a fork would copy) without torch, at one
end of a pipe. Where order counts, request k goes to worker k modulo their number. A worker ends when its
pipe closes, hence also when the engine is killed. It ignores SIGINT and SIGTERM: sent to the whole process group they
ask the engine to save and stop, and until it has stopped it takes batches.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import NamedTuple, TypeVar

from engine.errors import WorkError

R = TypeVar("R")
A = TypeVar("A")

REQUESTS_AHEAD = 2
"""Answers asked of each worker beyond those received, so that it never waits for the next request."""

_FOR_THE_ENGINE = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class _Failure(NamedTuple):
    """An exception on its way through the pipe."""

    subject: str
    fact: str
    fix: str
    traceback: str
    """Set when it is none that the user is meant to see."""


class Workers(Iterator[A]):
    """The answers to requests, worked out in ``number`` processes.

    Args:
        work: makes the answer to a request; travels to each process once.
        requests: what to ask; taken a few ahead, in the thread that asks for answers.
        number: processes, at least 1.
        in_order: answers come in the order of their requests; else each as soon as it is there.
    """

    def __init__(self, work: Callable[[R], A], requests: Iterator[R], number: int, *, in_order: bool) -> None:
        self._requests = requests
        self._in_order = in_order
        self._asked = self._answered = 0
        context = multiprocessing.get_context("spawn")
        self._processes: list[SpawnProcess] = []
        self._pipes: list[Connection] = []
        self._kill = weakref.finalize(self, _kill, self._processes, self._pipes)
        with _signals_held_back():
            for rank in range(number):
                ours, theirs = context.Pipe()
                process = context.Process(target=serve, args=(theirs, work), name=f"data-{rank}", daemon=True)
                process.start()
                theirs.close()
                self._processes.append(process)
                self._pipes.append(ours)
        for pipe in self._pipes * REQUESTS_AHEAD:
            self._ask(pipe)

    def __next__(self) -> A:
        """The next answer; waits for it. Ends where all requests are answered.

        Raises:
            WorkError: the work raised it, or the worker died.
        """
        if self._answered == self._asked:
            raise StopIteration
        pipes = self._pipes_of_next()
        self._answered += 1
        pipe = pipes[0]
        try:
            if len(pipes) > 1:
                pipe = wait(pipes)[0]  # type: ignore[assignment]
            answer = pipe.recv()
            self._ask(pipe)
        except (EOFError, OSError) as error:
            raise self._died(self._pipes.index(pipe)) from error
        if isinstance(answer, _Failure):
            if answer.traceback:
                raise RuntimeError(f"a data worker failed\n{answer.traceback}")
            raise WorkError(answer.subject, answer.fact, answer.fix)
        found: A = answer
        return found

    def answer_before(self, other: Connection) -> bool:
        """Wait until next() need not wait, or ``other`` can be read: False in the second case, and in both."""
        return self._answered == self._asked or other not in wait([*self._pipes_of_next(), other])

    def close(self) -> None:
        """End the processes at once; they hold nothing that could be lost. A next() in progress then raises."""
        self._kill()

    def _pipes_of_next(self) -> list[Connection]:
        """Those by which the next answer may come."""
        return [self._pipes[self._answered % len(self._pipes)]] if self._in_order else self._pipes

    def _ask(self, pipe: Connection) -> None:
        for request in islice(self._requests, 1):
            pipe.send(request)
            self._asked += 1

    def _died(self, rank: int) -> WorkError:
        process = self._processes[rank]
        process.join(timeout=5)
        code = process.exitcode
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with status {code}"
        return WorkError(f"data worker {rank}", how, "Perhaps memory ran out; lower data.workers, then resume.")


def serve(pipe: Connection, work: Callable[[R], A]) -> None:
    """A worker's life: answer what is asked until the engine closes the pipe or dies."""
    for number in _FOR_THE_ENGINE:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FOR_THE_ENGINE)
    try:
        while True:
            pipe.send(_answer(work, pipe.recv()))
    except (EOFError, OSError):
        return


def _answer(work: Callable[[R], A], request: R) -> A | _Failure:
    try:
        return work(request)
    except WorkError as error:
        return _Failure(error.subject, error.fact, error.fix, "")
    except Exception:  # noqa: BLE001 - the process's edge: the engine raises it again
        return _Failure("", "", "", traceback.format_exc())


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Processes started inside begin with the engine's signals blocked: none can end one before it ignores them."""
    resource_tracker.ensure_running()  # it would unblock them when the first process starts it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FOR_THE_ENGINE)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _kill(processes: list[SpawnProcess], pipes: list[Connection]) -> None:
    for process in processes:
        process.kill()
    for process in processes:
        process.join()
    for pipe in pipes:
        pipe.close()
