"""What sentinels have found, from events: opened, closed, forgotten by a new engine, accepted; and in words."""

from __future__ import annotations

from itertools import count

import pytest

from engine.protocol import events as ev
from gan_tui.state.absorb import absorb
from gan_tui.state.groups import groups_of
from gan_tui.state.health import acceptable, open_alerts
from gan_tui.state.health_words import WATCHED, belief_texts, look_texts, span_text, suggestion_text
from gan_tui.state.history import History
from gan_tui.state.journal import journal_entry
from gan_tui.state.run_view import RunView, apply
from gan_tui.state.series import SeriesKey
from tests.gan_tui.recorded import Recording


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
def view(recording: Recording) -> RunView:
    """A run in which two alerts are open and one is over."""
    view = RunView(name="r", link="live")
    for event in (*recording.start_up(), *recording.found(1_000)):
        view = apply(view, event)
    return view


def test_an_alert_is_open_until_it_is_over(view: RunView) -> None:
    assert [(each.alert.sentinel, each.over) for each in view.found] == [
        ("spike", 1_200),
        ("stall", None),
        ("collapse", None),
    ]
    assert [span_text(each) for each in view.found[:2]] == ["step 1,000 to 1,200", "open since step 1,300"]
    assert [marker.kind for marker in view.markers] == ["alert"] * 3, "nothing marks that one is over"


def test_a_second_alert_of_a_sentinel_takes_the_place_of_its_first(view: RunView, recording: Recording) -> None:
    again = ev.Alert(**recording.when(2_000), sentinel="stall", subject="the losses", fact="f")
    view = apply(view, again)
    assert [alert.step for alert in open_alerts(view.found)] == [1_400, 2_000]


def test_an_alert_that_no_sentinel_gave_is_never_open(view: RunView, recording: Recording) -> None:
    other = apply(view, ev.Alert(**recording.when(2_000), subject="the disk", fact="is full"))
    assert other.found == view.found


def test_an_engine_that_takes_the_run_up_looks_anew(view: RunView, recording: Recording) -> None:
    view = apply(view, ev.Started(**recording.when(1_500), pid=1, host="h"))
    assert open_alerts(view.found) == ()
    assert view.found[-1].over == 1_500


def test_the_newest_open_alert_that_would_change_something_is_the_one_to_accept(view: RunView) -> None:
    chosen = acceptable(open_alerts(view.found), view.values)
    assert chosen is not None
    assert chosen.sentinel == "collapse"
    assert suggestion_text(chosen, view.values) == "loss.cycle_a 10 → 16"
    assert acceptable(open_alerts(view.found), {**view.values, "loss.cycle_a": 16.0}) is None
    assert acceptable(open_alerts(view.found[:2]), view.values) is None, "what is over is not accepted"


def test_the_numbers_in_words(recording: Recording) -> None:
    health = recording.health(0)
    assert belief_texts(health) == ["D_A 0.91/0.12", "D_B 0.62/0.41"]
    assert look_texts(health) == [
        ("fake_B", "diversity 0.08", "|G(x)-x| 0.31", "corr 0.22"),
        ("fake_A", "diversity 0.84", "|G(x)-x| 0.17", "corr 0.71"),
    ]
    assert look_texts({"change_fake_B": 0.2, "correlation_fake_B": None}) == [("fake_B", "|G(x)-x| 0.20")]


def test_the_journal_says_what_is_suggested_and_what_was_done(recording: Recording) -> None:
    when = recording.when(5)
    given = {"sentinel": "spike", "subject": "G_A", "fact": "is high", "fix": "Look."}
    texts = [
        entry.text
        for event in (
            ev.Alert(**when, **given, suggestion={"optim.lr_g": 1e-4}),
            ev.Alert(**when, **given, action="pause"),
            ev.Recovered(**when, sentinel="spike", subject="G_A"),
        )
        if (entry := journal_entry(event))
    ]
    assert texts == [
        "spike: G_A is high. Suggested: optim.lr_g 1e-4",
        "spike: G_A is high. Look. The run is held.",
        "spike is over: G_A",
    ]


def test_the_looks_of_the_newest_sheet_are_known_where_many_lines_are_read_at_once(recording: Recording) -> None:
    whole = recording.health(50)
    beliefs = {name: value for name, value in whole.items() if not name.startswith(("diversity", "change", "corr"))}
    lines = [recording.metrics(50, health=whole), *(recording.metrics(step, health=beliefs) for step in (100, 150))]
    at_once = absorb(RunView(name="r"), History(), lines)
    history, one_by_one = History(), RunView(name="r")
    for line in lines:
        one_by_one = absorb(one_by_one, history, [line])

    assert look_texts(at_once.health) == look_texts(whole) != []
    assert at_once.health == one_by_one.health


def test_health_has_groups_of_its_own_and_looks_hold_until_the_next_sheet(recording: Recording) -> None:
    history = History()
    beliefs = {"D_A_on_real": 0.9, "D_A_on_fake": 0.1}
    lines = [
        recording.metrics(50, health=recording.health(50)),
        *(recording.metrics(step, health=beliefs) for step in (100, 150)),
    ]
    absorb(RunView(name="r"), history, lines)
    groups = {group.name: [key.name for key in group.keys] for group in groups_of(history.series(), ())}
    assert groups["health"][:2] == ["D_A_on_real", "D_A_on_fake"]
    assert groups["looks"][0] == "diversity_fake_B"
    key = SeriesKey("health", "diversity_fake_B")
    assert [span.mean for span in history.decimate([key], 50, 151, 2)[key]] == [0.08, 0.08]
    assert key not in history.ended()
    assert SeriesKey("health", "D_B_on_real") in history.ended(), "a belief that is no more is no more"


def test_every_sentinel_of_the_preset_is_explained() -> None:
    from engine.config.sentinels import SentinelConfig

    assert set(WATCHED) >= set(SentinelConfig.__struct_fields__)


def test_no_more_are_remembered_than_are_told_of() -> None:
    seq = count(1)
    view = RunView(name="r")
    for step in range(300):
        view = apply(view, ev.Alert(seq=next(seq), step=step, time=0.0, sentinel="spike", subject="G", fact="f"))
    assert len(view.found) == 100
    assert len(open_alerts(view.found)) == 1
