"""A run's facts in words: what was measured of it."""

from __future__ import annotations

from engine.protocol.measured import Best, FiguresSoFar
from gan_tui.screens.run_words import facts_of
from tests.gan_tui.fake_runs import NOW, row


def test_the_newest_figures_and_the_best() -> None:
    best = {"l1": Best(value=0.17, step=800), "fid_B": Best(value=141.5, step=400)}
    measured = FiguresSoFar(step=1200, figures={"l1": 0.1828, "psnr": None}, best=best)
    [fact] = [fact for fact in facts_of(row("a", evaluated=measured), None, (), NOW, {}) if fact.label == "evaluated"]
    assert fact.lines == (
        "step         1,200   best",
        "l1          0.1828   0.1700 @ 800",
        "psnr           nan   ",
        "fid_B                141.50 @ 400",
    )


def test_nothing_is_said_where_nothing_was_measured() -> None:
    assert "evaluated" not in {fact.label for fact in facts_of(row("a"), None, (), NOW, {})}
