"""Work done beside the step loop: writing files on a thread, and telling the loop what became of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

T = TypeVar("T")


class Errands(Generic[T]):
    """One thread that runs jobs in turn; their results are taken by the loop at a step boundary."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._under_way: list[Future[T]] = []

    @property
    def busy(self) -> bool:
        """Whether a job is under way or its result not yet taken."""
        return bool(self._under_way)

    def send(self, job: Callable[[], T]) -> None:
        """Queue a job."""
        self._under_way.append(self._pool.submit(job))

    def take_done(self) -> list[T | Exception]:
        """Results, or what was raised, of the jobs that have ended; each is handed out once."""
        done = [future for future in self._under_way if future.done()]
        self._under_way = [future for future in self._under_way if not future.done()]
        return [self._outcome(future) for future in done]

    def finish(self) -> list[T | Exception]:
        """Wait for every job; their results."""
        wait(self._under_way)
        return self.take_done()

    @staticmethod
    def _outcome(future: Future[T]) -> T | Exception:
        try:
            return future.result()
        except Exception as error:  # noqa: BLE001 - the thread's edge: the loop decides what a failure means
            return error
