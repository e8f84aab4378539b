"""Which of several presets fits: the first that does, none that is for a GPU alone, else the least."""

from __future__ import annotations

import pytest

from engine.config.load import dump
from engine.errors import RequestError
from engine.memory import estimate
from engine.protocol.jobs import Progress, Remark
from engine.protocol.room import Candidate, Room, RoomJob
from engine.room import SHARE, find_room
from tests.runs import tiny_config


def candidate(*settings: str, only_on_gpu: bool = False) -> Candidate:
    return Candidate(config=dump(tiny_config(*settings)), only_on_gpu=only_on_gpu)


def found(*candidates: Candidate) -> Room:
    return find_room(RoomJob(candidates=candidates, device="cpu"), lambda said: None)


def test_the_first_that_fits() -> None:
    said: list[Progress | Remark] = []
    job = RoomJob(candidates=(candidate(), candidate("run.batch=2")), device="cpu")
    room = find_room(job, said.append)
    assert (room.index, room.fits, room.device) == (0, True, "cpu")
    assert room.need == estimate(tiny_config()).peak
    assert said == [Progress(what="estimating memory", done=0, total=2)]


def test_what_is_for_a_gpu_alone_is_passed_over() -> None:
    assert found(candidate(only_on_gpu=True), candidate()).index == 1


def test_the_least_where_none_fits() -> None:
    huge = [candidate("generator.width=40000", f"generator.blocks={blocks}") for blocks in (3, 1, 2)]
    room = found(*huge)
    assert (room.index, room.fits) == (1, False)
    assert room.need > SHARE * room.free


def test_a_large_one_makes_way_for_a_small_one() -> None:
    assert found(candidate("generator.width=40000"), candidate()).index == 1


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(RequestError):
        find_room(RoomJob(candidates=(candidate(),), device="cuda:99"), lambda said: None)
