"""Asking an engine: answered, refused in its words, or told that nobody is there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import RequestError, WorkError
from engine.link import Envelope, Link
from engine.protocol import commands as cmd
from engine.protocol.rundir import RunDirectory, create_run
from engine.protocol.runtime import new_endpoints
from engine.record import Standing
from gan_tui.client.sender import ask, sender_name
from tests.gan_tui.client.locked import locked
from tests.gan_tui.client.test_stream import REPORT

PATIENCE = 60.0


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return create_run(tmp_path, name="r", method="cyclegan", preset="p", config_toml="", parent=None)


@pytest.fixture
def link(run: RunDirectory) -> Iterator[Link]:
    """The sockets of an engine whose loop takes nothing from its mailbox."""
    standing = Standing(run)
    link = Link(new_endpoints(), REPORT)
    with locked(run):
        link.open()
        standing.update(state="training", pid=1, endpoints=link.endpoints)
        yield link
        link.close()


def test_status_is_answered(run: RunDirectory, link: Link) -> None:
    assert ask(run, cmd.Status(), PATIENCE).report == REPORT


def test_an_answer_that_does_not_come_in_time_is_a_failure(run: RunDirectory, link: Link) -> None:
    with pytest.raises(WorkError, match=r"run r: did not answer within 0.2 s"):
        ask(run, cmd.Pause(), 0.2)


def test_what_the_engine_cannot_read_is_a_refusal_at_once(run: RunDirectory, link: Link) -> None:
    with pytest.raises(RequestError, match="is malformed"):
        ask(run, cmd.SetControls(values={"loss.cycle_a": float("nan")}), PATIENCE)


def test_a_command_that_no_engine_takes_is_refused_before_it_is_sent(run: RunDirectory, link: Link) -> None:
    with pytest.raises(RequestError, match=r"the command: is 65,\d\d\d bytes long.* 65,536\. Shorten"):
        ask(run, cmd.WriteNote(text="x" * cmd.MAX_MESSAGE_BYTES), 0.5)


def test_a_run_that_ended_has_nobody_to_ask(run: RunDirectory) -> None:
    Standing(run).enter("stopped")
    with pytest.raises(RequestError, match=r"run r: has no engine at work. Start it: gan-tui resume r"):
        ask(run, cmd.Pause(), PATIENCE)


def test_an_engine_that_died_without_a_word_has_nobody_to_ask(run: RunDirectory) -> None:
    standing = Standing(run)
    standing.update(state="training", pid=1, endpoints=new_endpoints())
    with pytest.raises(RequestError, match="has no engine at work"):
        ask(run, cmd.Pause(), PATIENCE)


def test_an_engine_that_ends_before_it_answers_is_a_failure(run: RunDirectory, link: Link) -> None:
    taken: list[Envelope] = []

    def end() -> None:
        taken.extend(link.mailbox.wait(PATIENCE))
        Standing(run).enter("stopped")

    engine = threading.Thread(target=end)
    engine.start()
    with pytest.raises(WorkError, match="ended before it answered"):
        ask(run, cmd.Pause(), PATIENCE)
    engine.join()
    assert [(envelope.request.command, envelope.request.by) for envelope in taken] == [(cmd.Pause(), sender_name())]
    assert "@" in sender_name()


def test_a_run_that_starts_is_waited_for_but_not_for_ever(run: RunDirectory) -> None:
    with pytest.raises(WorkError, match="does not listen yet"):
        ask(run, cmd.Status(), 0.2)
