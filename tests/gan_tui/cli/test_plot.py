"""gan-tui plot: a run's curves as a file, from the command line."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory
from gan_tui.chart.request import PlotRequest, selected
from tests.gan_tui.cli.command import gan_tui_here, refusal, succeeded
from tests.gan_tui.recorded import Recording
from tests.runs import make_run


@pytest.fixture
def two(tmp_path: Path) -> Path:
    for name, last in (("one", 500), ("two", 900)):
        run, recording = make_run(tmp_path / "runs", name=name), Recording()
        lines = [recording.metrics(step) for step in range(10, last + 1, 10)]
        run.metrics.write_bytes(b"".join(encode(line) + b"\n" for line in lines))
    return tmp_path


def texts(path: Path) -> set[str | None]:
    return {each.text for each in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")}


def test_a_chart_and_a_table(two: Path) -> None:
    done = gan_tui_here("plot", "one", folder=two)
    assert succeeded(done) == "one-plot-500.svg\n"
    assert "8 series" in done.stderr
    shown = texts(two / "one-plot-500.svg")
    assert {"one: losses", "steps 0 to 500 · log y · smooth", "G_A", "D_B", "500"} <= shown
    assert succeeded(gan_tui_here("plot", "one", folder=two)) == "one-plot-500-2.svg\n", "nothing is overwritten"
    options = ("--series", "cycle", "--behind", "two", "--linear", "--smooth", "raw", "--x", "time", "--from", "100")
    succeeded(gan_tui_here("plot", "one", "-o", "a.svg", *options, folder=two))
    shown = texts(two / "a.svg")
    assert {"one: losses /cycle", "cycle_A", "steps 100 to 500 · linear y · raw"} <= shown
    assert "G_A" not in shown
    succeeded(gan_tui_here("plot", "one", "-o", "a.csv", *options, "--to", "200", folder=two))
    with (two / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["run"] for row in rows} == {"one", "two"}
    assert [row["step"] for row in rows if row["run"] == "one"] == [str(step) for step in range(100, 201, 10)]
    succeeded(gan_tui_here("plot", "one", "-o", "a.png", "--group", "learning rates", folder=two))
    with Image.open(two / "a.png") as picture:
        assert picture.format == "PNG"


def test_a_series_keeps_its_colour_in_a_chart_of_its_group(two: Path) -> None:
    run = RunDirectory(two / "runs" / "one")
    losses = selected(run, PlotRequest())
    colours = dict(zip(losses.keys, losses.colours, strict=True))
    cycle = selected(run, PlotRequest(group="cycle"))
    assert list(cycle.colours) == [colours[key] for key in cycle.keys]
    assert 0 not in cycle.colours


def test_what_cannot_be_plotted_is_told_and_nothing_is_written(two: Path) -> None:
    make_run(two / "runs", name="empty")
    assert "has no line of metrics yet" in refusal(gan_tui_here("plot", "empty", folder=two))
    assert "There are: losses, G, cycle" in refusal(gan_tui_here("plot", "one", "--group", "all", folder=two))
    assert "In losses there are: G_A" in refusal(gan_tui_here("plot", "one", "--series", "xyz", folder=two))
    assert "--to 0: is no part of" in refusal(gan_tui_here("plot", "one", "--to", "0", folder=two))
    assert "--from 600: is no part of" in refusal(gan_tui_here("plot", "one", "--from", "600", folder=two))
    assert "Let it end with" in refusal(gan_tui_here("plot", "one", "-o", "a.pdf", folder=two))
    (two / "a.svg").touch()
    assert "exists already" in refusal(gan_tui_here("plot", "one", "-o", "a.svg", folder=two))
    assert {path.name for path in two.iterdir()} == {"runs", "a.svg"}
    succeeded(gan_tui_here("plot", "one", "-o", "a.svg", "--force", folder=two))
    assert (two / "a.svg").stat().st_size > 1000
