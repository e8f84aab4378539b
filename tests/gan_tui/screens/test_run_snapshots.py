"""How the runs browser looks at three sizes, and at the smallest. Look at the pictures before accepting new ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol.checkpoints import folder_name
from engine.protocol.codec import encode
from engine.protocol.events import Sampled
from engine.protocol.rundir import RunDirectory
from gan_tui.runs_app import RunsApp
from tests.gan_tui.drawings import write_sheet
from tests.gan_tui.fake_runs import AROUND, NOW, FakeRuns, shelf
from tests.gan_tui.screens.test_snapshots import SnapCompare, after, each_size, steadily


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunsApp:
    """The browser on runs of which the first two have sheets and checkpoints."""
    monkeypatch.chdir(tmp_path)
    rows = shelf()
    for place, row in enumerate(rows[:2], start=1):
        run = RunDirectory(Path(row.path))
        names = write_sheet(run.samples / "step-00030000.png", place / 2)
        sheet = Sampled(seq=1, step=30_000, time=NOW, path="samples/step-00030000.png", tile=64, rows=names)
        run.events.write_bytes(encode(sheet) + b"\n")
        for step in (10_000, 20_000, 30_000):
            (run.checkpoints / folder_name(step)).mkdir(parents=True)
            with (run.checkpoints / folder_name(step) / "training.pt").open("wb") as file:
                file.truncate(212_000_000)
    return RunsApp(FakeRuns(rows), AROUND, rest=0)


@each_size
@pytest.mark.parametrize(
    "keys",
    [(), ("down", "down"), ("slash", *"horse"), ("down", "d"), ("n",), ("n", "tab", *"mine", "enter")],
    ids=["first", "failed", "filter", "delete", "new", "refused"],
)
def test_browser(keys: tuple[str, ...], size: tuple[int, int], app: RunsApp, snap_compare: SnapCompare) -> None:
    assert snap_compare(app, terminal_size=size, run_before=steadily(*keys))


@each_size
@pytest.mark.parametrize("key", ["b", "question_mark"], ids=["branch", "help"])
def test_dialogs_of_the_browser(key: str, size: tuple[int, int], app: RunsApp, snap_compare: SnapCompare) -> None:
    assert snap_compare(app, terminal_size=size, run_before=steadily(key))


def test_browser_on_the_smallest_terminal(app: RunsApp, snap_compare: SnapCompare) -> None:
    assert snap_compare(app, terminal_size=(60, 15), run_before=after("end"))


def test_new_run_on_the_smallest_terminal(app: RunsApp, snap_compare: SnapCompare) -> None:
    assert snap_compare(app, terminal_size=(60, 15), run_before=steadily("n", "enter"))


def test_no_run_yet(snap_compare: SnapCompare) -> None:
    assert snap_compare(RunsApp(FakeRuns(), AROUND, rest=0), terminal_size=(80, 24), run_before=after())
