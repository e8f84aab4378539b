"""Who holds control: the first to ask, until it lets go, falls silent, or another says that it takes over."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from engine.errors import RequestError
from engine.holding import Holding
from engine.protocol import commands as cmd


@dataclass
class Room:
    """Viewers around one engine, and a clock."""

    now: float = 0.0
    holding: Holding = field(init=False)

    def __post_init__(self) -> None:
        self.holding = Holding(clock=lambda: self.now)

    @property
    def holder(self) -> str:
        holder = self.holding.holder
        return holder.viewer if holder else ""

    def says(self, viewer: str, command: cmd.Command, where: str = "") -> str:
        """What becomes of a viewer's command; one that need not be answered at once is only let pass."""
        seat = cmd.Viewer(id=viewer, where=where or f"tty of {viewer}")
        request = cmd.Request(version=1, id="1", by="kay@box", command=command, viewer=seat)
        if isinstance(command, cmd.Hold | cmd.Release):
            return self.holding.react(request)
        self.holding.admit(request)
        return "passed"


@pytest.fixture
def room() -> Room:
    return Room()


def test_the_first_to_ask_holds_it_until_it_lets_go(room: Room) -> None:
    assert room.says("a", cmd.Hold()) == "you hold control"
    with pytest.raises(RequestError, match=r"control: is held by kay@box \(tty of a\)\. T takes it over"):
        room.says("b", cmd.Hold())
    room.says("b", cmd.Release())
    assert room.holder == "a", "it is not b's to let go"
    room.says("a", cmd.Release())
    assert room.holder == ""
    room.says("b", cmd.Hold())
    assert room.holder == "b"


def test_whoever_is_silent_is_taken_for_gone(room: Room) -> None:
    room.says("a", cmd.Hold())
    for _ in range(3):
        room.now += cmd.LAPSE_SECONDS - 0.5
        assert room.holder == "a"
        room.says("a", cmd.Hold())
    room.now += cmd.LAPSE_SECONDS + 0.5
    assert room.holder == ""
    assert room.holding.take_news() == [], "nobody took it over"
    room.says("b", cmd.Hold())
    with pytest.raises(RequestError):
        room.says("a", cmd.Hold())


def test_it_is_taken_over_by_who_says_so_and_that_is_news(room: Room) -> None:
    room.says("a", cmd.Hold())
    assert room.says("b", cmd.Hold(take=True)) == "control is taken over from kay@box (tty of a)"
    assert room.holder == "b"
    assert [(new.viewer, old.viewer) for new, old in room.holding.take_news()] == [("b", "a")]
    assert room.holding.take_news() == [], "it is told once"
    assert room.says("b", cmd.Hold(take=True)) == "you hold control", "there is nobody to take it from"
    assert room.holding.take_news() == []


@pytest.mark.parametrize(
    "command",
    [cmd.Pause(), cmd.Continue(), cmd.SaveCheckpoint(), cmd.SetControls(values={}), cmd.Undo(), cmd.Stop()],
    ids=lambda command: type(command).__name__,
)
def test_of_viewers_the_holder_alone_steers(room: Room, command: cmd.Command) -> None:
    assert room.says("a", command) == "passed"
    assert room.holder == "a", "who steers while it is free holds it"
    assert room.says("a", command) == "passed"
    with pytest.raises(RequestError, match="held by"):
        room.says("b", command)
    room.holding.admit(cmd.Request(version=1, id="1", by="a script", command=command))
    assert room.holder == "a", "a script steers, and holds nothing"


@pytest.mark.parametrize("command", [cmd.WriteNote(text="x"), cmd.TakeSample(), cmd.Status()])
def test_looking_and_noting_is_free_to_all(room: Room, command: cmd.Command) -> None:
    room.says("b", command)
    assert room.holder == ""
    room.says("a", cmd.Hold())
    assert room.says("b", command) == "passed"


def test_who_comes_back_to_the_same_terminal_goes_on(room: Room) -> None:
    room.says("a", cmd.Hold(), where="pts/3")
    room.says("b", cmd.Hold(), where="pts/3")
    assert room.holder == "b", "the viewer before it in that terminal is gone, or stopped"
    assert room.holding.take_news() == []


def test_no_viewer_holds_nothing(room: Room) -> None:
    with pytest.raises(RequestError, match="dashboards alone"):
        room.holding.react(cmd.Request(version=1, id="1", by="a script", command=cmd.Hold()))


def test_a_long_name_is_cut_as_every_tick_tells_it(room: Room) -> None:
    seat = cmd.Viewer(id="a")
    room.holding.react(cmd.Request(version=1, id="1", by="k" * 2000, command=cmd.Hold(), viewer=seat))
    assert room.holding.holder is not None
    assert len(room.holding.holder.words) == 200
