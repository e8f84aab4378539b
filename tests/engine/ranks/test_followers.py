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
from engine.ranks.messages import Built, Join, PassedOver, Ready, Step, Stop, Trouble, decode_order, encode
from engine.ranks.orders import LeaderLostError, Orders
from engine.ranks.seat import Seat
from tests.until import PATIENCE, until

BEGINNING = Join(host="here", port=1, epoch=0, index=0)
NO_IMAGES = Trouble(subject="/data", fact="is gone", fix="", exit_code=1, at_boundary=True)


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
    followers.hand_over(BEGINNING, b"")
    theirs.close()
    assert isinstance(reasons.get(timeout=PATIENCE), LostRankError)
    followers.close()


def test_a_leader_that_has_left_its_device_may_take_its_time() -> None:
    """It writes a checkpoint that was under way."""
    ours, theirs = connected()
    followers = Followers(Seat(size=2), "here", {1: ours}, stuck_seconds=0)
    reasons: SimpleQueue[GanTuiError] = SimpleQueue()
    followers.when_stuck(reasons.put)
    followers.hand_over(BEGINNING, b"")
    followers.leave_device()
    theirs.close()
    with pytest.raises(LostRankError):
        followers.await_images()
    no_deadline_runs()
    assert reasons.empty()
    followers.close()


def test_a_leader_that_saves_for_want_of_images_may_take_its_time() -> None:
    """Only once the rank that told of it is gone can the leader be stuck."""
    ours, theirs = connected()
    followers = Followers(Seat(size=2), "here", {1: ours}, stuck_seconds=0)
    reasons: SimpleQueue[GanTuiError] = SimpleQueue()
    followers.when_stuck(reasons.put)
    followers.hand_over(BEGINNING, b"")
    theirs.send(encode(NO_IMAGES))
    with pytest.raises(WorkError, match="is gone"):
        followers.await_images()
    no_deadline_runs()
    assert reasons.empty()
    theirs.close()
    assert reasons.get(timeout=PATIENCE).fact == "is gone"
    followers.close()


def no_deadline_runs() -> None:
    """Wait for the end of those that run."""
    until(lambda: not any(isinstance(thread, threading.Timer) for thread in threading.enumerate()), "no deadline")


def test_a_rank_in_trouble_is_heard(ends: tuple[Followers, list[Connection]]) -> None:
    followers, theirs = ends
    theirs[0].send(encode(Built()))
    theirs[1].send(encode(Trouble(subject="data.root", fact="is no folder", fix="Name one.", exit_code=2)))
    with pytest.raises(RequestError, match=r"rank 2: data\.root: is no folder\. Name one\."):
        followers.await_built()


def test_images_that_a_rank_cannot_read_are_no_loss_of_the_rank(ends: tuple[Followers, list[Connection]]) -> None:
    """The state is that of a step boundary, on all ranks: it can be saved."""
    followers, theirs = ends
    followers.hand_over(BEGINNING, b"")
    theirs[0].send(encode(Ready()))
    theirs[1].send(encode(NO_IMAGES))
    with pytest.raises(WorkError) as raised:
        followers.await_images()
    assert not isinstance(raised.value, LostRankError)


def test_what_fails_within_a_step_is_a_loss_though_it_is_told_between_two(
    ends: tuple[Followers, list[Connection]],
) -> None:
    """Where a device is behind, the leader waits for images when a rank finds that its memory was full in the step."""
    followers, theirs = ends
    followers.hand_over(BEGINNING, b"")
    theirs[0].send(encode(Ready()))
    theirs[1].send(encode(Trouble(subject="training", fact="failed: memory is full", fix="", exit_code=1)))
    with pytest.raises(LostRankError, match="rank 2: training: failed: memory is full"):
        followers.await_images()


@pytest.mark.parametrize(
    "payload", [b'{"kind":"ready","problems":[["\xff",""]]}', b'{"x":' + b"[" * 10_000], ids=["not UTF-8", "nested"]
)
def test_a_rank_that_talks_nonsense_is_lost(ends: tuple[Followers, list[Connection]], payload: bytes) -> None:
    followers, theirs = ends
    theirs[0].send(payload)
    with pytest.raises(LostRankError, match="rank 1 of 3: was lost"):
        followers.await_images()


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


@pytest.mark.parametrize(
    "payload", [b'{"kind":"step","weights":{"\xff":1}}', b'{"x":' + b"[" * 10_000], ids=["not UTF-8", "nested"]
)
def test_a_leader_that_talks_nonsense_is_gone(payload: bytes) -> None:
    ours, theirs = connected()
    orders = Orders(theirs, lambda: None, stuck_seconds=0)
    ours.send(payload)
    with pytest.raises(LeaderLostError):
        orders.next()
    ours.close()


def test_a_leader_that_stops_well_is_not_missed_and_its_follower_has_to_end() -> None:
    ours, theirs = connected()
    stuck = threading.Event()
    orders = Orders(theirs, stuck.set, stuck_seconds=0)
    ours.send(encode(Stop()))
    assert orders.next() == Stop()
    ours.close()
    assert stuck.wait(PATIENCE), "a follower that hangs as it takes leave is ended"
    assert not orders.lost.is_set()


def test_a_message_that_comes_drop_by_drop_is_not_waited_for() -> None:
    """The time is that of the whole message, however often a little of it comes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stranger = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    ended = threading.Event()

    def drip() -> None:
        stranger.sendall((100_000_000).to_bytes(8, "big"))
        while not ended.wait(0.02):
            stranger.sendall(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    connection = Connection(ours)
    try:
        with pytest.raises(ConnectionLostError, match=r"in time|timed out"):
            connection.receive(seconds=0.2)
    finally:
        ended.set()
        dripping.join()
        stranger.close()
        connection.close()


def test_messages_larger_than_allowed_end_a_connection() -> None:
    ours, theirs = connected()
    ours.send(b"x" * 100)
    with pytest.raises(ConnectionLostError, match="100 bytes"):
        theirs.receive(at_most=99)
    ours.close()
    with pytest.raises(ConnectionLostError):
        until(theirs.receive, "the end")
