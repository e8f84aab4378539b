"""Means over a log interval and over an epoch, and what a checkpoint keeps of them."""

from __future__ import annotations

import math

import pytest
import torch

from engine.train.meters import Meters, recordable

CPU = torch.device("cpu")


def add(meters: Meters, g: float, d: float) -> None:
    meters.add({"D": torch.tensor(d), "G": torch.tensor(g)})


def test_means_over_the_interval_and_over_the_epoch_are_apart() -> None:
    meters = Meters(("G", "D"), CPU)
    add(meters, 1, 10)
    add(meters, 2, 30)
    assert meters.drain() == {"G": 1.5, "D": 20.0}
    add(meters, 6, 50)
    assert meters.drain() == {"G": 6.0, "D": 50.0}
    assert meters.drain_epoch(("G",)) == 3.0
    add(meters, 8, 0)
    assert meters.drain_epoch(("G", "D")) == 8.0
    assert meters.drain() == {"G": 8.0, "D": 0.0}


def test_nothing_measured_is_nought() -> None:
    assert Meters(("G",), CPU).drain() == {"G": 0.0}


def test_small_differences_survive_many_steps() -> None:
    meters = Meters(("G", "D"), CPU)
    for _ in range(10_000):
        add(meters, 0.1, 1e-7)
    drained = meters.drain()
    assert drained["G"] == pytest.approx(0.1, rel=1e-6)
    assert drained["D"] == pytest.approx(1e-7, rel=1e-6)


def test_a_state_taken_up_gives_the_same_means() -> None:
    first, second = Meters(("G", "D"), CPU), Meters(("G", "D"), CPU)
    add(first, 1, 2)
    first.drain()
    add(first, 5, 6)
    add(second, 100, 100)
    second.load_state_dict(first.state_dict())
    for meters in (first, second):
        add(meters, 7, 9)
    assert first.drain() == second.drain() == {"G": 6.0, "D": 7.5}
    assert first.drain_epoch(("G", "D")) == second.drain_epoch(("G", "D"))


def test_what_is_not_finite_is_recorded_as_none() -> None:
    losses = {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 1 / 3}
    assert recordable(losses) == {"a": None, "b": None, "c": None, "d": 0.33333333}
