"""The run directory: its layout, its identity file and whether an engine is at work in it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from engine.errors import RequestError, WorkError
from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.events import State

RUN_SCHEMA = 1
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")

ViewedState: TypeAlias = State | Literal["lost", "elsewhere"]
"""What a viewer says of a run: the engine's own word; "lost" when it died without one; "elsewhere" when it was at work
on another machine and the files, on which no lock of that machine is seen, do not tell whether it still is."""

LIVE_STATES: frozenset[str] = frozenset({"starting", "training", "paused", "stopping"})
STARTING_GRACE_SECONDS = 30.0
"""How long a run may be "starting" before its engine holds the lock."""
_LONG_NAME = 200
"""Bytes; file systems commonly take 255, and a draft's name is a little longer than its file's."""


@dataclass(frozen=True)
class RunDirectory:
    """Where each part of a run's record lies."""

    root: Path

    @property
    def config(self) -> Path:
        """The resolved preset."""
        return self.root / "config.toml"

    @property
    def identity(self) -> Path:
        """Who the run is and how it stands."""
        return self.root / "run.json"

    @property
    def metrics(self) -> Path:
        """One line per log step."""
        return self.root / "metrics.jsonl"

    @property
    def events(self) -> Path:
        """The journal."""
        return self.root / "events.jsonl"

    @property
    def evaluations(self) -> Path:
        """Figures of its checkpoints that were measured beside training; there once some were."""
        return self.root / "evaluations.jsonl"

    @property
    def samples(self) -> Path:
        """Contact sheets."""
        return self.root / "samples"

    @property
    def checkpoints(self) -> Path:
        """One folder per checkpoint."""
        return self.root / "checkpoints"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard's event files; there where a preset asks for them."""
        return self.root / "tensorboard"

    @property
    def nudges(self) -> Path:
        """Of a replay alone: the changes that it repeats."""
        return self.root / "replay.json"

    @property
    def remarks(self) -> Path:
        """What a user has remarked on the run; there once they have."""
        return self.root / "remarks.json"

    @property
    def log(self) -> Path:
        """What the engine wrote to stdout and stderr."""
        return self.root / "engine.log"

    @property
    def lock(self) -> Path:
        """Held by the engine for as long as it lives."""
        return self.root / "lock"

    @property
    def door(self) -> Path:
        """Where its engine is reached from another machine; there while it listens."""
        return self.root / "remote.json"

    @property
    def keys(self) -> Path:
        """The keys of those who may come in from another machine; there once it has listened."""
        return self.root / "keys"

    @property
    def name(self) -> str:
        """The run's name: its folder's."""
        return self.root.name


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint of another run that a branch grew from."""

    run: str
    """The parent's run directory, absolute."""
    step: int
    id: str = ""
    """The parent's id."""
    seq: int = 0
    """The parent's newest event when that checkpoint was copied: its record up to here is the branch's history too.
    0 where the parent itself has the checkpoint from its own parent."""

    def is_at(self, step: int, seq: int) -> bool:
        """Whether a checkpoint of that step, copied at that event, is the one; a run may pass a step twice."""
        return step == self.step and self.seq in (0, seq)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """The run whose course this one repeats."""

    run: str
    """Its run directory, absolute."""
    id: str
    last_step: int
    """The last step to be repeated."""


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """ZeroMQ addresses of a live engine."""

    events: str
    sheets: str
    commands: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """run.json."""

    schema: int = RUN_SCHEMA
    id: str
    """Random; names the run's sockets."""
    name: str
    method: str
    preset: str
    """The preset's name."""
    preset_path: str = ""
    """The file it was read from, absolute; empty where unknown."""
    created: float
    parent: Parent | None = None
    replays: Replay | None = None
    versions: dict[str, str] = {}
    host: str = ""
    pid: int | None = None
    device: str = ""
    ranks: int = 1
    """Processes that trained it last, each with a share of every batch."""
    threads: int = 0
    """PyTorch's on the CPU: another number of them may round sums differently; 0 where unknown."""
    endpoints: Endpoints | None = None
    state: State = "starting"
    state_since: float = 0.0
    reason: str = ""
    """Why it failed, in one line."""
    exit_status: int | None = None
    """The engine's, once it ended by its own doing."""


_identities = msgspec.json.Decoder(Identity)


def create_run(
    root: Path,
    *,
    name: str,
    method: str,
    preset: str,
    config_toml: str,
    parent: Parent | None,
    replays: Replay | None = None,
    preset_path: str = "",
    ranks: int = 1,
    threads: int = 0,
) -> RunDirectory:
    """Make a new run directory with its resolved preset, ready for an engine.

    Args:
        root: the folder that it lies in.
        name: its name there.
        method: its method.kind.
        preset: the preset's name.
        config_toml: the configuration, every default explicit.
        parent: where a branch begins.
        replays: the run that it repeats.
        preset_path: the preset's file; empty where there is none.
        ranks: processes that trained what it begins with.
        threads: CPU threads that its engine is to take where it can, with as many ranks; 0 leaves that to PyTorch.

    Raises:
        RequestError: the name is taken or no valid name; WorkError: the directory cannot be made.
    """
    _require_name(name)
    run = RunDirectory(root / name)
    try:
        root.mkdir(parents=True, exist_ok=True)
        run.root.mkdir()
    except FileExistsError as error:
        if not root.is_dir():
            raise RequestError(str(root), "is not a folder", "Choose another --runs-dir.") from error
        raise _taken(root, name) from error
    except OSError as error:
        raise WorkError(str(run.root), f"cannot be made ({error.strerror})", "Choose another --runs-dir.") from error
    now = time.time()
    identity = Identity(
        id=secrets.token_hex(6), name=name, method=method, preset=preset, preset_path=preset_path, created=now,
        parent=parent, replays=replays, ranks=ranks, threads=threads, state_since=now,
    )  # fmt: skip
    try:
        write_atomically(run.config, config_toml.encode())
        write_identity(run, identity)
        sync_path(root)
        sync_path(root.parent)
    except OSError as error:
        shutil.rmtree(run.root, ignore_errors=True)
        raise WorkError(str(run.root), f"cannot be written ({error.strerror})", "Make room on that disk.") from error
    return run


