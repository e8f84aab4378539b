"""How ranks find one another, and what a rank says that fails: real follower processes, the test being the leader."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch

from engine.config.load import dump
from engine.config.threads import ENVIRONMENT
from engine.errors import RequestError, WorkError
from engine.methods.build import build_method
from engine.ranks.connection import LOOPBACK, Connection, ConnectionLostError, listen_at
from engine.ranks.division import Shard
from engine.ranks.followers import Followers, LostRankError
from engine.ranks.group import join, leave, open_store, reach_store
from engine.ranks.meeting import Rendezvous, go_to_leader
from engine.ranks.messages import Hello, Join, encode
from engine.ranks.seat import Seat
from engine.train.handover import packed_state
from tests.runs import tiny_config
from tests.until import until

CPU = torch.device("cpu")
PAIR = Seat(size=2, local_size=2)

NOT_UTF_8 = b'{"kind":"hello","rank":1,"secret":"\xff","host":""}'
NESTED = b'{"x":' + b"[" * 4000
GUESS = encode(Hello(rank=1, secret="guessed", host="x"))


@pytest.fixture
def rendezvous(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rendezvous]:
    """Where a leader of two meets the other."""
    for name, value in ((ENVIRONMENT, "1"), ("GLOO_SOCKET_IFNAME", "lo"), ("NCCL_SOCKET_IFNAME", "lo")):
        monkeypatch.setenv(name, value)
    meeting = Rendezvous(PAIR, arrival_seconds=60)
    yield meeting
    meeting.close()


@pytest.fixture
def followers(rendezvous: Rendezvous, tmp_path: Path) -> Iterator[Followers]:
    """A real process that follows."""
    rendezvous.start_others(tmp_path)
    met = rendezvous.admit_all("Resume.")
    yield met
    met.close()


def knock(rendezvous: Rendezvous, payload: bytes) -> Connection:
    host, port = rendezvous.address.rsplit(":", 1)
    connection = Connection(socket.create_connection((host, int(port))))
    connection.send(payload)
    return connection


@pytest.mark.parametrize("payload", [NOT_UTF_8, NESTED, GUESS], ids=["not UTF-8", "nested", "a guess"])
def test_a_stranger_is_not_let_in_and_harms_nobody(rendezvous: Rendezvous, payload: bytes) -> None:
    stranger = knock(rendezvous, payload)
    known = knock(rendezvous, encode(Hello(rank=1, secret=rendezvous.secret, host="x")))
    followers = rendezvous.admit_all("Resume.")
    assert len(followers) == 1
    with pytest.raises(ConnectionLostError):
        stranger.receive()
    followers.stop()
    assert known.receive()
    followers.close()


def test_ranks_that_do_not_come_are_named(rendezvous: Rendezvous) -> None:
    alone = Rendezvous(PAIR, arrival_seconds=0)
    with pytest.raises(WorkError, match=r"rank 1: did not arrive in 0 s\. Resume\."):
        alone.admit_all("Resume.")
    alone.close()


def test_a_rank_that_dies_on_its_way_is_named_whoever_knocks(rendezvous: Rendezvous, tmp_path: Path) -> None:
    before = psutil.Process().children()
    rendezvous.start_others(tmp_path)
    [started] = [process for process in psutil.Process().children() if process not in before]
    started.send_signal(signal.SIGKILL)
    until(lambda: started.status() == psutil.STATUS_ZOMBIE, "its end")
    strangers = [knock(rendezvous, b"{}") for _ in range(2)]
    with pytest.raises(WorkError, match=r"rank 1: did not begin: its process was killed by SIGKILL"):
        rendezvous.admit_all("Resume.")
    for stranger in strangers:
        stranger.close()


def test_a_rank_that_cannot_begin_says_why(followers: Followers, tmp_path: Path) -> None:
    """It sees the data under the leader's path, or not."""
    followers.begin(dump(tiny_config(root=tmp_path / "absent")), "config.toml")
    with pytest.raises(RequestError, match=rf"rank 1: .*{tmp_path}/absent"):
        followers.await_built()


def test_what_fails_on_a_rank_within_a_step_is_told(followers: Followers) -> None:
    """A step of another batch than the one that the rank has ready."""
    config = tiny_config("run.batch=2", "run.gpus=2")
    followers.begin(dump(config), "config.toml")
    followers.await_built()
    store, port = open_store(LOOPBACK)
    followers.hand_over(Join(host=LOOPBACK, port=port, epoch=0, index=0), packed_state(build_method(config, CPU)))
    join(store, Shard(0, 2), CPU)
    try:
        assert followers.await_images() == ()
        followers.order_step(0, 0, 1, {}, {})
        with pytest.raises(
            LostRankError, match=r"rank 1: training: failed: AssertionError: the ranks are at different"
        ):
            followers.await_images()
    finally:
        leave(CPU)


def test_a_store_that_is_not_there_is_a_failure_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MASTER_ADDR", LOOPBACK), ("RANK", "1"), ("WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MASTER_PORT", raising=False)
    with pytest.raises(WorkError, match=r"torchrun's store at 127\.0\.0\.1:: .*MASTER_PORT"):
        go_to_leader(Seat(rank=1, size=2), {"RANK": "1", "WORLD_SIZE": "2"})


@pytest.mark.parametrize("host", [LOOPBACK, "localhost"])
def test_the_leaders_store_listens_to_this_machine_alone(host: str) -> None:
    before = listening()
    store, port = open_store(host)
    [(address, its_port)] = listening() - before
    assert ipaddress.ip_address(address).is_loopback
    assert its_port == port
    reach_store(host, port).set("reached", "by that name")
    assert store.get("reached") == b"by that name"


def test_a_machines_own_name_is_for_others_too_whatever_it_means_here() -> None:
    """In the hosts file of this machine it may stand for the loopback."""
    with listen_at(socket.gethostname()) as listener:
        assert listener.getsockname()[0] in ("::", "0.0.0.0")


def listening() -> set[tuple[str, int]]:
    """Where this process listens."""
    found = psutil.Process().net_connections("tcp")
    return {(each.laddr.ip, each.laddr.port) for each in found if each.status == psutil.CONN_LISTEN}
