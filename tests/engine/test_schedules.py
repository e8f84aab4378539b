"""The learning-rate schedules beyond the reference's tables: ends, plateaus, resuming."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import get_args

import pytest
import torch

from engine.config.rate_curves import curve_of
from engine.config.schema import OptimConfig, ScheduleKind
from engine.schedules import build_schedule

KINDS = get_args(ScheduleKind)


def factors(config: OptimConfig, objectives: Iterable[float]) -> list[float]:
    schedule = build_schedule(config)
    found = [schedule.factor]
    for objective in objectives:
        schedule.epoch_done(objective)
        found.append(schedule.factor)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_epoch_has_the_base_rate(kind: ScheduleKind) -> None:
    assert build_schedule(OptimConfig(schedule=kind)).factor == 1


def test_linear_reaches_zero_as_the_run_ends_and_never_passes_it() -> None:
    found = factors(OptimConfig(schedule="linear", epochs=2, decay_epochs=3), [0.0] * 7)
    assert found == pytest.approx([1, 1, 0.75, 0.5, 0.25, 0, 0, 0])


def test_linear_without_decay_holds_the_base_rate_to_the_end() -> None:
    assert factors(OptimConfig(schedule="linear", epochs=3, decay_epochs=0), [0.0] * 2) == [1, 1, 1]


def test_cosine_falls_throughout_its_epochs_and_stays_at_its_minimum() -> None:
    found = factors(OptimConfig(schedule="cosine", epochs=4, decay_epochs=2), [0.0] * 6)
    assert found[:5] == sorted(found[:5], reverse=True)
    assert found[4:] == [0, 0, 0]


def test_constant() -> None:
    assert factors(OptimConfig(schedule="constant"), [0.0] * 300) == [1] * 301


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "plateau"])
def test_the_curve_ahead_is_what_the_run_will_have(kind: ScheduleKind) -> None:
    config = OptimConfig(schedule=kind, epochs=4, decay_epochs=5, decay_every=3)
    curve = curve_of(config)
    assert curve is not None
    assert [curve(done) for done in range(10)] == factors(config, [0.0] * 9)


def test_a_plateau_cannot_be_known_ahead() -> None:
    assert curve_of(OptimConfig(schedule="plateau")) is None


OBJECTIVES = [
    [5.0] * 20,
    [10 * 0.98**epoch for epoch in range(20)],
    [10 * 0.995**epoch for epoch in range(20)],
    [3.0, 2.0, 2.5, 2.4, math.nan, 1.99, 1.985, 1.9, 2.0, 2.0, 2.0, 2.0, 2.0],
    [0.0] * 12,
]


@pytest.mark.parametrize("patience", [0, 2, 5])
@pytest.mark.parametrize("objectives", OBJECTIVES)
def test_plateau_decides_as_torch_does(objectives: list[float], patience: int) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.2, threshold=0.01, patience=patience, eps=0)
    expected = [1.0]
    for objective in objectives:
        theirs.step(objective)
        expected.append(optimizer.param_groups[0]["lr"])
    assert factors(OptimConfig(schedule="plateau", patience=patience), objectives) == pytest.approx(expected)


def test_plateau_takes_a_falling_negative_objective_for_progress_and_a_flat_one_for_none() -> None:
    config = OptimConfig(schedule="plateau", patience=1)
    assert factors(config, [-1.0, -2.0, -3.0, -4.0])[-1] == 1
    assert factors(config, [-1.0, -1.0, -1.0])[-1] == pytest.approx(0.2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("epochs_before", [0, 1, 4, 9])
def test_a_restored_schedule_goes_on_as_the_one_it_was_saved_from(kind: ScheduleKind, epochs_before: int) -> None:
    config = OptimConfig(schedule=kind, epochs=5, decay_epochs=8, decay_every=3, patience=1)
    objectives = [4.0, 3.9, 3.9, 3.95, 3.0, 3.1, 3.1, 3.1, 3.1, 3.1, 3.1, 3.1]
    expected = factors(config, objectives)
    first = build_schedule(config)
    for objective in objectives[:epochs_before]:
        first.epoch_done(objective)
    second = build_schedule(config)
    second.load_state_dict(json.loads(json.dumps(first.state_dict(), allow_nan=False)))
    found = [second.factor]
    for objective in objectives[epochs_before:]:
        second.epoch_done(objective)
        found.append(second.factor)
    assert found == expected[epochs_before:]
