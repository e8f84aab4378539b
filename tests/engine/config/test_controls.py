"""Controls are read off the preset's types: which there are, their bounds, and their explanations."""

from __future__ import annotations

import math

import pytest

from engine.config.controls import Control, controls_of
from engine.config.documentation import field_docs
from engine.config.load import resolve
from engine.config.methods import CONFIGS, MethodConfig
from engine.config.schema import Section
from engine.config.techniques import idle_settings
from engine.errors import RequestError


def sections_below(section: type[Section]) -> set[type[Section]]:
    """A section and all that are made from it, the presets' roots left out."""
    return {section}.union(*map(sections_below, section.__subclasses__())) - {MethodConfig, *CONFIGS.values()}


SECTIONS = sorted(
    (kind for kind in sections_below(Section) if kind.__module__.startswith("engine.config.")),
    key=lambda kind: kind.__name__,
)
CONTROLS = {control.name: control for control in controls_of(resolve({"loss": {"cycle_a": 7.5}}, "x"))}


def test_every_weight_both_rates_and_the_cadences_are_controls() -> None:
    assert set(CONTROLS) == {
        "loss.adversarial", "loss.cycle_a", "loss.cycle_b", "loss.identity",
        "optim.lr_g", "optim.lr_d",
        "log.every", "sample.every", "sample.count", "checkpoint.every", "checkpoint.keep",
    }  # fmt: skip


def test_a_control_says_all_that_a_viewer_needs() -> None:
    assert CONTROLS["loss.cycle_a"] == Control(
        name="loss.cycle_a", default=7.5, minimum=0, maximum=10_000, scale="linear", integer=False, unit="",
        doc="Weight of |G_B(G_A(A)) - A| (lambda_A).",
    )  # fmt: skip
    assert (CONTROLS["optim.lr_g"].scale, CONTROLS["optim.lr_g"].maximum) == ("log", 1)
    assert (CONTROLS["log.every"].integer, CONTROLS["log.every"].unit) == (True, "steps")
    for control in CONTROLS.values():
        assert control.doc
        assert control.minimum <= control.default <= control.maximum


@pytest.mark.parametrize(
    ("name", "value", "fact"),
    [
        ("loss.cycle_a", -0.1, "out of range"),
        ("loss.cycle_a", 10_001, "out of range"),
        ("loss.cycle_a", math.nan, "not a finite number"),
        ("loss.cycle_a", math.inf, "not a finite number"),
        ("loss.cycle_a", -math.inf, "not a finite number"),
        ("log.every", 0, "out of range"),
        ("log.every", 2.5, "not a whole number"),
        ("log.every", math.nan, "not a finite number"),
        ("sample.count", 65, "out of range"),
    ],
)
def test_what_does_not_suit_a_control_is_refused(name: str, value: float, fact: str) -> None:
    with pytest.raises(RequestError) as caught:
        CONTROLS[name].check(value)
    assert caught.value.subject == name
    assert fact in caught.value.fact
    assert CONTROLS[name].range_text() in caught.value.fix


@pytest.mark.parametrize("control", CONTROLS.values(), ids=str)
def test_bounds_and_default_suit_a_control(control: Control) -> None:
    for value in (control.minimum, control.default, control.maximum):
        assert control.check(value) == value
        assert isinstance(control.check(int(value)), float)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_explained(section: type[Section]) -> None:
    docs = field_docs(section)
    for name in section.__struct_fields__:
        assert docs.get(name, "").endswith("."), f"{section.__name__}.{name} has no docstring"
        assert "\n" not in docs[name]


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_method_has_a_control_for_each_weight_and_rate_that_does_something(kind: str) -> None:
    config = resolve({"method": {"kind": kind}}, "x")
    names = [control.name for control in controls_of(config)]
    assert len(set(names)) == len(names)
    assert {"optim.lr_g", "optim.lr_d", "sample.every", "checkpoint.every"} <= set(names)
    weights = {f"loss.{name}" for name in config.loss.__struct_fields__ if name != "gan"}
    assert weights - set(idle_settings(config)) == {name for name in names if name.startswith("loss.")}
