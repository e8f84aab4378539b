"""Whole runs trained inside the test's own process, with commands given at exact steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from safetensors.torch import load_file

from engine.config.load import read_toml, resolve
from engine.link import Envelope, Link
from engine.protocol import events as ev
from engine.protocol.checkpoints import TRAINING_STATE, list_checkpoints
from engine.protocol.codec import decode_streamed
from engine.protocol.commands import SCHEMA_VERSION, Command, Report, Request
from engine.protocol.rundir import RunDirectory
from engine.protocol.runtime import new_endpoints
from engine.record import Record, Standing
from engine.train.errands import Errands
from engine.train.loop import Ending, train
from engine.train.session import Session
from engine.train.setup import open_session

T = TypeVar("T")

Script = Callable[[ev.Event], Iterable[Command]]
"""Commands to give at the step boundary at which, or just before which, an event is recorded."""


def nothing_more(event: ev.Event) -> Iterable[Command]:
    return ()


def after_step(step: int, *commands: Command) -> Script:
    """Commands given once so many steps are done; the run must log every step."""

    def script(event: ev.Event) -> Iterable[Command]:
        return commands if isinstance(event, ev.Metrics) and event.step == step else ()

    return script


def train_here(run: RunDirectory, *first: Command, script: Script = nothing_more) -> Ending:
    """Train a run as the engine does, but for the sockets; the first commands are taken before the first step."""
    with session_of(run, *first, script=script) as session:
        return train(session)


@contextmanager
def session_of(run: RunDirectory, *first: Command, script: Script = nothing_more) -> Iterator[Session]:
    """A run made ready for its first step, or for the one after its newest checkpoint."""
    standing = Standing(run)
    link = Link(new_endpoints(), empty_report(run))

    def give(command: Command) -> None:
        link.mailbox.put(Envelope(b"", Request(version=SCHEMA_VERSION, id="", by="test", command=command)))

    def publish(line: bytes) -> None:
        message = decode_streamed(line)
        if not isinstance(message, ev.Tick):
            for command in script(message):
                give(command)

    for command in first:
        give(command)
    config = resolve(read_toml(run.config), str(run.config))
    with Record(run, publish=publish) as record:
        session = open_session(run, config, record, standing, link)
        session.saves, session.sheets = Awaited("checkpoint"), Awaited("samples")
        try:
            yield session
        finally:
            link.close()


class Awaited(Errands[T]):
    """A thread that is waited for: with steps of milliseconds, the one before would often be under way."""

    def send(self, job: Callable[[], T]) -> None:
        super().send(job)
        wait(self._under_way)


def empty_report(run: RunDirectory) -> Report:
    return Report(
        run=run.name, state="starting", phase="", step=0, total_steps=0, epoch=0, epochs=0, throughput=0.0,
        controls={}, staged=(), lr={}, losses={}, last_seq=0,
    )  # fmt: skip


def last_state(run: RunDirectory) -> dict[str, Any]:
    """Everything that a run's newest checkpoint holds, by a path through it; PyTorch's own draws included."""
    folder, _ = list_checkpoints(run)[-1]
    networks = {path.stem: load_file(path) for path in folder.glob("*.safetensors")}
    training = torch.load(folder / TRAINING_STATE, weights_only=True)
    for kind in ("python", "numpy"):  # of this process, which no run sets; nothing in a run draws from them
        training["random"].pop(kind)
    training["progress"].pop("repeated")  # a replay's own account
    training["panel"].pop("history")  # names events by their numbers, and a resume records some of its own
    return dict(_leaves({"networks": networks, **training}, ""))


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """The paths at which two states differ, be it in one bit."""
    assert first.keys() == second.keys()
    return [path for path, value in first.items() if not _equal(value, second[path])]


def _leaves(value: Any, path: str) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}/{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{path}/{number}")
    else:
        yield path, value


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, torch.Tensor):
        return first.dtype == second.dtype and torch.equal(first, second)
    return bool(first == second)
