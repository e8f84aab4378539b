"""TensorBoard's event files, read back as TensorBoard reads them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from engine.event_files import EventFiles
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.rundir import RunDirectory
from engine.record import Record
from tests.engine.train.here import train_here
from tests.gan_tui.recorded import Recording
from tests.runs import engine_of, events_of, make_run, metrics_of
from tests.until import until


def read(run: RunDirectory) -> EventAccumulator:
    found = EventAccumulator(str(run.tensorboard), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    found.Reload()
    return found


def curve(found: EventAccumulator, tag: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in found.Scalars(tag)]


def texts(found: EventAccumulator, tag: str) -> list[tuple[int, str]]:
    points = found.Tensors(f"{tag}/text_summary")
    return [(point.step, make_ndarray(point.tensor_proto).item().decode()) for point in points]


def write(run: RunDirectory, *events: ev.Event) -> None:
    files = EventFiles(run)
    for event in events:
        files.take(event)
    files.close()
    assert files.trouble == ""


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path, name="zebra")


@pytest.fixture
def told() -> Recording:
    return Recording()


def test_what_is_recorded_is_what_tensorboard_shows(run: RunDirectory, told: Recording) -> None:
    run.samples.mkdir()
    pixels = np.arange(8 * 4 * 3, dtype=np.uint8).reshape(8, 4, 3)
    Image.fromarray(pixels).save(run.samples / "a.png")
    first = told.metrics(
        10, losses={"G_A": 0.5, "D_A": None}, throughput=2.5, health={"D_A real": 0.75}, figures={"psnr": 12.5}
    )
    write(
        run,
        first,
        told.nudge(10, "loss.cycle_a", 10.0, 5.0, "stripes"),
        ev.Alert(
            **told.when(11), subject="D", fact="<b>saturated</b>", fix="Lower it", suggestion={"optim.lr_d": 1e-4}
        ),
        ev.Note(**told.when(12), text="looks_good", by="you"),
        ev.Sampled(**told.when(12), path="samples/a.png", tile=4, rows=(("real_A",), ("fake_B",))),
        ev.Sampled(**told.when(13), path="samples/gone.png", tile=4, rows=(("real_A",),)),
    )
    found = read(run)
    assert curve(found, "losses/G_A") == [(10, 0.5)]
    assert found.Scalars("losses/G_A")[0].wall_time == pytest.approx(first.time)
    [(_, value)] = curve(found, "losses/D_A")
    assert math.isnan(value)
    assert [curve(found, tag)[0][1] for tag in ("weights/cycle_a", "pace/throughput", "pace/epoch")] == [10.0, 2.5, 1.0]
    [health] = [tag for tag in found.Tags()["scalars"] if tag.startswith("health/")]
    assert curve(found, health) == [(10, 0.75)]
    assert curve(found, "figures/psnr") == [(10, 12.5)]
    assert curve(found, "lr/G")[0][1] == pytest.approx(2e-4)
    assert texts(found, "nudges") == [(10, "    loss.cycle_a 10 → 5 (you): stripes")]
    assert texts(found, "alerts") == [(11, "    D: <b>saturated</b>. Lower it. Suggested: optim.lr_d 0.0001")]
    assert texts(found, "notes") == [(12, "    looks_good (you)")]
    assert "[generator]" in texts(found, "preset")[0][1]
    [image] = found.Images("samples")
    assert (image.step, image.width, image.height) == (12, 4, 8)


def test_a_resume_goes_on_where_it_was_taken_up_also_after_a_torn_end(run: RunDirectory, told: Recording) -> None:
    write(run, *(told.metrics(step, losses={"G_A": 1.0}) for step in (10, 20, 30, 40)))
    [file] = run.tensorboard.iterdir()
    file.write_bytes(file.read_bytes()[:-7])
    write(
        run,
        ev.Resumed(**told.when(20), from_step=20, checkpoint="c", from_seq=2),
        *(told.metrics(step, losses={"G_A": 2.0}) for step in (30, 40, 50)),
    )
    assert curve(read(run), "losses/G_A") == [(10, 1.0), (20, 1.0), (30, 2.0), (40, 2.0), (50, 2.0)]
    assert len(texts(read(run), "preset")) == 1


def test_a_folder_that_cannot_be_written_is_told_and_ends_nothing(run: RunDirectory, told: Recording) -> None:
    run.tensorboard.touch()
    files = EventFiles(run)
    files.take(told.metrics(10))
    until(lambda: files.trouble, "its trouble")
    assert files.trouble.startswith("are written no more (")
    files.take(told.metrics(20))
    files.close()


def test_a_record_hands_on_what_it_has_written(run: RunDirectory) -> None:
    class Heard(list[ev.Event]):
        trouble = ""
        take = list.append

    with Record(run) as record:
        record.witness = heard = Heard()
        note = ev.Note(**record.stamp(3), text="hello", by="you")
        record.write(note)
    assert heard == [note]


def test_an_engine_that_is_killed_and_resumed_leaves_one_curve(tmp_path: Path) -> None:
    settings = ("checkpoint.every=40", "sample.every=60")
    run = make_run(tmp_path, *settings, "log.tensorboard=true", name="asked-for")
    with engine_of(run) as engine:
        engine.until_event(ev.Checkpointed)
        engine.until(lambda: any(run.tensorboard.glob("events*")), "an event file")
        engine.process.kill()
        engine.ended()
    with engine_of(run) as engine:
        engine.until_event(ev.Resumed)
        engine.until_event(ev.Checkpointed, 2)
        engine.ask(cmd.Stop(how="save"))
        assert engine.ended() == 0
    recorded = {line.step: line.losses["G_A"] for line in metrics_of(run)}
    found = read(run)
    shown = curve(found, "losses/G_A")
    steps = [step for step, _ in shown]
    assert steps == sorted(set(steps)), "it never goes back"
    [resumed] = events_of(run, ev.Resumed)
    assert set(steps) >= set(range(resumed.from_step + 1, max(recorded) + 1)), "all of what the second engine recorded"
    assert all(value == pytest.approx(recorded[step]) for step, value in shown)
    assert found.Images("samples")
    without = make_run(tmp_path, *settings, f"run.steps={resumed.from_step}", name="without")
    train_here(without)
    for line in metrics_of(without):
        assert line.losses["G_A"] == recorded[line.step], "the numbers are no others"
