"""What is told of a job's progress: lines now and then without a terminal; a bar, which leaves nothing, on one."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from engine.protocol.jobs import Progress, Remark
from gan_tui.cli.job_progress import Lines, telling
from gan_tui.cli.passing_bar import passing_bar
from tests.end_to_end.terminal import Terminal

ON_A_TERMINAL = """
from engine.protocol.jobs import Progress, Remark
from gan_tui.cli.job_progress import telling
with telling() as tell:
    tell(Progress(what="trans[bold]lating", done=30, total=100))
    tell(Remark(text="a remark"))
print("over")
input()
"""


def test_without_a_terminal_remarks_and_ends_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with telling() as tell:
        tell(Remark(text="reading \x1b[31mx"))
        for done in range(1, 1001):
            tell(Progress(what="translating", done=done, total=1000))
        tell(Progress(what="counting", done=7, total=0))
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "reading �[31mx"
    assert lines[1] == "translating: 1 of 1,000"
    assert lines[-1] == "translating: 1,000 of 1,000"
    assert len(lines) < 10


def test_lines_tell_pace_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    lines = Lines(clock=lambda: now)

    def moved(megabytes: int) -> None:
        lines.tell(Progress(what="x.zip", done=megabytes * 10**6, total=100 * 10**6, unit="bytes"))

    moved(20)
    moved(30)
    now = 10.0
    moved(40)
    moved(41)
    now = 30.0
    lines.tell(Progress(what="reading", done=0, total=0))
    now = 31.0
    lines.tell(Progress(what="writing", done=3, total=9))
    now = 41.0
    lines.tell(Progress(what="writing, the last", done=5, total=9))
    assert capsys.readouterr().err.splitlines() == [
        "x.zip: 20.0 MB of 100 MB",
        "x.zip: 40.0 MB of 100 MB, 2.0 MB/s, 30s left",
        "reading",
        "writing, the last: 5 of 9, 20s left",
    ]


def test_without_a_terminal_progress_may_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with telling(lines=False) as tell:
        tell(Progress(what="looking", done=1, total=1))
        tell(Remark(text="a remark"))
    assert capsys.readouterr().err == "a remark\n"


def test_bytes_are_told_as_such_on_a_terminal() -> None:
    program = ON_A_TERMINAL.replace("done=30, total=100", 'done=30_000_000, total=100_000_000, unit="bytes"')
    with Terminal([sys.executable, "-c", program], columns=80, rows=10) as terminal:
        terminal.wait_for("over")
        assert "30.0/100.0 MB" in terminal.written.decode()


@pytest.mark.parametrize("columns", [60, 80])
def test_a_bar_stays_on_one_line(columns: int) -> None:
    """The bar itself gives way to words and figures."""
    bar, drawn = passing_bar(), io.StringIO()
    bar.add_task("checking summer2winter_yosemite.zip", total=2_100_000_000, completed=30_000_000, unit="bytes")
    Console(file=drawn, width=columns).print(bar.get_renderable())
    [line] = drawn.getvalue().splitlines()
    assert "0.0/2.1 GB" in line


def test_on_a_terminal_there_is_a_bar_while_it_lasts() -> None:
    with Terminal([sys.executable, "-c", ON_A_TERMINAL], columns=80, rows=10) as terminal:
        terminal.wait_for("over")
        assert "trans[bold]lating" in terminal.written.decode()
        assert "30/100" in terminal.written.decode()
        assert [line.strip() for line in terminal.text.splitlines()[:3]] == ["a remark", "over", ""]


def test_what_has_no_known_end_has_no_bar() -> None:
    """One that pulses writes tens of kilobytes while PyTorch is imported."""
    program = ON_A_TERMINAL.replace("total=100", "total=0")
    with Terminal([sys.executable, "-c", program], columns=80, rows=10) as terminal:
        terminal.wait_for("over")
        assert "trans[bold]lating" in terminal.written.decode()
        assert not {"━", "╸", "╺"} & set(terminal.written.decode())
