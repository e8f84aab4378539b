"""The banner of an ended run: its advice holds commands, which are to be read whole."""

from __future__ import annotations

import pytest

from engine.protocol import events as ev
from gan_tui.state.run_view import RunView
from gan_tui.widgets.banner import MOST_LINES, EndBanner

RESUME = (
    "gan-tui resume horse2zebra-with-a-long-name --checkpoint 12000 --set optim.lr_g=0.0001 --set optim.lr_d=0.0001"
)


def lines(reason: str, fix: str, width: int) -> list[str]:
    failure = ev.Failed(seq=9, step=12_400, time=0.0, reason=reason, fix=fix)
    banner = EndBanner()
    banner.show(RunView(name="horse2zebra-with-a-long-name", link="record", state="failed", failure=failure))
    assert banner.display
    return ["".join(text for text, _ in line) for line in banner.lines(width)]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_command_is_wrapped_and_not_cut(width: int) -> None:
    fix = f"The last finite checkpoint is of step 12,000: {RESUME}"
    told = lines("G_A: became NaN or infinite between step 12,350 and 12,400", fix, width)
    assert all(len(line) <= width for line in told)
    assert fix in " ".join(" ".join(told).split())
    assert " ".join(told).count("gan-tui resume") == 1, "the fix has told the way on"
    assert len(told) == {80: 5, 120: 4, 200: 3}[width]


def test_without_a_way_on_in_the_fix_it_is_added() -> None:
    told = lines("CUDA out of memory", "Lower {checkpoints|batch}.", 120)
    assert told == [
        " ✖ CUDA out of memory",
        "   Lower {checkpoints|batch}.",
        "   engine.log has the whole of it. Then: gan-tui resume horse2zebra-with-a-long-name",
    ]


def test_what_is_too_long_ends_with_an_ellipsis() -> None:
    told = lines("many words " * 40, "Lower run.batch.", 60)
    assert len(told) == MOST_LINES
    assert told[-1].endswith("…")
    assert all(len(line) <= 60 for line in told)


def test_an_engine_that_is_not_heard_of_is_told_once_it_has_trained() -> None:
    banner = EndBanner()
    banner.show(RunView(name="far", link="connecting", state="training"))
    assert not banner.display
    banner.show(RunView(name="far", link="connecting", state="training", step=1_234))
    assert banner.display
    fact, advice = ("".join(text for text, _ in line) for line in banner.lines(120))
    assert fact == " ◌ no word from an engine since step 1,234"
    assert "comes back by itself" in advice
    banner.show(RunView(name="far", link="live", state="training", step=1_235))
    assert not banner.display


def test_of_a_run_whose_files_are_gone_there_is_nothing_to_go_on_from() -> None:
    banner = EndBanner()
    banner.show(RunView(name="r", link="lost", link_detail="runs/r/run.json is gone", gone=True, step=7))
    assert banner.lines(120) == [[(" ✖ runs/r/run.json is gone, after step 7", "banner--bad")]]
    banner.show(RunView(name="r", link="lost", step=7))
    assert "gan-tui resume r" in banner.lines(120)[1][0][0]
