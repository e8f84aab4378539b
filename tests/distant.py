"""Runs as they are seen from another machine: engines that listen, access to them, and a network that fails."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.errors import GanTuiError
from engine.protocol.access import Access, Door, read_door
from engine.protocol.commands import Command, Reply
from engine.protocol.rundir import RunDirectory, read_identity
from gan_tui.client.access import give_access
from gan_tui.client.remote import ask_there
from tests.runs import Engine, engine_of, make_run
from tests.until import PATIENCE

LISTENING = "run.listen=127.0.0.1:0"


@contextlib.contextmanager
def listening_engine(folder: Path, *settings: str) -> Iterator[Engine]:
    """An engine that answers viewers on other machines and has begun to train."""
    with engine_of(make_run(folder, LISTENING, *settings)) as engine:
        engine.until(lambda: door_of(engine.run), "its door")
        engine.until_step(1)
        yield engine


def door_of(run: RunDirectory) -> Door | None:
    """Where the run's gateway listens."""
    return read_door(run, read_identity(run))


def access_to(run: RunDirectory, file: Path, *, watch: bool = False) -> Access:
    """A new access file to a run."""
    return give_access(run, file, name=file.stem, rights="watch" if watch else "steer", host=None)


def answer(access: Access, command: Command, seconds: float = PATIENCE) -> Reply:
    """What the engine says to a command from another machine. Raises GanTuiError when it is refused."""
    return ask_there(access, command, seconds)


def refusal_of(access: Access, command: Command, seconds: float = PATIENCE) -> GanTuiError:
    """Why a command from another machine is not carried out."""
    try:
        answer(access, command, seconds)
    except GanTuiError as error:
        return error
    raise AssertionError("it was carried out")


def seen_from_afar(run: RunDirectory, folder: Path) -> RunDirectory:
    """A run directory as another machine sees it on a shared file system on which no lock reaches across.

    run.json is a copy that names another machine and has addresses of sockets that are not on this one; all else is the
    run's own but for the lock.
    """
    there = RunDirectory(folder / run.name)
    there.root.mkdir(parents=True)
    for path in run.root.iterdir():
        if path.name not in ("lock", "run.json", "remote.json"):
            (there.root / path.name).symlink_to(path)
    identity, door = read_identity(run), door_of(run)
    assert identity.endpoints is not None
    assert door is not None
    gone = msgspec.structs.replace(identity.endpoints, commands=f"{identity.endpoints.commands}.there")
    there.identity.write_bytes(
        msgspec.json.encode(msgspec.structs.replace(identity, host="a-distant-machine", endpoints=gone))
    )
    there.door.write_bytes(msgspec.json.encode(msgspec.structs.replace(door, engine=gone.commands)))
    return there


class Network:
    """What lies between a viewer and a gateway: connections through it can fall silent, with no end that is told."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._passes = threading.Event()
        self._passes.set()
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self) -> None:
        """Carry nothing more; connections stay open."""
        self._passes.clear()

    def come_back(self) -> None:
        """Carry what comes again, also what was held."""
        self._passes.set()

    def cut(self) -> None:
        """End every connection; new ones are carried."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._sockets.clear()

    def close(self) -> None:
        """Cut everything, for good."""
        self._listener.close()
        self.cut()
        self._passes.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._to)
                self._sockets += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(1 << 16):
                self._passes.wait()
                target.sendall(content)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
