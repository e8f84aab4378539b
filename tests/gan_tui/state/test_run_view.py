"""The reducer: every event's effect, order, repetition, answers and the one word for the state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.commands import Refusal, Reply
from gan_tui.state.absorb import absorb
from gan_tui.state.effective import effective_values
from gan_tui.state.history import History
from gan_tui.state.markers import MARKERS_LENGTH
from gan_tui.state.run_view import (
    ENDED,
    JOURNAL_LENGTH,
    PHASES_LENGTH,
    Origin,
    RunView,
    apply,
    with_link,
    with_past,
    with_reply,
    with_request,
    with_unanswered,
)
from tests.gan_tui.recorded import Recording

ROWS = (("real_A", "fake_B", "rec_A"),)


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
def started(recording: Recording) -> RunView:
    view = RunView(name="r", link="live")
    for event in recording.start_up():
        view = apply(view, event)
    return apply(view, ev.Training(**recording.when(0)))


def test_start_up_is_told_by_its_phases(recording: Recording) -> None:
    view = RunView(name="r", link="live")
    seen = []
    for event in recording.start_up():
        view = apply(view, event)
        seen.append(len(view.phases))
    assert view.status == "starting"
    assert [phase.name for phase in view.phases] == [
        "importing torch",
        "reading data",
        "building networks",
        "warming up",
    ]
    assert seen == [0, 1, 2, 3, 3, 4]
    assert view.values["loss.cycle_a"] == 10.0


def test_an_event_that_is_already_in_the_view_changes_nothing(started: RunView, recording: Recording) -> None:
    nudge = recording.nudge(10, "loss.cycle_a", 10.0, 5.0)
    once = apply(started, nudge)
    assert apply(once, nudge) is once


def test_a_nudge_moves_the_value_marks_the_plot_and_can_be_undone(started: RunView, recording: Recording) -> None:
    nudge = recording.nudge(10, "loss.cycle_a", 10.0, 5.0, why="too smooth")
    view = apply(started, nudge)
    assert view.values["loss.cycle_a"] == 5.0
    assert (view.markers[-1].kind, view.markers[-1].step) == ("nudge", 10)
    assert view.journal[-1].text == "loss.cycle_a 10 → 5 (you): too smooth"
    view = apply(view, recording.nudge(20, "loss.cycle_a", 5.0, 10.0, undoes=nudge.seq))
    assert view.values["loss.cycle_a"] == 10.0
    assert view.journal[-1].text.startswith("undo: ")


def test_only_checkpoints_that_still_exist_are_marked(started: RunView, recording: Recording) -> None:
    view = apply(started, recording.nudge(5, "loss.cycle_a", 10.0, 5.0))
    for step, removed in ((5, ()), (10, ()), (15, (5,))):
        view = apply(
            view,
            ev.Checkpointed(
                **recording.when(step),
                saved_step=step,
                path="",
                seconds=1.0,
                size=1,
                reason="schedule",
                removed=removed,
            ),
        )
    assert [(mark.kind, mark.step) for mark in view.markers] == [("nudge", 5), ("checkpoint", 10), ("checkpoint", 15)]


def test_a_staged_change_waits_until_its_step(started: RunView, recording: Recording) -> None:
    staged = ev.Staged(**recording.when(5), values={"loss.identity": 1.0}, at_step=100, by="you")
    view = apply(started, staged)
    change = ev.StagedChange(at_step=100, values={"loss.identity": 1.0}, by="you")
    assert view.staged == (change,)
    assert apply(view, recording.nudge(50, "loss.cycle_a", 10.0, 5.0)).staged == (change,)
    assert apply(view, recording.nudge(100, "loss.identity", 0.5, 1.0)).staged == ()
    assert apply(view, recording.metrics(100)).staged == (change,)
    assert apply(view, recording.metrics(150)).staged == (), "it was what is in force: nothing had to be changed"


def test_pause_continue_and_the_ways_to_end(started: RunView, recording: Recording) -> None:
    paused = apply(started, ev.Paused(**recording.when(9), by="you"))
    assert paused.status == "paused"
    going = apply(paused, ev.Continued(**recording.when(9), by="you"))
    assert going.status == "training"
    stopped = apply(going, ev.Stopped(**recording.when(9), by="you", saved=True))
    assert (stopped.status, stopped.ended, stopped.remaining_seconds) == ("stopped", True, None)
    failed = apply(going, ev.Failed(**recording.when(9), reason="out of memory"))
    assert failed.failure is not None
    assert failed.failure.reason == "out of memory"
    again = apply(failed, ev.Started(**recording.when(9), pid=1, host="h"))
    assert (again.status, again.failure) == ("starting", None)


def test_the_link_has_the_first_word(started: RunView, recording: Recording) -> None:
    assert (with_link(started, "lost").status, with_link(started, "lost").ended) == ("lost", True)
    assert with_link(started, "connecting").status == "connecting"
    finished = apply(started, ev.Finished(**recording.when(99)))
    assert with_link(finished, "record").status == "finished"
    taken_up_again = with_link(finished, "connecting")
    assert (taken_up_again.status, taken_up_again.ended) == ("connecting", False)
    assert with_link(finished, "lost").status == "lost", "the new engine is, that was to follow"


@pytest.mark.parametrize("clock", [+1.0, -3600.0])
def test_a_tick_moves_the_step_whatever_the_clock_says(started: RunView, clock: float) -> None:
    seq = started.last_seq
    tick = ev.Tick(step=7, epoch=1, throughput=50.0, state="training", time=started.clock + clock, last_seq=seq)
    view = apply(started, tick)
    assert (view.step, view.throughput, view.clock) == (7, 50.0, tick.time)


def test_what_cannot_be_written_is_known_from_ticks_and_forgotten_with_the_engine(
    started: RunView, recording: Recording
) -> None:
    tick = ev.Tick(
        step=7, epoch=1, throughput=50.0, state="training", time=1.0, last_seq=started.last_seq + 312,
        lines_waiting=312, save_failure="No space left on device",
    )  # fmt: skip
    troubled = apply(started, tick)
    assert (troubled.lines_waiting, troubled.save_failure) == (312, "No space left on device")
    written = apply(troubled, replace(tick, lines_waiting=0))
    assert (written.lines_waiting, written.save_failure) == (0, "No space left on device")
    taken_up_again = apply(troubled, ev.Started(**recording.when(9), pid=1, host="h"))
    assert (taken_up_again.lines_waiting, taken_up_again.save_failure) == (0, "")


def test_a_tick_from_before_the_newest_event_changes_nothing(started: RunView) -> None:
    late = ev.Tick(
        step=3, epoch=1, throughput=1.0, state="paused", time=started.clock + 9, last_seq=started.last_seq - 1
    )
    assert apply(started, late) is started


def test_resuming_forgets_what_came_after_the_checkpoint(started: RunView, recording: Recording) -> None:
    view = started
    for event in (recording.sheet(5, ROWS), recording.sheet(15, ROWS), recording.nudge(16, "loss.cycle_a", 10.0, 5.0)):
        view = apply(view, event)
    view = apply(view, ev.Resumed(**recording.when(16), from_step=10, checkpoint="checkpoints/step-00000010"))
    assert view.step == 10
    assert [sheet.step for sheet in view.sheets] == [5]
    assert [marker.kind for marker in view.markers] == ["resume"]


def test_of_the_checkpoints_own_step_only_a_later_change_is_forgotten(started: RunView, recording: Recording) -> None:
    copied = started.last_seq + 1
    events = [
        recording.nudge(10, "loss.cycle_a", 10.0, 5.0),
        recording.checkpoint(10),
        ev.Note(**recording.when(10), text="good", by="you"),
        recording.nudge(10, "loss.cycle_b", 10.0, 5.0),
        ev.Resumed(**recording.when(10), from_step=10, checkpoint="c", from_seq=copied),
    ]
    view = started
    for event in events:
        view = apply(view, event)
    assert [(marker.kind, marker.seq) for marker in view.markers] == [
        ("nudge", copied), ("checkpoint", copied + 1), ("note", copied + 2), ("resume", copied + 4)
    ]  # fmt: skip


def test_a_branch_shows_its_past_and_says_where_it_begins(recording: Recording) -> None:
    past, theirs = RunView(name=""), Recording()
    for event in (theirs.nudge(5, "loss.cycle_a", 10.0, 5.0), theirs.sheet(8, ROWS)):
        past = apply(past, event)
    branch = with_past(RunView(name="b", link="live", origin=Origin(run="a", step=12_000)), past)
    assert (branch.journal, branch.last_seq, branch.step) == ((), 0, 0), "its own record begins with 1"
    branch = apply(
        branch, ev.Resumed(**recording.when(12_000), from_step=12_000, checkpoint="checkpoints/step-00012000")
    )
    assert [(marker.kind, marker.step) for marker in branch.markers] == [("nudge", 5), ("resume", 12_000)]
    assert [sheet.step for sheet in branch.sheets] == [8]
    assert branch.journal[-1].text == "branched from a @ 12,000"
    again = ev.Resumed(**recording.when(13_000), from_step=12_500, checkpoint="checkpoints/step-00012500", from_seq=1)
    assert apply(branch, again).journal[-1].text == "resumed from checkpoints/step-00012500"


def test_commands_wait_and_are_answered(started: RunView) -> None:
    view = with_request(started, "a", cmd.Pause())
    assert view.waiting_for(cmd.Pause)
    assert not view.waiting_for(cmd.Continue)
    refusal = Refusal(subject="pause", fact="is not possible")
    answered = with_reply(view, Reply(version=1, id="a", step=3, refusal=refusal))
    assert not answered.waiting_for(cmd.Pause)
    assert answered.exchanges[-1].reply is not None
    assert with_reply(view, Reply(version=1, id="other", step=3)) is view
    assert with_unanswered(view, "a", "no answer within 5 s").exchanges[-1].problem == "no answer within 5 s"


def test_an_engine_that_cannot_read_what_is_asked_has_answered_all_that_waits(started: RunView) -> None:
    """As one from before there were viewers: it cannot even say which request it refuses."""
    view = with_request(with_request(started, "a", cmd.Pause()), "b", cmd.Undo())
    refusal = Refusal(subject="message", fact="is malformed (unknown field `viewer`)")
    answered = with_reply(view, Reply(version=1, id="", step=3, refusal=refusal))
    assert not any(exchange.waiting for exchange in answered.exchanges)
    reply = answered.exchanges[-1].reply
    assert reply is not None
    assert reply.refusal is not None
    assert reply.refusal.fact == refusal.fact
    assert "gan-tui ctl" in reply.refusal.fix
    assert with_reply(answered, Reply(version=1, id="", step=3, refusal=refusal)) == answered


def test_the_journal_is_bounded(started: RunView, recording: Recording) -> None:
    view = started
    for step in range(JOURNAL_LENGTH + 50):
        view = apply(view, ev.Note(**recording.when(step), text=str(step), by="you"))
    assert len(view.journal) == JOURNAL_LENGTH
    assert view.journal[-1].step == JOURNAL_LENGTH + 49


def test_whatever_happens_a_million_times_memory_is_bounded(started: RunView, recording: Recording) -> None:
    """A fiftieth of that here: of each kind, far more than is kept."""

    def happenings(step: int) -> Iterator[ev.Event]:
        yield ev.Phase(**recording.when(step), name="warming up")
        yield ev.Alert(**recording.when(step), subject="s", fact="f")
        yield recording.nudge(step, "loss.cycle_a", 10.0, 5.0)
        yield ev.Staged(**recording.when(step), values={"loss.cycle_a": 5.0}, at_step=step + 3, by="you")
        yield recording.checkpoint(step)
        yield recording.sheet(step, ROWS)
        yield ev.Resumed(**recording.when(step), from_step=step, checkpoint="c")
        yield recording.metrics(step + 1)

    view = started
    for step in range(1, 2500):
        for event in happenings(step):
            view = apply(view, event)
    lengths = {name: len(value) for name in view.__struct_fields__ if isinstance(value := getattr(view, name), tuple)}
    assert max(lengths.values()) <= JOURNAL_LENGTH, lengths
    assert lengths["staged"] <= 4
    assert lengths["phases"] <= PHASES_LENGTH


def test_alerts_without_end_leave_the_other_markers_on_the_plot(started: RunView, recording: Recording) -> None:
    view = apply(started, recording.nudge(10, "loss.cycle_a", 10.0, 5.0))
    for _ in range(MARKERS_LENGTH + 1):
        view = apply(view, ev.Alert(**recording.when(11), subject="s", fact="f"))
    assert [marker.kind for marker in view.markers] == ["nudge", "alert"]


def test_a_marker_tells_of_every_nudge_of_its_step(started: RunView, recording: Recording) -> None:
    view = apply(
        apply(started, recording.nudge(10, "loss.cycle_a", 10.0, 5.0)), recording.nudge(10, "optim.pool", 50, 20)
    )
    assert [marker.text for marker in view.markers] == ["loss.cycle_a 10 → 5 (you), optim.pool 50 → 20 (you)"]
    for value in range(1000):
        view = apply(view, recording.nudge(10, "loss.cycle_a", value, value + 1))
    assert len(view.markers[0].text) < 300


def test_absorbing_equals_applying_one_by_one(recording: Recording) -> None:
    messages = list(recording.run(3000, ROWS, (1000, 2000)))
    one_by_one = RunView(name="r")
    for message in messages:
        one_by_one = apply(one_by_one, message)
    history = History()
    assert absorb(RunView(name="r"), history, messages) == one_by_one
    assert history.extent() == (50, 3000)
    version = history.version
    assert absorb(one_by_one, history, messages) == one_by_one
    assert history.version == version


def test_absorbing_a_resume_drops_the_abandoned_course(recording: Recording) -> None:
    history = History()
    course = [recording.metrics(step) for step in range(1, 21)]
    back = ev.Resumed(**recording.when(20), from_step=12, checkpoint="c")
    view = absorb(RunView(name="r"), history, [*course, back, recording.metrics(13)])
    assert history.extent() == (1, 13)
    assert view.step == 13


def test_effective_rates_belong_to_their_controls(started: RunView, recording: Recording) -> None:
    view = apply(started, recording.metrics(50, lr={"G": 1e-4, "D": 5e-5, "other": 1.0}))
    assert effective_values(view) == {"optim.lr_g": 1e-4, "optim.lr_d": 5e-5}


def test_a_run_that_has_ended_without_a_word_in_its_record_is_not_shown_as_trained(started: RunView) -> None:
    view = with_link(started, "record")
    assert started.state not in ENDED
    assert view.ended
    assert view.status == "lost"
