"""A run's numbers are the same with its images kept and without; where they are kept is in its journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RequestError
from engine.protocol import events as ev
from engine.protocol.commands import Stop
from tests.engine.train.here import after_step, differences, last_state, train_here
from tests.runs import course_of, events_of, make_images, make_run


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_is_the_same_bit_for_bit_wherever_its_images_are_kept(tmp_path: Path, workers: int) -> None:
    root = make_images(tmp_path / "data", each=4)
    settings = ("run.batch=3", "run.steps=5", f"data.workers={workers}")
    without = make_run(tmp_path, *settings, "data.cache=off", root=root, name="off")
    train_here(without)
    for where in ("host", "device"):
        run = make_run(tmp_path, *settings, f"data.cache={where}", root=root, name=where)
        train_here(run, script=after_step(3, Stop()))
        train_here(run)
        assert course_of(run) == course_of(without)
        assert differences(last_state(run), last_state(without)) == []


def test_the_journal_tells_where_they_are_kept_or_why_they_are_not(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", each=4)
    told = {}
    for name, settings in {"kept": (), "large": ("data.resize=400", "data.cache_limit=1")}.items():
        run = make_run(tmp_path, *settings, "run.steps=1", root=root, name=name)
        train_here(run)
        (told[name],) = [phase.detail for phase in events_of(run, ev.Phase) if phase.name == "keeping images"]
    assert told["kept"].startswith("8 images, 1 MiB, kept in the host's memory; the limit, a quarter of what is free")
    assert told["large"].startswith("8 images, decoded whenever they are seen: they would take more than 1 MiB")


def test_a_run_that_asks_for_more_than_its_limit_is_refused(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", each=4)
    run = make_run(tmp_path, "data.resize=400", "data.cache=host", "data.cache_limit=1", "run.steps=1", root=root)
    with pytest.raises(RequestError, match=r"data\.cache = host"):
        train_here(run)
