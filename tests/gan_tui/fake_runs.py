"""A folder of runs that a test tells, in place of a thread that watches one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from gan_tui.state.run_list import RunRow
from gan_tui.state.runs_feed import RunsView
from gan_tui.state.tempo import Tempo
from gan_tui.surroundings import Surroundings
from tests.gan_tui.recorded import BEGAN

HOUR = 3600.0
DAY = 24 * HOUR
NOW = BEGAN + 900
AROUND = Surroundings(tempo=Tempo(text=0, curves=0), clock=lambda: NOW)
LOSSES = {"G_A": 0.318, "G_B": 0.402, "cycle_A": 0.911, "cycle_B": 1.08, "idt_A": 0.37, "idt_B": 0.44,
          "D_A": 0.171, "D_B": 0.209}  # fmt: skip


def row(name: str, **changes: Any) -> RunRow:
    """A stopped CycleGAN run of half a day ago."""
    plain = RunRow(
        id=f"id-{name}", name=name, path=f"runs/{name}", method="cyclegan", preset="horse2zebra", state="stopped",
        reason="", step=120_000, total_steps=266_800, epoch=90, created=NOW - 2 * DAY, active=NOW - 13 * HOUR,
        device="cuda:0 bf16", parent=None, parent_id=None, parent_path=None, parent_step=None, replays=None,
        losses=LOSSES,
    )  # fmt: skip
    return replace(plain, **changes)


def branch(parent: str, name: str, at: int, **changes: Any) -> RunRow:
    """One that grew from another."""
    lineage = {"parent": parent, "parent_id": f"id-{parent}", "parent_path": f"runs/{parent}", "parent_step": at}
    return row(name, **{**lineage, **changes})


def shelf() -> list[RunRow]:
    """Runs of every kind."""
    digits = {"L_GANG": 0.21, "L_CONST": 0.034, "L_TID": 0.012, "L_D": 1.02}
    return [
        row("horse2zebra", state="training", step=49_210, epoch=37, created=NOW - 900, active=NOW - 2, starred=True,
            note="the paper's weights, seed 3"),
        branch("horse2zebra", "horse2zebra-from-20000", 20_000, created=NOW - 600, active=NOW - 300, step=31_400,
               state="paused", epoch=24, note="identity at 0.1: colours drift less"),
        branch("horse2zebra-from-20000", "horse2zebra-from-20000-from-30000", 30_000, created=NOW - 500,
               active=NOW - 400, step=30_950, state="failed", reason="CUDA out of memory: tried to allocate 2.1 GiB"),
        row("facades", method="pix2pix", preset="facades", state="finished", step=39_600, total_steps=39_600, epoch=99,
            created=NOW - 3 * DAY, active=NOW - 2 * DAY, losses={"G_GAN": 1.504, "L1": 0.221, "D": 0.25}),
        row("usps2mnist", method="dtn", preset="dtn-usps2mnist", state="lost", step=8_120, total_steps=20_000, epoch=3,
            created=NOW - 9 * DAY, active=NOW - 9 * DAY, losses=digits, device="cuda:1 fp32"),
        row("edges2shoes", method="discogan", preset="discogan-edges2shoes", created=NOW - 40 * DAY,
            active=NOW - 38 * DAY, step=71_000, total_steps=None, losses={"G_A": 1.2, "G_B": None}),
        row("cups", state="damaged", method="", preset="", device="", created=0.0, active=0.0, step=0, losses={},
            total_steps=None, reason="runs/cups/run.json: is damaged (Input data was truncated)"),
    ]  # fmt: skip


class FakeRuns:
    """Implements RunsFeed."""

    def __init__(self, rows: Sequence[RunRow] = (), *, folder: str = "~/gans/runs", is_listed: bool = True) -> None:
        self._view = RunsView(folder=folder, rows=tuple(rows), is_listed=is_listed)
        self.looks = 0
        self.closed = False
        self._notify: Callable[[], None] = lambda: None

    def start(self, notify: Callable[[], None]) -> None:
        """Remember whom to tell."""
        self._notify = notify

    def snapshot(self) -> RunsView:
        """The newest view."""
        return self._view

    def look(self) -> None:
        """Note that something was changed from the browser."""
        self.looks += 1

    def close(self) -> None:
        """Note that the browser is done."""
        self.closed = True

    def put(self, *rows: RunRow, problem: str = "") -> None:
        """Let the folder hold other runs."""
        self._view = RunsView(folder=self._view.folder, rows=rows, is_listed=True, problem=problem)
        self._notify()
