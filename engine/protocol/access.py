"""Who may look at a run, or steer it, from another machine: its CURVE keys, and the access files that carry them there.

Everything lies in the run directory's folder ``keys`` (0700), in files of 0600 from their first moment:
``server.json`` and ``owner.json`` are key pairs, of the run itself and of whoever can read its directory; a file in
``clients`` is the public half of a pair whose secret half went out in an access file and was kept nowhere else.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec

from engine.errors import RequestError, WorkError
from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.rundir import Identity, RunDirectory, write_atomically

Rights: TypeAlias = Literal["steer", "watch"]
"""What a key lets its holder do: everything, or look alone."""

Key: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}\Z")]
"""Half of a CURVE key pair, in Z85."""
Port: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=65_535)]

CLIENT_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
LONGEST_FILE = 16_384
"""Bytes of a file of keys; none comes near it."""
OWNER = "owner"


class KeyPair(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A CURVE key pair, as server.json and owner.json hold one."""

    public: Key
    secret: Key

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r})"  # no traceback and no log is to show the other half


class Grant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that opens a run from another machine: a file in ``clients``."""

    public: Key
    rights: Rights
    created: float


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """remote.json: where the gateway of a live engine listens. Nothing in it is secret."""

    host: str
    """As it was told to listen: an address, or "*" for all that the machine has."""
    port: Port
    server: Key
    """The run's public key."""
    engine: str
    """The engine's own address for commands: a door that names another one is left from an engine that is gone."""


