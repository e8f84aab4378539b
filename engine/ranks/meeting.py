"""How the ranks of a run find one another: processes that the leader starts beside itself, or that torchrun started.

With ``run.gpus`` on one machine the engine starts the others itself, rather than being started by torchrun: so it stays
the one process that viewers know, signals reach it alone, its exit status is the run's, a save that takes long is not
cut short by torchrun's limit, and how a rank ended is known at first hand. Over several machines torchrun starts all.
"""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from engine.config.threads import ENVIRONMENT, usable_cores
from engine.errors import RequestError, WorkError
from engine.ranks.connection import LOOPBACK, Connection, ConnectionLostError, listen_at
from engine.ranks.followers import Followers
from engine.ranks.messages import Hello, decode_answer, encode
from engine.ranks.seat import Seat

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

log = logging.getLogger(__name__)

LEADER, SECRET = "GAN_TUI_LEADER", "GAN_TUI_SECRET"
"""Environment of a process that the leader started: where the leader is, and the word that lets it in."""
STORE_KEY = "gan-tui/leader"
"""Where the leader leaves both in torchrun's store."""
ARRIVAL_SECONDS = 600.0
"""How long the others may take to arrive."""
LOOK_SECONDS = 0.5
"""How often it is looked whether one of those that were started has died before it arrived."""
LEAVE_SECONDS = 10.0
"""How long processes may take to end once they have been let go; they hold nothing that could be lost."""
HELLO_BYTES = 4096
HELLO_SECONDS = 10.0
"""How long one who has connected may take to say who it is; the others wait meanwhile."""
FOR_THE_LEADER = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Sent to all ranks alike they ask the leader to save and stop, and it needs the others until it has."""


class Rendezvous:
    """Where the leader lets the other ranks in, and what it knows of their processes.

    Args:
        seat: the leader's.
        host: the name by which the others reach this machine; the loopback's for those on it alone.
        arrival_seconds: how long they may take to arrive.
    """

    def __init__(self, seat: Seat, host: str = LOOPBACK, arrival_seconds: float = ARRIVAL_SECONDS) -> None:
        self._arrival_seconds = arrival_seconds
        self.seat = seat
        self.host = host
        self.secret = secrets.token_hex(32)
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._listener = listen_at(host)
        self.address = f"{host}:{self._listener.getsockname()[1]}"

    def start_others(self, run: Path) -> None:
        """Start the processes of the other ranks on this machine; what they print goes where the leader's does."""
        os.environ.setdefault(ENVIRONMENT, str(max(1, usable_cores() // self.seat.local_size)))
        for library in ("GLOO", "NCCL"):
            os.environ.setdefault(f"{library}_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
        sizes = {"WORLD_SIZE": str(self.seat.size), "LOCAL_WORLD_SIZE": str(self.seat.local_size)}
        leader = {LEADER: self.address, SECRET: self.secret}
        safe_path = ["-P"] if sys.flags.safe_path else []
        for rank in range(1, self.seat.size):
            self._processes[rank] = subprocess.Popen(
                [sys.executable, *safe_path, "-m", "engine", str(run)],
                env={**os.environ, **sizes, **leader, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                stdin=subprocess.DEVNULL,
            )

    def admit_all(self, fix: str) -> Followers:
        """Wait for the other ranks.

        Args:
            fix: what the user is to do where one is lost.

        Raises:
            WorkError: one does not come.
        """
        arrived: dict[int, Connection] = {}
        deadline = time.monotonic() + self._arrival_seconds
        self._listener.settimeout(LOOK_SECONDS)
        while len(arrived) + 1 < self.seat.size:
            missing = [rank for rank in range(1, self.seat.size) if rank not in arrived]
            self._require_alive(missing, fix)
            if time.monotonic() > deadline:
                names = ", ".join(map(str, missing))
                raise WorkError(f"rank {names}", f"did not arrive in {self._arrival_seconds:.0f} s", fix)
            try:
                stream, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection = Connection(stream)
            rank = self._let_in(connection, missing)
            if rank is None:
                connection.close()
            else:
                arrived[rank] = connection
        return Followers(self.seat, self.host, arrived, self.fate, fix)

    def fate(self, rank: int) -> str:
        """How the process of a rank ended, as a clause; empty where it runs elsewhere, or still."""
        process = self._processes.get(rank)
        if process is None:
            return ""
        try:
            status = process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return ""
        return f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"

    def close(self) -> None:
        """Let nobody in any more, and see the processes that were started to their end."""
        self._listener.close()
        deadline = time.monotonic() + LEAVE_SECONDS
        for process in self._processes.values():
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _require_alive(self, missing: list[int], fix: str) -> None:
        for rank in missing:
            process = self._processes.get(rank)
            if process is not None and process.poll() is not None:
                raise WorkError(f"rank {rank}", f"did not begin: its process {self.fate(rank)}", fix)

    def _let_in(self, connection: Connection, missing: list[int]) -> int | None:
        """The rank of who has come; None for one who is not of this run."""
        try:
            hello = decode_answer(connection.receive(at_most=HELLO_BYTES, seconds=HELLO_SECONDS))
        except (ConnectionLostError, msgspec.DecodeError) as error:
            log.warning("somebody knocked who is no rank of this run (%s)", error)
            return None
        known = isinstance(hello, Hello) and hmac.compare_digest(hello.secret.encode(), self.secret.encode())
        if not (isinstance(hello, Hello) and known and hello.rank in missing):
            log.warning("somebody knocked who is no rank of this run")
            return None
        log.info("rank %d of %d is here, on %s", hello.rank, self.seat.size, hello.host)
        return hello.rank


@contextmanager
def rendezvous_of(run: Path, seat: Seat, *, by_torchrun: bool) -> Iterator[Rendezvous | None]:
    """Where the leader meets the other ranks, which are on their way; None for a run of one process.

    Args:
        run: the run's directory.
        seat: the leader's.
        by_torchrun: whether the others are started already, and look for the leader in torchrun's store (announce).

    Raises:
        RequestError: it is not said where the leader is.
    """
    if seat.size == 1:
        yield None
        return
    host = os.environ.get("MASTER_ADDR", "") if by_torchrun else LOOPBACK
    if not host:
        raise RequestError("MASTER_ADDR", "is not set, but RANK and WORLD_SIZE are", "Start all ranks by torchrun.")
    rendezvous = Rendezvous(seat, host)
    try:
        if not by_torchrun:
            rendezvous.start_others(run)
        yield rendezvous
    finally:
        rendezvous.close()


def announce(rendezvous: Rendezvous) -> None:
    """Tell those that torchrun started where the leader is. Raises WorkError."""
    with _reaching_store():
        _store().set(STORE_KEY, f"{rendezvous.address} {rendezvous.secret}")


def go_to_leader(seat: Seat, environ: Mapping[str, str]) -> Connection:
    """A follower's way to the leader.

    Raises:
        WorkError: it is not to be found.
    """
    address, secret = (environ[LEADER], environ[SECRET]) if LEADER in environ else _announced()
    host, port = address.rsplit(":", 1)
    try:
        connection = Connection(socket.create_connection((host, int(port)), timeout=ARRIVAL_SECONDS))
        connection.send(encode(Hello(rank=seat.rank, secret=secret, host=socket.gethostname())))
    except (OSError, ConnectionLostError) as error:
        raise WorkError(f"rank {seat.rank}", f"cannot reach the leader at {address} ({error})") from error
    return connection


def _announced() -> tuple[str, str]:
    """Where the leader is, and the word that lets one in. Raises WorkError."""
    with _reaching_store():
        address, secret = _store().get(STORE_KEY).decode().split()
    return address, secret


@contextmanager
def _reaching_store() -> Iterator[None]:
    """What is done with torchrun's store; PyTorch has several errors for one that is not there or does not answer."""
    try:
        yield
    except (RuntimeError, ValueError) as error:  # those of torch.distributed are RuntimeErrors
        where = f"torchrun's store at {os.environ.get('MASTER_ADDR', '')}:{os.environ.get('MASTER_PORT', '')}"
        [first, *_] = str(error).splitlines() or [type(error).__name__]
        raise WorkError(where, f"does not answer as it should ({first})", "Start all ranks by torchrun.") from error


_kept_stores: list[Store] = []
"""Rank 0 may be the one that serves torchrun's store: it does so for as long as it is kept."""


def _store() -> Store:
    """The store of whoever started the ranks, by the environment's MASTER_ADDR and MASTER_PORT."""
    from torch.distributed.rendezvous import rendezvous  # here, as that import takes seconds

    store: Store
    store, _, _ = next(rendezvous("env://", timeout=timedelta(seconds=ARRIVAL_SECONDS)))
    _kept_stores.append(store)
    return store
