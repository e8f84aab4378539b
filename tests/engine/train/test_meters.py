"""Means over a log interval and over an epoch, and what a checkpoint keeps of them."""

from __future__ import annotations

import math

import pytest
import torch

from engine.train.meters import Meters, recordable
from engine.transfers import sender_from

CPU = torch.device("cpu")
TO_HOST = sender_from(CPU)


def add(meters: Meters, g: float, d: float) -> None:
    meters.add({"D": torch.tensor(d), "G": torch.tensor(g)})


def drain(meters: Meters) -> dict[str, float]:
    return meters.drain(TO_HOST).means()


def test_means_over_the_interval_and_over_the_epoch_are_apart() -> None:
    meters = Meters(("G", "D"), CPU)
    add(meters, 1, 10)
    add(meters, 2, 30)
    assert drain(meters) == {"G": 1.5, "D": 20.0}
    add(meters, 6, 50)
    assert drain(meters) == {"G": 6.0, "D": 50.0}
    assert meters.drain_epoch(TO_HOST, ("G",)) == 3.0
    add(meters, 8, 0)
    assert meters.drain_epoch(TO_HOST, ("G", "D")) == 8.0
    assert drain(meters) == {"G": 8.0, "D": 0.0}


def test_nothing_measured_has_no_means() -> None:
    meters = Meters(("G",), CPU)
    assert not meters.pending
    assert drain(meters) == {}
    assert meters.drain_epoch(TO_HOST, ("G",)) is None


def test_a_mean_is_over_the_steps_that_computed_its_component() -> None:
    """As in an interval and an epoch in which what is trained before the objective comes to its end."""
    meters = Meters(("f", "G", "D"), CPU)
    meters.add({"f": torch.tensor(4.0)})
    meters.add({"f": torch.tensor(6.0)})
    add(meters, 0, 10)
    add(meters, 1, 30)
    assert meters.pending
    assert drain(meters) == {"f": 5.0, "G": 0.5, "D": 20.0}
    assert not meters.pending
    add(meters, 5, 20)
    assert drain(meters) == {"G": 5.0, "D": 20.0}, "what is not computed any more is not 0, it is absent"
    assert meters.drain_epoch(TO_HOST, ("G", "D")) == 22.0
    assert meters.drain_epoch(TO_HOST, ("G", "D")) is None


def test_an_epoch_in_which_a_part_of_the_objective_was_not_computed_has_none() -> None:
    meters = Meters(("f", "G", "D"), CPU)
    meters.add({"f": torch.tensor(4.0), "G": torch.tensor(1.0)})
    assert meters.drain_epoch(TO_HOST, ("G", "D")) is None


def test_absent_is_not_infinite() -> None:
    meters = Meters(("f", "G"), CPU)
    meters.add({"f": torch.tensor(math.nan)})
    assert recordable(drain(meters)) == {"f": None}
    meters.add({"G": torch.tensor(1.0)})
    assert recordable(drain(meters)) == {"G": 1.0}


def test_losses_in_double_precision_are_taken_too() -> None:
    meters = Meters(("f", "G"), CPU)
    meters.add({"G": torch.tensor(0.1, dtype=torch.float64)})
    assert drain(meters) == {"G": 0.1}


def test_small_differences_survive_many_steps() -> None:
    meters = Meters(("G", "D"), CPU)
    for _ in range(10_000):
        add(meters, 0.1, 1e-7)
    drained = drain(meters)
    assert drained["G"] == pytest.approx(0.1, rel=1e-6)
    assert drained["D"] == pytest.approx(1e-7, rel=1e-6)


def test_a_state_taken_up_gives_the_same_means() -> None:
    first, second = Meters(("G", "D"), CPU), Meters(("G", "D"), CPU)
    add(first, 1, 2)
    drain(first)
    add(first, 5, 6)
    add(second, 100, 100)
    second.load_state_dict(first.state_dict())
    for meters in (first, second):
        add(meters, 7, 9)
    assert drain(first) == drain(second) == {"G": 6.0, "D": 7.5}
    assert first.drain_epoch(TO_HOST, ("G", "D")) == second.drain_epoch(TO_HOST, ("G", "D"))


def test_a_state_keeps_how_many_steps_computed_each_component() -> None:
    first, second = Meters(("f", "G"), CPU), Meters(("f", "G"), CPU)
    first.add({"f": torch.tensor(3.0)})
    first.add({"f": torch.tensor(5.0)})
    first.add({"G": torch.tensor(1.0)})
    state = first.state_dict()
    first.add({"G": torch.tensor(100.0)})
    second.load_state_dict({**state, "interval": torch.tensor([8.0, 1.0]), "epoch": torch.tensor([8.0, 1.0])})
    second.add({"G": torch.tensor(2.0)})
    assert drain(second) == {"f": 4.0, "G": 1.5}
    assert second.drain_epoch(TO_HOST, ("G",)) == 1.5


def test_a_component_that_a_branch_adds_has_a_mean_over_its_own_steps() -> None:
    first, second = Meters(("G",), CPU), Meters(("tv", "G"), CPU)
    first.add({"G": torch.tensor(2.0)})
    second.load_state_dict(first.state_dict())
    second.add({"G": torch.tensor(4.0), "tv": torch.tensor(1.0)})
    assert drain(second) == {"tv": 1.0, "G": 3.0}


def test_a_state_of_before_steps_were_counted_one_by_one_is_taken_up() -> None:
    meters = Meters(("G", "D"), CPU)
    sums = torch.tensor([2.0, 6.0])
    meters.load_state_dict(
        {"components": ["G", "D"], "interval": sums, "interval_steps": 2, "epoch": sums, "epoch_steps": 2}
    )
    assert drain(meters) == {"G": 1.0, "D": 3.0}


def test_what_is_not_finite_is_recorded_as_none() -> None:
    losses = {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 1 / 3}
    assert recordable(losses) == {"a": None, "b": None, "c": None, "d": 0.33333333}
