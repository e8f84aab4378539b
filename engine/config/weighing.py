"""Which loss weights multiply a loss component as it is recorded: who compares lines can take them out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from engine.config.controls import controls_of
from engine.config.methods import (
    AeGanConfig,
    CycleGanConfig,
    DiscoGanConfig,
    DtnConfig,
    Pix2PixConfig,
    TrainConfig,
)

_TECHNIQUES = {
    "fm": ("feature_matching",), "fm_A": ("feature_matching",), "fm_B": ("feature_matching",),
    "tv": ("tv",), "tv_A": ("tv",), "tv_B": ("tv",),
    "gp": ("gradient_penalty",), "gp_A": ("gradient_penalty",), "gp_B": ("gradient_penalty",),
    "hist_G": ("historical",), "hist_D": ("historical",),
}  # fmt: skip
_CYCLEGAN = {
    "G_A": ("adversarial",), "G_B": ("adversarial",),
    "cycle_A": ("cycle_a",), "cycle_B": ("cycle_b",),
    "idt_A": ("cycle_b", "identity"), "idt_B": ("cycle_a", "identity"),
}  # fmt: skip
_PIX2PIX = {"G_GAN": ("adversarial",), "G_L1": ("l1",), "G_L2": ("l2",)}
_DISCOGAN = {"G_A": ("adversarial",), "G_B": ("adversarial",)}
_DTN = {"G_GAN": ("adversarial",), "const": ("const",), "tid": ("tid",)}
_AEGAN = {
    "adver_A": ("adversarial",), "adver_B": ("adversarial",),
    "recon_A": ("recon_a",), "recon_B": ("recon_b",), "cycle_A": ("cycle_a",), "cycle_B": ("cycle_b",),
    "class_A": ("class_a",), "class_B": ("class_b",),
    "kl_A": ("kl",), "kl_B": ("kl",), "kl_cycle_A": ("kl_cycle",), "kl_cycle_B": ("kl_cycle",),
}  # fmt: skip


def weighed_by(config: TrainConfig) -> dict[str, tuple[str, ...]]:
    """Each loss component to the controls whose product it is multiplied by, such as "idt_A" to loss.cycle_b and
    loss.identity. What shapes a loss otherwise, such as DiscoGAN's rates, is not among them."""
    own: Mapping[str, tuple[str, ...]]
    match config:
        case CycleGanConfig():
            own = _CYCLEGAN
        case Pix2PixConfig():
            own = _PIX2PIX
        case DiscoGanConfig():
            own = _DISCOGAN
        case DtnConfig():
            own = _DTN
        case AeGanConfig():
            own = _AEGAN
        case _:
            assert_never(config)
    there = {control.name for control in controls_of(config)}
    found = {
        component: tuple(f"loss.{weight}" for weight in weights)
        for component, weights in {**_TECHNIQUES, **own}.items()
    }
    return {component: controls for component, controls in found.items() if there.issuperset(controls)}
