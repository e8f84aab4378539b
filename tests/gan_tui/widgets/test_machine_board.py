"""The machine's screen: what is drawn over time, what a new reading changes of it, and how rows are shared."""

from __future__ import annotations

from random import Random

from msgspec.structs import replace
from textual.app import App, ComposeResult

from engine.protocol import events as ev
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.run_view import RunView
from gan_tui.themes import DARK
from gan_tui.widgets.machine_board import MachineBoard, _divided
from gan_tui.widgets.machine_curves import filled, held, line
from gan_tui.widgets.machine_sections import step_told
from tests.gan_tui import machines
from tests.gan_tui.recorded import PACE, Recording


class BoardApp(App[None]):
    def __init__(self, history: History) -> None:
        super().__init__()
        self.board = MachineBoard(history.machine)
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield self.board


def lines(first: int, last: int) -> list[ev.Event]:
    recording, noise = Recording(), Random(0)
    made = [recording.metrics(step, machine=machines.reading(step / PACE, noise)) for step in range(150, last, 150)]
    return [each for each in made if each.step >= first]


async def test_a_reading_changes_a_few_cells_and_the_same_view_none() -> None:
    history = History()
    view = absorb(RunView(name="r", link="live", state="training"), history, lines(0, 30_000))
    app = BoardApp(history)
    async with app.run_test(size=(80, 24)) as pilot:
        app.board.show(view)
        await pilot.pause()
        before = [list(row) for row in app.board._grid]
        app.board.show(view)
        assert app.board._grid == before
        app.board.show(absorb(view, history, lines(30_000, 30_150)))
        after = app.board._grid
    differing = sum(a != b for old, new in zip(before, after, strict=True) for a, b in zip(old, new, strict=True))
    assert 0 < differing < 120


async def test_without_a_reading_that_is_said() -> None:
    app = BoardApp(History())
    async with app.run_test(size=(80, 24)) as pilot:
        for link, said in (("live", "The first reading comes"), ("lost", "The run's record has no readings")):
            app.board.show(RunView(name="r", link=link))  # type: ignore[arg-type]
            await pilot.pause()
            assert said in "".join(char for char, _ in app.board._grid[2])


def test_a_pause_is_a_gap_and_a_slow_cadence_is_none() -> None:
    values = [0.5, None, None, 0.6, None, None, None, None, 0.7, None]
    assert held(values, 2) == [0.5, 0.5, 0.5, 0.6, None, None, None, None, 0.7, None]
    assert filled([0.0, 1.0, None], 2) == [(0, 0), (0, 7), None]
    assert line([0.0, 1.0, 0.5], 1) == [(0, 0), (1, 3), (2, 2)]


def test_rows_that_are_left_over_go_to_what_moves_most() -> None:
    assert _divided(-3, with_gpus=True) == ((0, 0), 0, 0)
    assert _divided(2, with_gpus=True) == ((1, 0), 0, 1)
    assert _divided(14, with_gpus=True) == ((4, 4), 2, 4)
    assert sum((*(rows := _divided(1000, with_gpus=False)).gpu, rows.host, rows.step)) == 24


def test_one_step_is_told_as_one() -> None:
    def told(steps: int) -> str:
        return step_told(RunView(name="r", step_times=replace(machines.step_times(Random(0)), steps=steps)))[0][0]

    assert (told(1), told(2)) == ("the last step", "the last 2 steps")
