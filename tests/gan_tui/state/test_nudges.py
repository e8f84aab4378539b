"""Which nudges stand, what taking one back restores, the checkpoint of before it, and whose they are."""

from __future__ import annotations

from msgspec.structs import replace

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from gan_tui.state.markers import Marker
from gan_tui.state.nudges import Made, checkpoint_before, made_by_others, net, reversal, standing
from gan_tui.state.run_view import Origin, RunView, apply, with_past, with_reply, with_request


def nudge(seq: int, step: int = 0, undoes: int | None = None, **moved: tuple[float, float]) -> ev.Nudged:
    changes = tuple(ev.Change(name=f"loss.{name}", old=old, new=new) for name, (old, new) in moved.items())
    return ev.Nudged(seq=seq, step=step or 10 * seq, time=0.0, changes=changes, by="ana@box", undoes=undoes)


def view_of(*events: ev.Event, **fields: object) -> RunView:
    view = RunView(name="r", link="live", **fields)  # type: ignore[arg-type]
    for event in events:
        view = apply(view, event)
    return view


def test_an_undo_takes_the_newest_that_stands() -> None:
    view = view_of(nudge(1, a=(1, 2)), nudge(2, a=(2, 3)), nudge(3, undoes=2, a=(3, 2)), nudge(4, b=(0, 1)))
    assert [made.seq for made in standing(view.nudges)] == [1, 4]
    view = apply(apply(view, nudge(5, undoes=4, b=(1, 0))), nudge(6, undoes=1, a=(2, 1)))
    assert standing(view.nudges) == []
    assert standing(apply(view, nudge(7, undoes=0)).nudges) == [], "of one that is not known"


def test_what_is_restored_is_told_as_the_controls_stand_now() -> None:
    made = view_of(nudge(1, a=(1, 2), b=(5, 6))).nudges[0]
    assert reversal(made, {"loss.a": 2.0, "loss.b": 5.0}) == (ev.Change(name="loss.a", old=2.0, new=1.0),)
    assert reversal(made, {"loss.a": 9.0, "loss.b": 5.0}) == (ev.Change(name="loss.a", old=9.0, new=1.0),)


def test_moves_that_cancel_out_are_none() -> None:
    view = view_of(nudge(1, a=(1, 2), b=(5, 6)), nudge(2, a=(2, 1)), nudge(3, b=(6, 7)))
    assert net(view.nudges) == (ev.Change(name="loss.b", old=5.0, new=7.0),)


def test_a_resume_forgets_what_its_checkpoint_does_not_hold() -> None:
    view = view_of(nudge(1, step=10), nudge(2, step=20), nudge(3, step=20), nudge(4, step=30))
    resumed = ev.Resumed(seq=5, step=20, time=0.0, from_step=20, checkpoint="x", from_seq=2)
    assert [made.seq for made in apply(view, resumed).nudges] == [1, 2]


def test_a_branch_knows_its_parents_nudges_as_not_its_own() -> None:
    parent = view_of(nudge(7, a=(1, 2)))
    branch = apply(with_past(RunView(name="branch"), parent), nudge(1, step=99, b=(1, 2)))
    assert [made.seq for made in standing(branch.nudges)] == [0, 1]


def test_the_checkpoint_of_before_a_nudge() -> None:
    made = view_of(nudge(8, step=100)).nudges[0]

    def found(*marks: tuple[int, int]) -> int | None:
        markers = (Marker(step=step, seq=seq, kind="checkpoint") for step, seq in marks)
        return checkpoint_before(view_of(markers=(*markers, Marker(step=95, seq=5, kind="nudge"))), made)

    assert found((50, 2), (90, 4), (110, 9)) == 90
    assert found((50, 2), (100, 7)) == 100, "complete when the nudge came"
    assert found((50, 2), (100, 9)) == 50
    assert found((50, 0)) is None, "an ancestor's"


def test_a_branch_began_with_a_checkpoint_of_before_every_nudge_of_its_own() -> None:
    theirs, own = Marker(step=50, kind="checkpoint"), Marker(step=60, seq=3, kind="checkpoint")
    branch = view_of(origin=Origin(run="parent", step=50), markers=(theirs, own))
    first, later = view_of(nudge(2, step=50), nudge(8, step=70)).nudges
    assert checkpoint_before(branch, first) == 50, "of the nudge's own step too"
    assert checkpoint_before(branch, later) == 60
    assert checkpoint_before(branch, replace(first, seq=0, step=40)) is None, "that nudge came with it"


def test_whose_nudge_it_was() -> None:
    def told(before: RunView, event: ev.Nudged) -> list[Made]:
        return made_by_others(before, apply(before, event))

    quiet = view_of(nudge(1))
    assert [made.by for made in told(quiet, nudge(2))] == ["ana@box"]
    asking = with_request(quiet, "x", cmd.SetControls(values={"loss.a": 2.0}))
    assert told(asking, nudge(2)) == [], "it may be the one that was asked for"
    answered = with_reply(asking, cmd.Reply(version=1, id="x", step=20))
    assert told(answered, nudge(2, step=20)) == []
    assert len(told(answered, nudge(2, step=21))) == 1
    assert told(replace(quiet, link="reading"), nudge(2)) == [], "what was there before"
