"""Images that vanish or are damaged under a run at work, and a folder that goes away whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Stop
from tests.engine.train.here import after_step, train_here
from tests.runs import Engine, engine_of, events_of, make_images, make_run, metrics_of

SETTINGS = ("data.workers=1", "data.cache=off", "run.steps=100000")


def go_on(engine: Engine, steps: int) -> None:
    engine.until_step(metrics_of(engine.run)[-1].step + steps)


def test_one_image_is_an_alert_and_another_takes_its_place(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", each=4)
    run = make_run(tmp_path, *SETTINGS, root=root)
    vanished, damaged = root / "trainA" / "2.png", root / "trainB" / "1.png"
    with engine_of(run) as engine:
        engine.until_step(1)
        vanished.unlink()
        engine.until_event(ev.Alert)
        damaged.write_bytes(damaged.read_bytes()[:100])
        engine.until_event(ev.Alert, 2)
        go_on(engine, 20)
        alerts = events_of(run, ev.Alert)
    assert [alert.subject for alert in alerts] == [str(vanished), str(damaged)], "told of once"
    for alert in alerts:
        assert "cannot be used" in alert.fact
        assert "Another image took its place" in alert.fix


@pytest.mark.parametrize("workers", [0, 1])
def test_a_folder_that_goes_away_ends_the_run_with_a_checkpoint_from_which_it_goes_on(
    tmp_path: Path, workers: int
) -> None:
    root = make_images(tmp_path / "data", each=4)
    run = make_run(tmp_path, *SETTINGS, f"data.workers={workers}", root=root)
    away = tmp_path / "unmounted"
    with engine_of(run) as engine:
        engine.until_step(2)
        shutil.move(root, away)
        assert engine.ended() == 1
    [failure] = events_of(run, ev.Failed)
    assert "none of its 4 images can be used" in failure.reason
    last = metrics_of(run)[-1].step
    [(_, manifest)] = list_checkpoints(run)
    assert (manifest.step, manifest.reason) == (last, "failure")
    shutil.move(away, root)
    train_here(run, script=after_step(last + 3, Stop()))
    assert events_of(run, ev.Resumed)[0].from_step == last
    assert [line.step for line in metrics_of(run)][: last + 3] == list(range(1, last + 4)), "no step is lost"


def test_a_run_resumed_on_other_images_says_so(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", each=4)
    run = make_run(tmp_path, *SETTINGS, root=root)
    train_here(run, script=after_step(3, Stop()))
    (root / "trainB" / "1.png").unlink()
    train_here(run, script=after_step(4, Stop()))
    [alert] = events_of(run, ev.Alert)
    assert alert.subject == "the training images"
    assert "added, removed or renamed" in alert.fact
