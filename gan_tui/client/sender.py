"""Asking an engine one thing and waiting for its answer, and what the journal calls whoever asks."""

from __future__ import annotations

import contextlib
import functools
import getpass
import os
import secrets
import socket
import time

import zmq

from engine.errors import RequestError, WorkError
from engine.protocol.codec import decode_reply, encode_request
from engine.protocol.commands import SCHEMA_VERSION, Command, Reply, Request, Viewer
from engine.protocol.rundir import LIVE_STATES, Endpoints, Identity, RunDirectory, read_identity, viewed_state

LOOK_SECONDS = 1.0
"""How often it is asked whether the engine is still alive."""
LOOK_AGAIN_SECONDS = 0.05


@functools.cache
def sender_name() -> str:
    """Who asks, as user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        user = "someone"
    return f"{user}@{socket.gethostname()}"


def this_viewer() -> Viewer:
    """This process as a viewer that stays: a new one with each call, and where it sits, as people know it."""
    where = f"pid {os.getpid()}"
    for descriptor in (0, 1, 2):
        with contextlib.suppress(OSError):
            where = os.ttyname(descriptor).removeprefix("/dev/")
            break
    return Viewer(id=secrets.token_hex(8), where=where[:200])


def ask(run: RunDirectory, command: Command, seconds: float) -> Reply:
    """Send a command to a run's engine and wait for the answer.

    Raises:
        RequestError: no engine is at work, or none takes so long a command; or the engine refuses, in its words.
        WorkError: the engine ends before it answers, or does not answer in time.
    """
    deadline = time.monotonic() + seconds
    request = Request(version=SCHEMA_VERSION, id=secrets.token_hex(8), by=sender_name(), command=command)
    payload = encode_request(request)
    endpoints = _endpoints(run, deadline)
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.set(zmq.LINGER, 0)
        socket.connect(endpoints.commands)
        socket.send(payload)
        while (left := deadline - time.monotonic()) > 0:
            if socket.poll(int(min(left, LOOK_SECONDS) * 1000)):
                reply = decode_reply(socket.recv())
                if reply.id in (request.id, ""):  # none names the request where it could not be read
                    return _accepted(reply)
            elif viewed_state(run, read_identity(run)) not in LIVE_STATES:
                raise WorkError(f"run {run.name}", "ended before it answered", "`gan-tui runs` shows how it stands.")
    fix = f"A step may take long: see `gan-tui ctl {run.name} status`, or allow a longer --timeout."
    raise WorkError(f"run {run.name}", f"did not answer within {seconds:g} s", fix)


def _endpoints(run: RunDirectory, deadline: float) -> Endpoints:
    """Where the run's engine listens; waits for one that is starting."""
    while True:
        identity = read_identity(run)
        if viewed_state(run, identity) not in LIVE_STATES:
            raise _at_rest(run, identity)
        if identity.endpoints:
            return identity.endpoints
        if time.monotonic() > deadline:
            raise WorkError(f"run {run.name}", "does not listen yet", "Try again when it has started.")
        time.sleep(LOOK_AGAIN_SECONDS)


def _at_rest(run: RunDirectory, identity: Identity) -> RequestError:
    """Why nobody answers for a run, and how it goes on."""
    match identity.state:
        case "finished":
            fact = "has done all its steps"
            fix = f"Train longer in a branch from one of its checkpoints: gan-tui checkpoints {run.name}"
        case "failed":
            fact, fix = f"has failed ({identity.reason})", f"To go on: gan-tui resume {run.name}"
        case _:
            fact, fix = "has no engine at work", f"Start it: gan-tui resume {run.name}"
    return RequestError(f"run {run.name}", fact, fix)


def _accepted(reply: Reply) -> Reply:
    if reply.refusal:
        raise RequestError(reply.refusal.subject, reply.refusal.fact, reply.refusal.fix)
    return reply
