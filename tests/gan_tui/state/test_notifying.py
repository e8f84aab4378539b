"""What is news, when it is told, and what is told together."""

from __future__ import annotations

from msgspec.structs import replace

from engine.protocol import events as ev
from gan_tui.state.notifying import GAP_SECONDS, MEANS, Notice, Watch, following, judged
from gan_tui.state.run_view import RunView, apply, with_link

NEW = RunView(name="zebra", link="live", state="training", total_steps=500)


def alerted(view: RunView, *facts: str) -> RunView:
    """The view after as many alerts."""
    for fact in facts:
        seq = view.last_seq + 1
        view = apply(view, ev.Alert(seq=seq, step=10 * seq, time=1.0, subject="D", fact=fact))
    return view


def known(view: RunView) -> Watch:
    """What is no news to somebody who came to that view."""
    return judged(Watch(), view, 0.0).watch


def test_what_was_there_when_the_user_came_is_no_news() -> None:
    reading = with_link(alerted(NEW, "old"), "reading")
    watch, notice, _ = judged(Watch(), reading, 0.0)
    assert notice is None
    assert judged(watch, with_link(alerted(reading, "older still"), "live"), 1.0).notice is None


def test_a_run_that_had_ended_is_no_news_and_its_next_end_is() -> None:
    ended = replace(NEW, state="finished", link="record")
    watch = known(ended)
    assert judged(watch, ended, 1.0).notice is None
    watch = judged(watch, with_link(NEW, "connecting"), 2.0).watch
    watch = judged(watch, NEW, 3.0).watch
    assert judged(watch, ended, 4.0).notice == Notice("zebra has finished", "at step 0 of 500")


def test_an_alert_is_told_once_and_those_soon_after_it_together() -> None:
    view = alerted(NEW, "saturated")
    watch, notice, _ = judged(known(NEW), view, 0.0)
    assert notice == Notice("zebra: alert at step 10", "D: saturated")
    watch, notice, again_in = judged(watch, view, 1.0)
    assert (notice, again_in) == (None, None)
    view = alerted(view, "saturated again", "and again")
    watch, notice, again_in = judged(watch, view, 5.0)
    assert (notice, again_in) == (None, GAP_SECONDS - 5)
    watch, notice, _ = judged(watch, view, GAP_SECONDS)
    assert notice == Notice("zebra: alert at step 30", "D: and again (and 1 more before it)")
    assert judged(watch, view, 3 * GAP_SECONDS).notice is None


def test_an_end_does_not_wait_and_takes_alerts_along() -> None:
    view = alerted(NEW, "one")
    watch = judged(known(NEW), view, 0.0).watch
    failed = ev.Failed(seq=3, step=30, time=1.0, reason="a loss is NaN")
    verdict = judged(watch, apply(alerted(view, "two"), failed), 1.0)
    assert verdict.notice == Notice("zebra has failed", "a loss is NaN; before it D: two")
    assert verdict.again_in is None


def test_an_engine_that_died_is_news() -> None:
    lost = with_link(NEW, "lost", "the engine (pid 7) ended without a word")
    assert judged(known(NEW), lost, 0.0).notice == Notice(
        "zebra has lost its engine", "the engine (pid 7) ended without a word"
    )


def test_the_ways_to_be_called_go_round() -> None:
    means = [MEANS[0]]
    for _ in MEANS:
        means.append(following(means[-1]))
    assert tuple(means) == (*MEANS, MEANS[0])
