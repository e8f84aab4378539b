"""Giving another machine access to a run: the address that it is reached at, and the file that is carried there."""

from __future__ import annotations

from pathlib import Path

from engine.config.load import read_toml, resolve
from engine.errors import GanTuiError, RequestError
from engine.protocol.access import (
    Access,
    Rights,
    address_of,
    new_access,
    read_door,
    revoke,
    split_listen,
    write_access,
)
from engine.protocol.rundir import Identity, RunDirectory, read_identity


def give_access(run: RunDirectory, file: Path, *, name: str, rights: Rights, host: str | None) -> Access:
    """Write an access file with a new key that opens a run.

    Args:
        run: which.
        file: where to; its owner alone will be able to read it.
        name: under which the key is listed, and taken back.
        rights: what it lets its holder do.
        host: the name by which this machine is reached; its own where none is given.

    Raises:
        RequestError: the run listens to no other machine, or the file or the name is taken.
        WorkError: the run directory or the file cannot be written.
    """
    identity = read_identity(run)
    where, port = _listening(run, identity)
    given = new_access(run, name, rights, address_of(host or where, port, identity))
    try:
        write_access(file, given)
    except GanTuiError:
        revoke(run, name)
        raise
    return given


def _listening(run: RunDirectory, identity: Identity) -> tuple[str, int]:
    """Host and port at which the run is reached now, or will be."""
    if door := read_door(run, identity):
        return door.host, door.port
    listen = resolve(read_toml(run.config), str(run.config)).run.listen
    subject = f"run {run.name}"
    if not listen:
        fix = (
            "Start runs that are to with `gan-tui train --listen HOST:PORT`; this one: a resume with --set run.listen=…"
        )
        raise RequestError(subject, "answers no other machine: run.listen is empty", fix)
    host, port = split_listen(listen)
    if port == 0:
        fact = f"takes a free port whenever it begins to listen (run.listen = {listen}), and does not listen now"
        raise RequestError(subject, fact, "Ask while it is live.")
    return host, port
