"""The life of a process that follows: it finds the leader, trains with it, and tells it what goes wrong.

It ignores the signals that ask an engine to stop: sent to all ranks alike they reach the leader too, which needs the
others until it has stopped.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tomllib
from functools import partial
from typing import NoReturn

from msgspec.structs import replace

from engine.config.load import resolve
from engine.config.methods import TrainConfig
from engine.config.threads import wait_briefly
from engine.errors import GanTuiError
from engine.failure import reason_and_fix
from engine.imports import nothing_is_garbage
from engine.protocol.rundir import RunDirectory
from engine.ranks.connection import Connection, ConnectionLostError
from engine.ranks.followers import PATIENCE_SECONDS
from engine.ranks.meeting import FOR_THE_LEADER, go_to_leader
from engine.ranks.messages import Trouble, encode
from engine.ranks.orders import LeaderLostError, NoImagesError, Orders
from engine.ranks.seat import Seat

log = logging.getLogger(__name__)

SILENCE_SECONDS = 3.0
"""How long a failure is kept to oneself: where it is but the echo of another rank's, the leader ends all of them."""


def follow_to_the_end(run: RunDirectory, seat: Seat) -> int:
    """Train under the leader of a run; returns the exit status.

    Args:
        run: for messages, and the advice in them; nothing in it is written.
        seat: this process's.
    """
    wait_briefly(os.environ)  # first, as the way to the leader may lead through torchrun's store, which is PyTorch's
    for number in FOR_THE_LEADER:
        signal.signal(number, signal.SIG_IGN)
    try:
        leader = go_to_leader(seat, os.environ)
    except GanTuiError as error:
        log.error("rank %d: %s", seat.rank, error.one_line())
        return error.exit_code
    orders = Orders(leader, when_stuck=partial(os._exit, 1))
    config: TrainConfig | None = None
    try:
        begin = orders.next_begin()
        config = resolve(tomllib.loads(begin.config), begin.origin)
        config = replace(config, run=replace(config.run, gpus=seat.size))
        with nothing_is_garbage():
            from engine.train.follower import follow  # here, as the leader notices from now on if this process dies

        follow(leader, orders, config, seat)
    except LeaderLostError:
        return _leave_at_once(1)
    except NoImagesError as error:
        log.exception("rank %d has no images", seat.rank)
        _tell(leader, _trouble(error, at_boundary=True))
        orders.lost.wait(PATIENCE_SECONDS)  # the leader saves, for which the group has to be whole, and then lets go
        return _leave_at_once(error.exit_code)
    except GanTuiError as error:
        _tell(leader, _trouble(error))
        log.exception("rank %d ends by an error", seat.rank)
        return _leave_at_once(error.exit_code)
    except Exception as error:
        log.exception("rank %d ends by an unexpected error", seat.rank)
        reason, fix = reason_and_fix(error, run, config)
        if not orders.lost.wait(SILENCE_SECONDS):
            _tell(leader, Trouble(subject="training", fact=f"failed: {reason}", fix=fix, exit_code=1))
        return _leave_at_once(1)
    return 0


def _trouble(error: GanTuiError, *, at_boundary: bool = False) -> Trouble:
    return Trouble(
        subject=error.subject, fact=error.fact, fix=error.fix, exit_code=error.exit_code, at_boundary=at_boundary
    )


def _tell(leader: Connection, trouble: Trouble) -> None:
    with contextlib.suppress(ConnectionLostError):
        leader.send(encode(trouble))


def _leave_at_once(status: int) -> NoReturn:
    """Without taking leave of the process group: a GPU that waits for a lost rank would hold the process for ever."""
    logging.shutdown()
    os._exit(status)