class Access(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An access file: all that it takes to reach a run from a machine that does not see its directory."""

    run: str
    """Its name."""
    address: Annotated[
        str, msgspec.Meta(pattern=r"^tcp://([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}\Z")
    ]
    server: Key
    public: Key
    secret: Key
    rights: Rights

    def __post_init__(self) -> None:
        if "[" in self.address:  # which says that a version 6 address is between the brackets
            ipaddress.IPv6Address(self.address.partition("[")[2].partition("]")[0])

    def __repr__(self) -> str:
        return f"Access(run={self.run!r}, address={self.address!r}, rights={self.rights!r})"


T = TypeVar("T")


def server_keys(run: RunDirectory) -> KeyPair:
    """The run's own key pair, made when it has none yet.

    Raises:
        WorkError: it cannot be read or written, or others may read it.
    """
    return _kept_or_made(run, "server")


def owner_keys(run: RunDirectory) -> KeyPair:
    """The key pair of whoever can read the run directory, made when there is none yet. Raises as server_keys."""
    return _kept_or_made(run, OWNER)


def new_access(run: RunDirectory, name: str, rights: Rights, address: str) -> Access:
    """Make a key that opens a run, authorise it under a name, and return it with what else it takes to get there.

    Raises:
        RequestError: the name is taken or none, or nobody could call the address.
        WorkError: the run directory cannot be written.
    """
    if not CLIENT_PATTERN.fullmatch(name) or name == OWNER:
        raise RequestError(f"access {name!r}", "cannot be called so", "Use letters, digits, . _ @ + -, up to 64.")
    server, pair = server_keys(run), _new_pair()
    access = _access(run, address, server.public, pair, rights)
    path = _clients(run) / f"{name}.json"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _create(path, msgspec.json.encode(Grant(public=pair.public, rights=rights, created=time.time())))
    except FileExistsError as error:
        fix = f"Choose another --name, or take that one back: gan-tui access {run.name} --revoke {name}"
        raise RequestError(f"access {name}", f"to {run.name} has been given already", fix) from error
    except OSError as error:
        raise WorkError(str(path), f"cannot be written ({error.strerror})") from error
    return access


def access_of_owner(run: RunDirectory, identity: Identity, door: Door) -> Access:
    """How whoever reads the run directory on another machine gets at its engine.

    Raises:
        RequestError: the engine's machine has a name that nobody could call; WorkError: as owner_keys.
    """
    pair = _read_secret(_folder(run) / f"{OWNER}.json", KeyPair)
    return _access(run, address_of(door.host, door.port, identity), door.server, pair, "steer")


def _access(run: RunDirectory, address: str, server: str, pair: KeyPair, rights: Rights) -> Access:
    """What is written is checked as what is read will be: the other machine is too late a place to learn of it."""
    fields = {"run": run.name, "address": address, "server": server, "rights": rights}
    try:
        return msgspec.convert(fields | {"public": pair.public, "secret": pair.secret}, Access)
    except msgspec.ValidationError as error:
        fix = "Name this machine as others reach it, without a port: --host NAME"
        raise RequestError(address, "is no address that could be called", fix) from error


def grants(run: RunDirectory) -> Iterator[tuple[str, Grant]]:
    """The keys that open a run, by name; a file that is damaged, or cannot be read, is left out."""
    return iter(_granted(run)[0].items())


def rights_of(run: RunDirectory, public: str) -> Rights | None:
    """What the holder of a key may do; None for a key that is not known, or not any more.

    A file of keys that is gone, damaged or not to be trusted opens nothing.

    Raises:
        WorkError: it is in none of the files that can be read now, and others there are that cannot.
    """
    owners: WorkError | None = None
    try:
        if _read_secret(_folder(run) / f"{OWNER}.json", KeyPair).public == public:
            return "steer"
    except WorkError as error:
        if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, FileNotFoundError):
            owners = error
    granted, unread = _granted(run)
    for grant in granted.values():
        if grant.public == public:
            return grant.rights
    if trouble := owners or unread:
        raise trouble
    return None


def revoke(run: RunDirectory, name: str) -> None:
    """Take a key back.

    Raises:
        RequestError: there is none of that name; WorkError: the run directory cannot be written.
    """
    known = [known for known, _ in grants(run)]
    if name not in known:
        there = f"There are {', '.join(known)}." if known else "None has been given."
        raise RequestError(f"access {name}", f"to {run.name} does not exist", there)
    path = _clients(run) / f"{name}.json"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WorkError(str(path), f"cannot be removed ({error.strerror})") from error


# ---------------------------------------------------------------------------------------------------- access files


def write_access(path: Path, access: Access) -> None:
    """Write an access file that its owner alone can read.

    Raises:
        RequestError: there is a file already; WorkError: it cannot be written.
    """
    try:
        _create(path, msgspec.json.format(msgspec.json.encode(access), indent=2) + b"\n")
    except FileExistsError as error:
        raise RequestError(str(path), "exists already", "Name another file.") from error
    except OSError as error:
        raise WorkError(str(path), f"cannot be written ({error.strerror})") from error


def is_access_file(path: Path) -> bool:
    """Whether a file that can be read holds what an access file does, whoever else may read it."""
    try:
        with path.open("rb") as file:
            decode_json(msgspec.json.Decoder(Access), file.read(LONGEST_FILE))
    except (OSError, DecodeError):
        return False
    return True


def read_access(path: Path) -> Access:
    """An access file.

    Raises:
        RequestError: it is none, cannot be read, or others can read it.
    """
    try:
        return _read_secret(path, Access)
    except WorkError as error:
        raise RequestError(error.subject, error.fact, error.fix) from error


# ------------------------------------------------------------------------------------------------------- the door


def write_door(run: RunDirectory, door: Door) -> None:
    """Say where the gateway listens. Raises OSError."""
    write_atomically(run.door, msgspec.json.encode(door) + b"\n")


def read_door(run: RunDirectory, identity: Identity) -> Door | None:
    """Where the gateway of a run's engine listens; None where it has none."""
    try:
        door = decode_json(msgspec.json.Decoder(Door), run.door.read_bytes())
    except (OSError, DecodeError):
        return None
    return door if identity.endpoints and door.engine == identity.endpoints.commands else None


def address_of(host: str, port: int, identity: Identity) -> str:
    """The address under which a door is reached: that of the engine's machine, where the door is on all of its own."""
    name = identity.host if host in ("*", "0.0.0.0", "::") else host
    return f"tcp://[{name}]:{port}" if ":" in name else f"tcp://{name}:{port}"


def split_listen(listen: str) -> tuple[str, int]:
    """Host and port of a ``run.listen`` that is not empty; its form has been checked."""
    host, _, port = listen.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


# ---------------------------------------------------------------------------------------------------------- files


def _folder(run: RunDirectory) -> Path:
    return run.keys


def _clients(run: RunDirectory) -> Path:
    return _folder(run) / "clients"


def _granted(run: RunDirectory) -> tuple[dict[str, Grant], WorkError | None]:
    """What the files in ``clients`` grant, by name, and why that may not be all."""
    found: dict[str, Grant] = {}
    unread: WorkError | None = None
    try:
        paths = sorted(path for path in _clients(run).iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return found, None
    except OSError as error:
        return found, _unreadable(_clients(run), error)
    for path in paths:
        try:
            found[path.stem] = decode_json(msgspec.json.Decoder(Grant), path.read_bytes()[:LONGEST_FILE])
        except (FileNotFoundError, DecodeError):
            continue  # taken back meanwhile; or damaged, and opens nothing
        except OSError as error:
            unread = _unreadable(path, error)
    return found, unread


def _unreadable(path: Path, error: OSError) -> WorkError:
    return WorkError(str(path), f"cannot be read ({error.strerror})")


def _kept_or_made(run: RunDirectory, name: str) -> KeyPair:
    path = _folder(run) / f"{name}.json"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            _create(path, msgspec.json.encode(_new_pair()))
    except FileExistsError:
        pass  # another process was quicker: its pair is the run's
    except OSError as error:
        raise WorkError(str(path), f"cannot be made ({error.strerror})") from error
    return _read_secret(path, KeyPair)


def _new_pair() -> KeyPair:
    import zmq  # late: commands that have nothing to do with other machines read run directories too

    public, secret = zmq.curve_keypair()
    return KeyPair(public=public.decode(), secret=secret.decode())


def _create(path: Path, content: bytes) -> None:
    """Write a new file that nobody else could read, and nobody could see unfinished, at any moment.

    Raises:
        OSError: it cannot be written; FileExistsError where it is there.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # which, unlike a rename, takes no place that is taken
    finally:
        draft.unlink(missing_ok=True)


def _read_secret(path: Path, kind: type[T]) -> T:
    """What a file holds that only its owner may read.

    Raises:
        WorkError: it cannot be read, is damaged, or others can read it.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(LONGEST_FILE)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        found = decode_json(msgspec.json.Decoder(kind), content)
    except DecodeError as error:
        raise WorkError(str(path), f"is damaged, or no such file ({error})") from error
    if mode & 0o077:
        raise WorkError(str(path), f"holds a secret, and others may read it (mode {mode:o})", f"chmod 600 {path}")
    return found
