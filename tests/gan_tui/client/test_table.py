"""Recorded lines as a table: every line of the course, with gaps and values that were not finite told apart."""

from __future__ import annotations

import csv
from pathlib import Path

from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.rundir import Parent, RunDirectory, read_identity
from gan_tui.client.table import Part, table
from gan_tui.state.series import SeriesKey
from tests.gan_tui.recorded import BEGAN, Recording
from tests.runs import make_run

KEYS = (
    SeriesKey("loss", "G_A"),
    SeriesKey("lr", "G"),
    SeriesKey("weight", "cycle_a"),
    SeriesKey("pace", "throughput"),
    SeriesKey("health", "D_A"),
    SeriesKey("figure", "psnr"),
)


def rows(*parts: Part) -> list[dict[str, str]]:
    text = b"".join(table(parts, KEYS)).decode().splitlines()
    return list(csv.DictReader(text))


def write(run: RunDirectory, *events: ev.Event) -> None:
    run.metrics.write_bytes(b"".join(encode(event) + b"\n" for event in events if isinstance(event, ev.Metrics)))
    run.events.write_bytes(b"".join(encode(event) + b"\n" for event in events if not isinstance(event, ev.Metrics)))


def test_a_row_for_each_line_of_the_course_with_what_was_recorded(tmp_path: Path) -> None:
    run, told = make_run(tmp_path, name="zebra"), Recording()
    write(
        run,
        told.metrics(10, losses={"G_A": 0.1 + 0.2}, throughput=2.5, health={"D_A": 0.5}, figures={"psnr": 12.5}),
        told.metrics(20, losses={"G_A": None}),
        told.metrics(30, losses={"G_A": 99.0}),  # given up
        ev.Resumed(**told.when(20), from_step=20, checkpoint="c", from_seq=2),
        told.metrics(30, losses={"D_A": 1.0}),
    )
    first, second, third = rows(Part(run))
    assert list(first) == [
        "run", "step", "epoch", "time", "seconds", "losses/G_A", "lr/G", "weights/cycle_a", "throughput", "health/D_A",
        "figures/psnr",
    ]  # fmt: skip
    assert first["losses/G_A"] == "0.30000000000000004", "as exact as the record"
    assert (first["health/D_A"], second["health/D_A"]) == ("0.5", "")
    assert (first["figures/psnr"], second["figures/psnr"]) == ("12.5", "")
    assert (first["run"], first["step"], first["lr/G"], first["throughput"]) == ("zebra", "10", "0.0002", "2.5")
    assert float(first["time"]) > BEGAN
    assert (first["seconds"], second["losses/G_A"], third["losses/G_A"]) == ("0.0", "nan", "")
    assert [row["step"] for row in rows(Part(run, 15, 25))] == ["20"]


def test_a_branch_begins_with_its_ancestors_lines_and_another_run_follows(tmp_path: Path) -> None:
    told = Recording()
    parent = make_run(tmp_path, name="parent")
    write(parent, *(told.metrics(step) for step in (10, 20, 30)))
    identity = read_identity(parent)
    branch = make_run(tmp_path, name="branch", parent=Parent(run=str(parent.root), step=20, id=identity.id, seq=2))
    own = Recording()
    write(branch, ev.Resumed(**own.when(20), from_step=20, checkpoint="c"), own.metrics(30), own.metrics(40))
    steps = [(row["run"], row["step"]) for row in rows(Part(branch), Part(parent, 25))]
    assert steps == [
        ("branch", "10"), ("branch", "20"), ("branch", "30"), ("branch", "40"), ("parent", "30")
    ]  # fmt: skip
