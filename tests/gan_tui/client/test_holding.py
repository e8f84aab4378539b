"""Two feeds on one engine: one holds control, the other sees who and takes it over; and when signs of life are due."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from gan_tui.client.follow import Follower
from gan_tui.client.holding import PERSISTENCE_SECONDS, Beats
from gan_tui.client.sender import ask, sender_name, this_viewer
from tests.runs import engine_of, events_of, make_run
from tests.until import PATIENCE, until

ME = cmd.Viewer(id="me", where="pts/1")
HELD_BY_ME = ev.Holder(viewer="me", by="kay@box", where="pts/1")
HELD_BY_ANA = ev.Holder(viewer="hers", by="ana@box", where="pts/2")


def test_one_steers_and_the_other_takes_over(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with engine_of(run) as engine, ExitStack() as open_feeds:
        engine.until_step(1)
        engine.step_back()
        ana = Follower(run, viewer=cmd.Viewer(id="ana", where="pts/1"))
        ben = Follower(run, viewer=cmd.Viewer(id="ben", where="pts/2"))
        looker = Follower(run)
        ana.start(lambda: None)
        until(lambda: ana.snapshot().holds, "the first viewer's hold")
        for feed in (ben, looker):
            feed.start(lambda: None)
        for feed in (ana, ben, looker):
            open_feeds.callback(feed.close)
        until(lambda: ben.snapshot().held_by_other and looker.snapshot().held_by_other, "the others' knowledge of it")
        holder = ben.snapshot().held_by_other
        assert holder is not None
        assert holder.words == f"{sender_name()} (pts/1)"

        ben.send(cmd.SetControls(values={"loss.cycle_a": 3.0}))
        until(lambda: ben.snapshot().exchanges and not ben.snapshot().exchanges[-1].waiting, "the refusal")
        reply = ben.snapshot().exchanges[-1].reply
        assert reply is not None
        assert reply.refusal is not None
        assert "is held by" in reply.refusal.fact
        by_script = ask(run, cmd.SetControls(values={"loss.cycle_a": 4.0}), PATIENCE)
        assert by_script.holder is not None
        assert by_script.holder.viewer == "ana", "a script is not locked out, and hears who holds control"

        ben.send(cmd.Hold(take=True))
        until(lambda: ben.snapshot().holds, "the takeover")
        until(lambda: ana.snapshot().held_by_other, "the word of it to the one before")
        ben.send(cmd.SetControls(values={"loss.cycle_a": 5.0}))
        engine.until_event(ev.Nudged, 2)
        [taken] = events_of(run, ev.TakenOver)
        assert (taken.by, taken.where, taken.before) == (sender_name(), "pts/2", f"{sender_name()} (pts/1)")
        assert [change.new for nudge in events_of(run, ev.Nudged) for change in nudge.changes] == [4.0, 5.0]

        ben.close()
        until(lambda: ask(run, cmd.Status(), PATIENCE).report.holder is None, "control let go by a viewer that leaves")  # type: ignore[union-attr]
        assert not ana.snapshot().holds, "what it lost it does not take back by itself"


class FakeStream:
    """What Beats knows of a stream; takes every command down."""

    def __init__(self) -> None:
        self.engine = "live"
        self.connections = 1
        self.sent: list[tuple[str, cmd.Command]] = []

    def send(self, request_id: str, by: str, command: cmd.Command, viewer: cmd.Viewer | None = None) -> bool:
        assert viewer == ME
        self.sent.append((request_id, command))
        return True


class Beating:
    """Beats over such a stream, and their clock."""

    def __init__(self, viewer: cmd.Viewer | None = ME) -> None:
        self.now = 100.0
        self.stream = FakeStream()
        self.beats = Beats(self.stream, viewer, clock=lambda: self.now)

    def after(self, seconds: float, holder: ev.Holder | None) -> int:
        """How many beats are sent once so much time is over."""
        before = len(self.stream.sent)
        self.now += seconds
        self.beats.beat(holder)
        assert all(command == cmd.Hold() for _, command in self.stream.sent[before:])
        return len(self.stream.sent) - before


def test_the_holder_beats_on() -> None:
    beating = Beating()
    assert beating.after(0, None) == 1, "it asks once it is connected"
    assert beating.after(1, HELD_BY_ME) == 0
    assert [beating.after(cmd.BEAT_SECONDS, HELD_BY_ME) for _ in range(20)] == [1] * 20
    beating.beats.let_go(HELD_BY_ME)
    assert beating.stream.sent[-1][1] == cmd.Release()


def test_whoever_lost_control_does_not_ask_for_it() -> None:
    beating = Beating()
    beating.after(0, None)
    beating.after(1, HELD_BY_ME)
    assert beating.after(cmd.BEAT_SECONDS, HELD_BY_ANA) == 0
    assert beating.after(60, None) == 0, "nor when it is free: then its next command takes it"
    beating.beats.let_go(HELD_BY_ANA)
    assert cmd.Release() not in [command for _, command in beating.stream.sent]
    beating.stream.connections += 1
    assert beating.after(0, None) == 1, "of another engine it is asked anew"


def test_who_finds_it_held_asks_until_a_dead_holder_would_have_lapsed() -> None:
    beating = Beating()
    assert beating.after(0, HELD_BY_ANA) == 1
    assert [beating.after(cmd.BEAT_SECONDS, HELD_BY_ANA) for _ in range(4)] == [1] * 4
    assert beating.after(PERSISTENCE_SECONDS, HELD_BY_ANA) == 0
    assert beating.after(60, None) == 0


@pytest.mark.parametrize("viewer", [None, ME], ids=["who watches alone", "without an engine"])
def test_no_beat(viewer: cmd.Viewer | None) -> None:
    beating = Beating(viewer)
    if viewer is not None:
        beating.stream.engine = "starting"
    assert beating.after(0, None) == 0
    beating.beats.let_go(None)
    assert beating.stream.sent == []


def test_answers_to_beats_are_known() -> None:
    beating = Beating()
    beating.after(0, None)
    [(request_id, _)] = beating.stream.sent
    assert not beating.beats.heard(cmd.Reply(version=1, id="another", step=0))
    assert beating.beats.heard(cmd.Reply(version=1, id=request_id, step=0))


def test_every_viewer_is_another() -> None:
    first, second = this_viewer(), this_viewer()
    assert first.id != second.id
    assert first.where == second.where != ""
