"""What commands write holds no character that a terminal would obey."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from engine.protocol import events as ev
from gan_tui.cli.output import losses_in_words, put, put_json, say
from gan_tui.cli.plain_lines import PlainLines
from gan_tui.cli.progress_bar import ProgressBar
from gan_tui.state.run_view import RunView
from gan_tui.state.wording import age
from gan_tui.widgets.header import RunHeader
from tests.gan_tui.cli.command import COMMAND
from tests.gan_tui.hostile import HOSTILE, obeyed
from tests.gan_tui.recorded import Recording

NOTE = ev.Note(seq=1, step=1, time=0.0, text=HOSTILE, by=HOSTILE)
METRICS = ev.Metrics(
    seq=2, step=1, time=0.0, epoch=1, images=1, losses={HOSTILE: 1.0}, lr={}, weights={}, throughput=1.0, data_wait=0.0
)


def test_every_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    put(HOSTILE, HOSTILE)
    say(HOSTILE)
    lines = PlainLines()
    lines.hear(NOTE)
    lines.hear(METRICS)
    lines.say(HOSTILE)
    out, speech = capsys.readouterr()
    assert [len(out.splitlines()), len(speech.splitlines())] == [2, 3]
    assert out.splitlines()[0].count("\t") == 1
    assert obeyed((out + speech).replace("\n", "").replace("\t", "")) == []
    assert out.count("evil") == 3


def test_losses_in_words_are_as_short_as_on_the_dashboard() -> None:
    losses = {"G_A": 0.47, "cycle_A": 12.3456, "idt_A": 0.0, "D_A": 1e30, "D_B": None}
    assert losses_in_words(losses) == "G_A 0.470  cycle_A 12.3  idt_A 0.000  D_A 1e30  D_B nan"


def test_json_says_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    put_json({HOSTILE: [HOSTILE]})
    out, _ = capsys.readouterr()
    assert json.loads(out) == {HOSTILE: [HOSTILE]}
    assert obeyed(out.replace("\n", "")) == []


def test_the_progress_bar_shows_text(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    with ProgressBar() as bar:
        bar.hear(ev.Phase(seq=1, step=0, time=0.0, name=HOSTILE))
        bar.hear(METRICS)
        bar.hear(NOTE)
        bar.say(HOSTILE)
    out, _ = capsys.readouterr()
    assert "evil" in out
    assert obeyed(out.replace("\n", "")) == []


def test_the_progress_bar_says_what_the_dashboards_header_does(capsys: pytest.CaptureFixture[str]) -> None:
    """Of 1,999 steps in 2,000 there are not 100%, and slow steps are told in seconds each."""
    recording = Recording()
    [announced] = [event for event in recording.start_up() if isinstance(event, ev.Announced)]
    with ProgressBar() as bar:
        bar.hear(msgspec.structs.replace(announced, total_steps=2000))
        bar.hear(recording.metrics(1999, throughput=0.01))
    out, _ = capsys.readouterr()
    told = ("99%", "1,999/2,000", "100.0 s/it", "ETA 1m 40s")
    assert "  ".join(told) in out
    header = RunHeader()
    header.show(RunView(name="r", link="live", state="training", step=1999, total_steps=2000, throughput=0.01), ())
    lines = ["".join(text for text, _ in line) for line in header.lines(100)]
    assert "step 1,999 · 100.0 s/it · ETA 1m 40s" in lines[0]
    assert lines[1].endswith(" 99% ")


def test_an_age_has_one_unit_and_is_not_rounded_up_to_the_next() -> None:
    assert [age(seconds) for seconds in (-5, 59.9, 3_599, 86_399, 300_000)] == ["0 s", "59 s", "59 min", "23 h", "3 d"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("words", [("presets",), ("presets", "--json"), ("--help",), ("--version",)])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_disk_that_takes_no_more_data_is_told_in_a_sentence(words: tuple[str, ...], unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment
        )
    told = "gan-tui: the disk: takes no more (No space left on device). Make room, and run it again.\n"
    assert (done.returncode, done.stderr) == (1, told)
