"""A suggested nudge is of controls that the run has, changes something, and stays within bounds."""

from __future__ import annotations

import pytest

from engine.config.controls import controls_of
from engine.config.methods import CONFIGS, CycleGanConfig, DiscoGanConfig, DtnConfig, Pix2PixConfig, TrainConfig
from engine.config.sentinels import CollapseSentinel
from engine.sentinels.finding import Finding, Remedy
from engine.sentinels.pictures import judge_collapse
from engine.sentinels.suggestion import suggest
from engine.sentinels.vitals import Vitals

HALVED = Remedy(controls=("optim.lr_d",), factor=0.5)
DOUBLED = Remedy(controls=("loss.identity",), factor=2, start=0.5)


def suggested(config: TrainConfig, *remedies: Remedy, idle: tuple[str, ...] = (), **values: float) -> dict[str, float]:
    controls = controls_of(config)
    in_force = {control.name: control.default for control in controls}
    return suggest(remedies, controls, {**in_force, **{k.replace("__", "."): v for k, v in values.items()}}, idle)


def test_it_goes_by_the_value_in_force() -> None:
    assert suggested(CycleGanConfig(), HALVED) == {"optim.lr_d": 1e-4}
    assert suggested(CycleGanConfig(), HALVED, optim__lr_d=3e-5) == {"optim.lr_d": 1.5e-5}
    assert suggested(CycleGanConfig(), DOUBLED, loss__identity=0.0) == {"loss.identity": 0.5}


def test_what_a_run_does_not_have_or_what_would_change_nothing_is_passed_over() -> None:
    assert suggested(Pix2PixConfig(), DOUBLED, HALVED) == {"optim.lr_d": 1e-4}
    assert suggested(CycleGanConfig(), HALVED, DOUBLED, idle=("optim.lr_d",)) == {"loss.identity": 1.0}
    assert suggested(CycleGanConfig(), DOUBLED, HALVED, loss__identity=10_000.0) == {"optim.lr_d": 1e-4}
    assert suggested(CycleGanConfig(), HALVED, optim__lr_d=0.0) == {}


def test_it_stays_within_bounds() -> None:
    assert suggested(CycleGanConfig(), DOUBLED, loss__identity=7_000.0) == {"loss.identity": 10_000.0}


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        (CycleGanConfig(), {"loss.cycle_a": 20.0}),
        (Pix2PixConfig(), {"loss.l1": 200.0}),
        (DtnConfig(), {"loss.const": 30.0}),
        (DiscoGanConfig(), {"loss.rate": 0.02}),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, dict) else "",
)
def test_against_collapse_each_method_has_a_remedy_of_its_own(config: TrainConfig, wanted: dict[str, float]) -> None:
    finding = judge_collapse(CollapseSentinel(), Vitals(step=1, losses={}, health={"diversity_fake_B": 0.05}))
    assert isinstance(finding, Finding)
    assert suggested(config, *finding.remedies) == wanted


def test_every_method_has_a_remedy_against_collapse() -> None:
    finding = judge_collapse(CollapseSentinel(), Vitals(step=1, losses={}, health={"diversity_fake_B": 0.05}))
    assert isinstance(finding, Finding)
    assert all(suggested(config(), *finding.remedies) for config in CONFIGS.values())
