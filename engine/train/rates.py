"""Learning rates: the base rate that a control sets, times the schedule's factor."""

from __future__ import annotations

from collections.abc import Mapping

from engine.methods.method import Method, set_learning_rate
from engine.schedules import Schedule


def effective_rates(method: Method, schedule: Schedule, controls: Mapping[str, float]) -> dict[str, float]:
    """Each optimizer's learning rate, from the controls' values and the schedule's place."""
    return {name: controls[base] * schedule.factor for name, base in method.base_rates.items()}


def set_rates(method: Method, rates: Mapping[str, float]) -> None:
    """Give each optimizer its rate, from the next step on."""
    for name, rate in rates.items():
        set_learning_rate(method.optimizers[name], rate)