def require_unused_name(root: Path, name: str) -> None:
    """Refuse a name that a new run in a folder cannot have.

    Raises:
        RequestError: the name is taken or no valid name.
    """
    _require_name(name)
    if _is_there(root / name):
        raise _taken(root, name)


def _require_name(name: str) -> None:
    if not NAME_PATTERN.fullmatch(name):
        fact = "is too long, or has characters that a run name cannot have"
        fix = "Use up to 100 letters, digits, . _ + -, a letter or digit first."
        raise RequestError(f"run name {name!r}", fact, fix)


def _is_there(path: Path) -> bool:
    """Whether it is, as far as can be seen: why a folder cannot be looked into is told when a run is made there."""
    try:
        return path.exists()
    except OSError:
        return False


def _taken(root: Path, name: str) -> RequestError:
    return RequestError(f"run {name}", f"exists already in {root}", "Choose another --name, or resume it.")


def valid_name(wanted: str) -> str:
    """The nearest to a name that a run can have, with room for a number behind it."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", wanted).strip("-._+")[:90] or "run"


def unused_name(root: Path, wanted: str) -> str:
    """The wanted name, or that with the first free number behind it."""
    stem = valid_name(wanted)
    names = (stem, *(f"{stem}-{number}" for number in range(2, 100_000)))
    return next(name for name in names if not _is_there(root / name))


def read_identity(run: RunDirectory) -> Identity:
    """The run's identity. Raises WorkError when run.json is missing or unreadable."""
    try:
        return decode_json(_identities, run.identity.read_bytes())
    except OSError as error:
        raise WorkError(str(run.root), f"is no run directory: run.json cannot be read ({error.strerror})") from error
    except DecodeError as error:
        raise WorkError(str(run.identity), f"is damaged ({error})") from error


def write_identity(run: RunDirectory, identity: Identity) -> None:
    """Replace run.json in one move."""
    write_atomically(run.identity, msgspec.json.format(msgspec.json.encode(identity), indent=2) + b"\n")


def write_atomically(path: Path, content: bytes) -> None:
    """Write so that a reader, or a power cut, sees the whole old or the whole new content.

    Raises:
        OSError: it could not be written; the old content stands.
    """
    draft = _draft_of(path)
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_path(path.parent)


def _draft_of(path: Path) -> Path:
    """Where a file is written before it gets its name; of a long name a digest, as names have their limit."""
    name = path.name
    if len(os.fsencode(name)) > _LONG_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return path.with_name(f".{name}.{os.getpid()}.part")


def sync_path(path: Path) -> None:
    """Make a file's content, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def versions() -> dict[str, str]:
    """What the numbers of a run may depend on."""
    from importlib.metadata import PackageNotFoundError, version  # takes viewers longer to import than all the rest

    found = {"python": platform.python_version()}
    for package in ("gan-tui", "torch", "torchvision"):
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


# ---------------------------------------------------------------------------------------------------------- the lock


@contextlib.contextmanager
def engine_lock(run: RunDirectory) -> Iterator[None]:
    """Hold the run for one engine. The kernel lets go when the process dies, so no pid is ever mistaken.

    It is a POSIX record lock: data-loading children do not inherit it, so an engine's death frees the run at once.

    Raises:
        WorkError: another engine holds it.
    """
    try:
        file = run.lock.open("a+b")
    except OSError as error:
        fix = "Make its directory writable, or branch into another --runs-dir."
        raise WorkError(f"run {run.name}", f"cannot be written ({error.strerror})", fix) from error
    with file:
        deadline = time.monotonic() + 1.0  # a viewer's probe may hold it for an instant
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    fix = f"Attach to it: gan-tui attach {run.name}"
                    raise WorkError(f"run {run.name}", "is being trained by another engine", fix) from error
                time.sleep(0.02)
        yield


def engine_is_alive(run: RunDirectory) -> bool:
    """Whether some process holds the run's lock."""
    try:
        with run.lock.open("rb") as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def viewed_state(run: RunDirectory, identity: Identity) -> ViewedState:
    """The state to show for a run: what its engine last wrote, unless that engine is gone.

    A start that lies in the future, since the clock was set back, is believed as little as one long ago: an engine that
    does start is seen by its lock.
    """
    if identity.state not in LIVE_STATES or engine_is_alive(run):
        return identity.state
    fresh = identity.state == "starting" and identity.pid is None
    if fresh and abs(time.time() - identity.state_since) < STARTING_GRACE_SECONDS:
        return "starting"
    return "elsewhere" if is_of_another_machine(identity) else "lost"


def is_of_another_machine(identity: Identity) -> bool:
    """Whether a run's newest engine was started on a machine of another name."""
    return identity.host not in ("", socket.gethostname())
