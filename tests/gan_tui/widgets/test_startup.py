"""The stages of start-up, with the time that each took."""

from __future__ import annotations

from engine.protocol.events import Phase
from gan_tui.state.run_view import RunView
from gan_tui.widgets.startup import StartUp


def phase(seq: int, name: str, time: float) -> Phase:
    return Phase(seq=seq, step=0, time=time, name=name)


def test_no_stage_takes_less_than_no_time_when_the_clock_is_set_back() -> None:
    startup = StartUp()
    phases = (phase(1, "importing torch", 5000.0), phase(2, "reading data", 5002.5), phase(3, "warming up", 1400.0))
    startup.show(RunView(name="r", link="live", phases=phases))
    lines = ["".join(text for text, _ in line) for line in startup.lines(60)]
    assert [line.split()[-2:] for line in lines if line.startswith("✔")] == [["2.5", "s"], ["0.0", "s"]]
