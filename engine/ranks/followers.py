"""The other ranks as the leader has to do with them: it orders each step, and hears whether they can go on. Torch-free.

A process that trains by itself has none, and everything here is then done at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import msgspec

from engine.errors import GanTuiError, RequestError, WorkError
from engine.ranks.connection import Connection, ConnectionLostError
from engine.ranks.messages import (
    Begin,
    Built,
    Join,
    Order,
    PassedOver,
    Ready,
    Step,
    Stop,
    Trouble,
    decode_answer,
    encode,
)
from engine.ranks.seat import ALONE, Seat

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1800.0
"""How long a rank may take over what is asked of it, one exchange within a step included (PyTorch's own default)."""
NOTICE_SECONDS = 5.0
"""How long after a failed exchange the reason is waited for: the connection of a rank that died closes at once."""
STUCK_SECONDS = 60.0
"""How long after a loss a process may last: one that waits on a GPU for a lost rank would do so for ever."""
ANSWER_BYTES = 2**20


class LostRankError(WorkError):
    """A rank is gone in the middle of things: what the ranks did together may be half done."""


class Followers:
    """Every rank but the leader.

    Args:
        seat: the leader's.
        host: the name by which they reach its machine.
        connections: by rank.
        fate: how a rank's process ended, as a clause, as far as that is known; it may wait a little.
        fix: what the user is to do once a rank is lost.
        stuck_seconds: how long the leader may last once one is.
    """

    def __init__(
        self,
        seat: Seat = ALONE,
        host: str = "",
        connections: Mapping[int, Connection] | None = None,
        fate: Callable[[int], str] = lambda rank: "",
        fix: str = "",
        stuck_seconds: float = STUCK_SECONDS,
    ) -> None:
        self.seat = seat
        self.host = host
        self._connections = dict(connections or {})
        self._fate = fate
        self._fix = fix
        self._stuck_seconds = stuck_seconds
        self._answers: SimpleQueue[Built | Ready | None] = SimpleQueue()
        self._told: dict[str, float] = {}
        self._known_problems: set[str] = set()
        self._done = False
        self._together = False
        self._loss: GanTuiError | None = None
        self._lost = threading.Event()
        self._losing = threading.Lock()
        self._deadline: threading.Timer | None = None
        self._left_device = False
        self._when_stuck: Callable[[GanTuiError], None] = lambda loss: None
        for rank, connection in self._connections.items():
            threading.Thread(target=self._listen, args=(rank, connection), name=f"rank-{rank}", daemon=True).start()

    def __len__(self) -> int:
        return len(self._connections)

    def when_stuck(self, end: Callable[[GanTuiError], None]) -> None:
        """What ends the process, in another thread, where a rank is lost and the leader does not come to its own end.

        It is given the reason. The loop cannot tell of it: it waits on the device for a rank that will never answer.
        """
        self._when_stuck = end

    def leave_device(self) -> None:
        """The leader will not wait on its device any more, so it is not stuck from now on, however long it takes.

        Where it has just been found to be, this does not return: ``when_stuck`` ends the process.
        """
        with self._losing:
            self._left_device = True

    # ---------------------------------------------------------------------------------------------- before training

    def begin(self, config: str, origin: str) -> None:
        """Let them read the data and build the networks. Raises as require_whole."""
        self._order(Begin(config=config, origin=origin))

    def await_built(self) -> None:
        """Wait until all have. Raises as require_whole."""
        self._await(Built)

    def hand_over(self, join: Join, state: bytes) -> None:
        """Let them join the process group and take up a state. Raises as require_whole."""
        self._together = True
        self._order(join)
        self._send(state)

    # --------------------------------------------------------------------------------------------------- every step

    def await_images(self) -> tuple[PassedOver, ...]:
        """Wait until all have the images of the next step; those that could not be used, each told once.

        Raises:
            LostRankError: a rank is lost; the step before may be half done, on a device that is behind.
            WorkError: a rank cannot read its images; every rank has done the step before.
        """
        problems = [problem for ready in self._await(Ready) for problem in ready.problems]
        fresh = {problem.path: problem for problem in problems if problem.path not in self._known_problems}
        self._known_problems.update(fresh)
        return tuple(fresh.values())

    def order_step(
        self, step: int, epoch: int, index: int, weights: Mapping[str, float], rates: Mapping[str, float]
    ) -> None:
        """Let them do a step with these loss weights and learning rates. Raises as require_whole."""
        if self._connections:
            order = Step(
                step=step, epoch=epoch, index=index, weights=self._changes(weights), rates=self._changes(rates)
            )
            self._order(order)

    @contextmanager
    def taking_part(self) -> Iterator[None]:
        """The length of a step: where it fails because a rank is lost, that is what is raised.

        Raises:
            GanTuiError: a rank is lost; the step is half done.
        """
        try:
            yield
        except GanTuiError:
            raise
        except Exception as error:
            if self._connections and self._lost.wait(NOTICE_SECONDS) and self._loss is not None:
                raise self._loss from error
            raise

    def require_whole(self) -> None:
        """Raises GanTuiError when a rank is lost, with what is known of it."""
        if self._loss is not None:
            raise self._loss

    def stop(self) -> None:
        """Let them end, for the last step is done. Raises as require_whole: what they did together may not be."""
        self.require_whole()
        self._done = True
        self._order(Stop())

    def close(self) -> None:
        """Let go of them; those that are still there end."""
        with self._losing:
            self._done = True
        if self._deadline is not None:
            self._deadline.cancel()
        for connection in self._connections.values():
            connection.close()

    # ------------------------------------------------------------------------------------------------------ within

    def _changes(self, values: Mapping[str, float]) -> dict[str, float]:
        changed = {name: value for name, value in values.items() if self._told.get(name) != value}
        self._told.update(changed)
        return changed

    def _order(self, order: Order) -> None:
        self._send(encode(order))

    def _send(self, payload: bytes) -> None:
        self.require_whole()
        for rank, connection in self._connections.items():
            try:
                connection.send(payload)
            except ConnectionLostError:
                self._lose(rank, self._lost_rank(rank))
                self.require_whole()

    def _await(self, kind: type[Built] | type[Ready]) -> list[Ready]:
        """An answer of a kind from each; those that say more than that."""
        told: list[Ready] = []
        for _ in self._connections:
            try:
                answer = self._answers.get(timeout=PATIENCE_SECONDS)
            except Empty:
                fact = f"have not all answered for {PATIENCE_SECONDS / 60:.0f} minutes"
                raise LostRankError("the ranks of the run", fact, self._fix) from None
            self.require_whole()
            assert isinstance(answer, kind), f"{answer} is not what was asked for"
            if isinstance(answer, Ready):
                told.append(answer)
        return told

    # ------------------------------------------------------------------------------------- in the threads that listen

    def _listen(self, rank: int, connection: Connection) -> None:
        try:
            while True:
                answer = decode_answer(connection.receive(at_most=ANSWER_BYTES))
                match answer:
                    case Built() | Ready():
                        self._answers.put(answer)
                    case Trouble():
                        self._lose(rank, self._as_error(rank, answer))
                    case _:
                        raise ConnectionLostError(f"{answer} comes out of turn")
        except (ConnectionLostError, msgspec.DecodeError) as error:
            if not self._done:
                log.error("rank %d: %s", rank, error)
                self._lose(rank, self._lost_rank(rank))

    def _lost_rank(self, rank: int) -> LostRankError:
        fate = self._fate(rank)
        fact = f"was lost: its process {fate}" if fate else "was lost"
        return LostRankError(f"rank {rank} of {self.seat.size}", fact, self._fix)

    def _as_error(self, rank: int, trouble: Trouble) -> GanTuiError:
        """What a rank has told of its own end."""
        kind: type[GanTuiError]
        if self._together and not trouble.at_boundary:
            kind = LostRankError
        else:
            kind = RequestError if trouble.exit_code == RequestError.exit_code else WorkError
        return kind(f"rank {rank}: {trouble.subject}", trouble.fact, trouble.fix)

    def _lose(self, rank: int, loss: GanTuiError) -> None:
        """Let the leader know. The first loss is the reason; only one of a rank that it trains with leaves it stuck."""
        with self._losing:
            if self._done:
                return
            if self._loss is None:
                self._loss = loss
                log.error("%s", loss.one_line())
            if self._together and isinstance(loss, LostRankError) and self._deadline is None:
                self._deadline = threading.Timer(self._stuck_seconds, self._end_if_stuck, (self._loss,))
                self._deadline.daemon = True
                self._deadline.start()
        self._lost.set()
        self._answers.put(None)  # wakes a leader that waits for an answer

    def _end_if_stuck(self, loss: GanTuiError) -> None:
        with self._losing:  # a leader that comes to its own end now waits, so that one thread alone writes the record
            if not (self._done or self._left_device):
                self._when_stuck(loss)
