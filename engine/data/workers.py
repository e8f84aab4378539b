"""Processes that load batches ahead of the training loop.

Each is a fresh interpreter (spawn: the engine has threads and sockets that a fork would copy) without torch, at one
end of a pipe. Batch k goes to worker k modulo their number, so batches come back in order. A worker ends when its pipe
closes, hence also when the engine is killed. It ignores SIGINT and SIGTERM: sent to the whole process group they ask
the engine to save and stop, and until it has stopped it takes batches.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import NamedTuple

from engine.data.epochs import Images, Loaded, Place
from engine.errors import WorkError

REQUESTS_AHEAD = 2
"""Batches asked of each worker beyond those received, so that it never waits for the next request."""

_FOR_THE_ENGINE = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class _Failure(NamedTuple):
    """An exception on its way through the pipe."""

    subject: str
    fact: str
    fix: str
    traceback: str
    """Set when it is none that the user is meant to see."""


class Workers:
    """Loads the batches of ``places`` in order, in ``number`` processes.

    Args:
        images: what to load; travels to each process once.
        batch: items in a batch.
        number: processes, at least 1.
        places: an endless iterator over the batches to load.
    """

    def __init__(self, images: Images, batch: int, number: int, places: Iterator[Place]) -> None:
        self._places = places
        self._turn = count()
        context = multiprocessing.get_context("spawn")
        self._processes: list[SpawnProcess] = []
        self._pipes: list[Connection] = []
        self._kill = weakref.finalize(self, _kill, self._processes, self._pipes)
        with _signals_held_back():
            for rank in range(number):
                ours, theirs = context.Pipe()
                process = context.Process(target=serve, args=(theirs, images, batch), name=f"data-{rank}", daemon=True)
                process.start()
                theirs.close()
                self._processes.append(process)
                self._pipes.append(ours)
        for pipe in self._pipes * REQUESTS_AHEAD:
            pipe.send(next(places))

    def receive(self) -> Loaded:
        """The next batch; waits for it.

        Raises:
            WorkError: no image of a domain can be read, or the worker died.
        """
        rank = next(self._turn) % len(self._pipes)
        try:
            answer = self._pipes[rank].recv()
            self._pipes[rank].send(next(self._places))
        except (EOFError, OSError) as error:
            raise self._died(rank) from error
        if isinstance(answer, _Failure):
            if answer.traceback:
                raise RuntimeError(f"a data worker failed\n{answer.traceback}")
            raise WorkError(answer.subject, answer.fact, answer.fix)
        assert isinstance(answer, Loaded)
        return answer

    def close(self) -> None:
        """End the processes at once; they hold nothing that could be lost. A receive() in progress then raises."""
        self._kill()

    def _died(self, rank: int) -> WorkError:
        process = self._processes[rank]
        process.join(timeout=5)
        code = process.exitcode
        how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with status {code}"
        return WorkError(f"data worker {rank}", how, "Perhaps memory ran out; lower data.workers, then resume.")


def serve(pipe: Connection, images: Images, batch: int) -> None:
    """A worker's life: load what is asked for until the engine closes the pipe or dies."""
    for number in _FOR_THE_ENGINE:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _FOR_THE_ENGINE)
    try:
        while True:
            pipe.send(_answer(images, pipe.recv(), batch))
    except (EOFError, OSError):
        return


def _answer(images: Images, place: Place, batch: int) -> Loaded | _Failure:
    try:
        return images.load(place, batch)
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
