"""The leader's dealings with other ranks, over real connections whose other ends the tests hold."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from engine.errors import GanTuiError, RequestError, WorkError
from engine.ranks.connection import Connection, ConnectionLostError
from engine.ranks.followers import Followers, LostRankError
from engine.ranks.messages import Built, PassedOver, Ready, Step, Stop, Trouble, decode_order, encode
from engine.ranks.orders import LeaderLostError, Orders
from engine.ranks.seat import Seat
from tests.until import PATIENCE, until


def connected() -> tuple[Connection, Connection]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    return Connection(ours), Connection(theirs)


@pytest.fixture
def ends() -> Iterator[tuple[Followers, list[Connection]]]:
    """A leader with two followers, and what these hold."""
    pairs = [connected() for _ in range(2)]
    ours = {rank: pair[0] for rank, pair in enumerate(pairs, start=1)}
    followers = Followers(
        Seat(size=3), "here", ours, lambda rank: "was killed by SIGKILL" if rank == 2 else "", "Resume."
    )
    yield followers, [pair[1] for pair in pairs]
    followers.close()
    for _, theirs in pairs:
        theirs.close()


def test_a_step_says_what_has_changed(ends: tuple[Followers, list[Connection]]) -> None:
    followers, theirs = ends
    weights, rates = {"loss.cycle_a": 10.0, "loss.cycle_b": 5.0}, {"G": 1e-4}
    followers.order_step(0, 0, 0, weights, rates)
    followers.order_step(1, 0, 1, weights, rates)
    followers.order_step(2, 0, 2, weights | {"loss.cycle_b": 6.0}, {"G": 9e-5})
    followers.stop()
    for connection in theirs:
        orders = [decode_order(connection.receive()) for _ in range(4)]
        assert orders == [
            Step(step=0, epoch=0, index=0, weights=weights, rates=rates),
            Step(step=1, epoch=0, index=1),
            Step(step=2, epoch=0, index=2, weights={"loss.cycle_b": 6.0}, rates={"G": 9e-5}),
            Stop(),
        ]


def test_images_passed_over_are_told_once(ends: tuple[Followers, list[Connection]]) -> None:
    followers, theirs = ends
    damaged = PassedOver("a.png", "is empty")
    for connection in theirs:
        connection.send(encode(Ready(problems=(damaged,))))
    assert followers.await_images() == (damaged,)
    theirs[0].send(encode(Ready(problems=(damaged, PassedOver("b.png", "is empty")))))
    theirs[1].send(encode(Ready()))
    assert [problem.path for problem in followers.await_images()] == ["b.png"]


def test_a_rank_that_dies_is_named_with_what_is_known_of_it(ends: tuple[Followers, list[Connection]]) -> None:
    followers, theirs = ends
    theirs[0].send(encode(Ready()))
    theirs[1].close()
    with pytest.raises(LostRankError, match=r"rank 2 of 3: was lost: its process was killed by SIGKILL\. Resume\."):
        followers.await_images()
    with pytest.raises(LostRankError):
        followers.order_step(1, 0, 1, {}, {})
    with pytest.raises(LostRankError):
        followers.stop()


def test_a_step_that_fails_because_a_rank_died_says_so(ends: tuple[Followers, list[Connection]]) -> None:
    followers, theirs = ends
    theirs[0].close()
    with pytest.raises(LostRankError, match="rank 1 of 3: was lost") as raised, followers.taking_part():
        raise RuntimeError("Connection closed by peer")
    assert isinstance(raised.value.__cause__, RuntimeError)


def test_a_leader_that_hangs_in_a_step_is_ended() -> None:
    ours, theirs = connected()
    followers = Followers(Seat(size=2), "here", {1: ours}, stuck_seconds=0)
    reasons: SimpleQueue[GanTuiError] = SimpleQueue()
    followers.when_stuck(reasons.put)
    theirs.close()
    assert isinstance(reasons.get(timeout=PATIENCE), LostRankError)
    followers.close()


def test_a_rank_in_trouble_is_heard(ends: tuple[Followers, list[Connection]]) -> None:
    followers, theirs = ends
    theirs[0].send(encode(Built()))
    theirs[1].send(encode(Trouble(subject="data.root", fact="is no folder", fix="Name one.", exit_code=2)))
    with pytest.raises(RequestError, match=r"rank 2: data\.root: is no folder\. Name one\."):
        followers.await_built()


def test_images_that_a_rank_cannot_read_are_no_loss_of_the_rank(ends: tuple[Followers, list[Connection]]) -> None:
    """The state is that of a step boundary, on all ranks: it can be saved."""
    followers, theirs = ends
    theirs[0].send(encode(Ready()))
    theirs[1].send(encode(Trouble(subject="/data", fact="is gone", fix="", exit_code=1)))
    with pytest.raises(WorkError) as raised:
        followers.await_images()
    assert not isinstance(raised.value, LostRankError)


def test_ranks_may_leave_once_they_are_stopped(ends: tuple[Followers, list[Connection]]) -> None:
    followers, theirs = ends
    followers.stop()
    for connection in theirs:
        connection.close()
    followers.require_whole()


def test_a_follower_learns_that_its_leader_is_gone() -> None:
    ours, theirs = connected()
    stuck = threading.Event()
    orders = Orders(theirs, stuck.set, stuck_seconds=0)
    ours.send(encode(Step(step=0, epoch=0, index=0)))
    assert orders.next() == Step(step=0, epoch=0, index=0)
    assert not orders.lost.is_set()
    ours.close()
    with pytest.raises(LeaderLostError):
        orders.next()
    assert stuck.wait(PATIENCE), "a follower that hangs in a step is ended"


def test_a_leader_that_stops_well_is_not_missed() -> None:
    ours, theirs = connected()
    orders = Orders(theirs, lambda: None)
    ours.send(encode(Stop()))
    assert orders.next() == Stop()
    ours.close()
    assert not orders.lost.is_set()


def test_messages_larger_than_allowed_end_a_connection() -> None:
    ours, theirs = connected()
    ours.send(b"x" * 100)
    with pytest.raises(ConnectionLostError, match="100 bytes"):
        theirs.receive(at_most=99)
    ours.close()
    with pytest.raises(ConnectionLostError):
        until(theirs.receive, "the end")
