"""Every loss component of every method: a few small steps down its own gradient lower it.

Values by hand, in each method's own tests, say what a component is; these say that it is what its player goes down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, assert_never

import msgspec
import pytest
import torch

from engine.config.controls import controls_of
from engine.config.data import SyntheticDigits
from engine.config.losses import AeGanLoss, CycleGanLoss, DiscoGanLoss, DtnLoss, Pix2PixLoss
from engine.config.methods import CONFIGS as METHODS
from engine.config.methods import (
    AeGanConfig,
    CycleGanConfig,
    DiscoGanConfig,
    DtnConfig,
    DtnMethod,
    Pix2PixConfig,
    TrainConfig,
)
from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    EncoderDecoderGenerator,
    ImageDiscriminator,
    PatchDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.config.schema import DtnOptim, OptimConfig, PoolingOptim, RunConfig
from engine.config.weighing import weighed_by
from engine.methods.aegan import AeGan
from engine.methods.cyclegan import CycleGan
from engine.methods.discogan import DiscoGan
from engine.methods.dtn import Dtn
from engine.methods.method import Method, set_learning_rate
from engine.methods.pix2pix import Pix2Pix
from tests.engine.methods.stepping import CPU, batch

RATE = 1e-5
STEPS = 4
"""Enough for both players of DiscoGAN to have had their turn."""
HEAVY = 1e6
"""For a term that cannot be learnt alone, so that the others count for nothing."""

TECHNIQUES: dict[str, Any] = {"feature_matching": 1.0, "tv": 1.0, "historical": 1.0}
OPTIM: dict[str, Any] = {"beta1": 0.0, "schedule": "constant"}
"""Without momentum, which would carry on what was learnt before."""
PATCH = PatchDiscriminator(width=4, layers=1, init_gain=0.2)
CYCLEGAN = CycleGanConfig(
    generator=ResnetGenerator(width=2, blocks=1, init_gain=0.2),
    discriminator=PATCH,
    loss=CycleGanLoss(**TECHNIQUES),
    optim=PoolingOptim(pool=0, **OPTIM),
)
PIX2PIX = Pix2PixConfig(
    generator=UnetGenerator(width=2, downs=5, init_gain=0.2),
    discriminator=PATCH,
    loss=Pix2PixLoss(l2=1.0, **TECHNIQUES),
    optim=PoolingOptim(pool=0, **OPTIM),
)
DISCOGAN = DiscoGanConfig(
    generator=EncoderDecoderGenerator(width=4, downs=3),
    discriminator=ImageDiscriminator(width=4, downs=3, norm="instance"),
    loss=DiscoGanLoss(**TECHNIQUES),
    optim=OptimConfig(**OPTIM),
    run=RunConfig(batch=2),
)
AEGAN = AeGanConfig(
    data=SyntheticDigits(),
    generator=AutoencoderGenerator(width=4, downs=1, blocks=1, init_gain=0.2, variational=True),
    discriminator=PATCH,
    loss=AeGanLoss(class_a=1.0, class_b=1.0, **TECHNIQUES),
    optim=PoolingOptim(pool=0, **OPTIM),
    run=RunConfig(batch=2),
)
DTN = DtnConfig(
    method=DtnMethod(f_width=2, f_steps=0),
    generator=DecoderGenerator(width=2),
    discriminator=ImageDiscriminator(width=4, downs=3),
    loss=DtnLoss(tv=1.0),
    optim=DtnOptim(**OPTIM),
    run=RunConfig(batch=2),
)


@dataclass(frozen=True)
class Alone:
    """A run in which one kind of component is learnt, of both domains where there are two."""

    config: TrainConfig
    optimizer: str
    components: tuple[str, ...]
    weights: dict[str, float] = field(default_factory=dict)
    """Those of [loss] that are not 0, by key."""
    after: int = 0
    """Steps at the preset's rates before it."""
    jointly: bool = False
    """Whether the components are of the same networks, so that one may rise while their sum falls."""

    def __str__(self) -> str:
        return f"{self.config.method.__struct_config__.tag}-{'-'.join(self.components)}"


def critic(config: TrainConfig) -> TrainConfig:
    """The same system with Wasserstein's loss."""
    return msgspec.structs.replace(config, loss=msgspec.structs.replace(config.loss, gan="wgan-gp"))


def of_generators(config: TrainConfig, weight: str, *components: str, jointly: bool = False, **besides: float) -> Alone:
    return Alone(config, "G", components, {weight: 1.0} | besides, jointly=jointly)


RUNS = [
    of_generators(CYCLEGAN, "adversarial", "G_A", "G_B"),
    of_generators(CYCLEGAN, "cycle_a", "cycle_A"),
    of_generators(CYCLEGAN, "cycle_b", "cycle_B"),
    of_generators(CYCLEGAN, "identity", "idt_A", "idt_B", cycle_a=1 / HEAVY, cycle_b=1 / HEAVY, identity=HEAVY),
    of_generators(PIX2PIX, "adversarial", "G_GAN"),
    of_generators(PIX2PIX, "l1", "G_L1"),
    of_generators(PIX2PIX, "l2", "G_L2"),
    of_generators(DISCOGAN, "adversarial", "G_A", "G_B"),
    of_generators(DISCOGAN, "rate", "recon_A", "recon_B", jointly=True),
    of_generators(AEGAN, "adversarial", "adver_A", "adver_B"),
    of_generators(AEGAN, "recon_a", "recon_A"),
    of_generators(AEGAN, "recon_b", "recon_B"),
    of_generators(AEGAN, "cycle_a", "cycle_A"),
    of_generators(AEGAN, "cycle_b", "cycle_B"),
    of_generators(AEGAN, "kl", "kl_A", "kl_B"),
    of_generators(AEGAN, "kl_cycle", "kl_cycle_A", "kl_cycle_B", jointly=True),
    of_generators(AEGAN, "class_a", "class_A"),
    of_generators(AEGAN, "class_b", "class_B"),
    of_generators(DTN, "adversarial", "G_GAN"),
    of_generators(DTN, "const", "const"),
    of_generators(DTN, "tid", "tid"),
    of_generators(DTN, "tv", "tv"),
    *(of_generators(config, "feature_matching", "fm_A", "fm_B") for config in (CYCLEGAN, DISCOGAN, AEGAN)),
    *(of_generators(config, "tv", "tv_A", "tv_B") for config in (CYCLEGAN, DISCOGAN, AEGAN)),
    of_generators(PIX2PIX, "feature_matching", "fm"),
    of_generators(PIX2PIX, "tv", "tv"),
    *(Alone(config, "D", ("D_A", "D_B")) for config in (CYCLEGAN, DISCOGAN, AEGAN)),
    Alone(PIX2PIX, "D", ("D_real", "D_fake"), jointly=True),
    Alone(DTN, "D", ("D_s", "D_t", "D_real"), {"adversarial": 1.0}, jointly=True),
    *(
        Alone(critic(config), "D", components, {"gradient_penalty": HEAVY})
        for config, components in (
            (CYCLEGAN, ("gp_A", "gp_B")),
            (PIX2PIX, ("gp",)),
            (DISCOGAN, ("gp_A", "gp_B")),
            (AEGAN, ("gp_A", "gp_B")),
        )
    ),
    *(
        Alone(config, player, (f"hist_{player}",), {"historical": HEAVY}, after=3)
        for config in (CYCLEGAN, PIX2PIX, DISCOGAN, AEGAN)
        for player in ("G", "D")
    ),
    Alone(AEGAN, "C", ("C_A", "C_B")),
    Alone(msgspec.structs.replace(DTN, method=DtnMethod(f_width=2, f_steps=STEPS)), "f", ("f",)),
]


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_small_steps_down_its_own_gradient_lower_a_component(run: Alone) -> None:
    """Below what it is after as many steps that move nothing: the mean of past weights, say, moves on by itself."""
    stepped, rested = last_losses(run, RATE), last_losses(run, 0.0)
    if run.jointly:
        assert sum(stepped[name] for name in run.components) < sum(rested[name] for name in run.components)
    else:
        assert all(stepped[name] < rested[name] for name in run.components)


def last_losses(run: Alone, rate: float) -> dict[str, float]:
    """What is reported after a few steps on one batch with the same noise, in which the run's player alone moves."""
    torch.manual_seed(0)
    method = made(run.config)
    for step in range(run.after):
        method.step(batch(step, side=32))
    learn_alone(method, run, rate)
    losses = {}
    for _ in range(STEPS):
        torch.manual_seed(0)
        losses = method.step(batch(side=32))
    return {name: loss.item() for name, loss in losses.items()}


def made(config: TrainConfig) -> Method:
    """In float64, so that a small step shows."""
    match config:
        case CycleGanConfig():
            return CycleGan(config, CPU, 0, torch.float64)
        case Pix2PixConfig():
            return Pix2Pix(config, CPU, 0, torch.float64)
        case DiscoGanConfig():
            return DiscoGan(config, CPU, 0, torch.float64)
        case AeGanConfig():
            return AeGan(config, CPU, 0, torch.float64)
        case DtnConfig():
            return Dtn(config, CPU, 0, torch.float64)
        case _:
            assert_never(config)


def learn_alone(method: Method, run: Alone, rate: float) -> None:
    """Leave every other player at rest, and every weight at 0 but the run's."""
    for name, optimizer in method.optimizers.items():
        set_learning_rate(optimizer, rate if name == run.optimizer else 0.0)
    for control in controls_of(run.config):
        section, _, key = control.name.partition(".")
        if section == "loss" and key != "switch":
            method.set_control(control.name, run.weights.get(key, 0.0))


ONE_OF_EACH = [CYCLEGAN, PIX2PIX, DISCOGAN, AEGAN, DTN]
assert {type(config) for config in ONE_OF_EACH} == set(METHODS.values()), "a method is missing here"


@pytest.mark.parametrize("config", ONE_OF_EACH, ids=lambda config: type(config).__name__)
def test_no_component_is_left_out(config: TrainConfig) -> None:
    runs = [run for run in RUNS if type(run.config) is type(config)]
    there = {name for run in runs for name in made(run.config).components}
    assert {name for run in runs for name in run.components} == there - {"f_error"}


CONFIGS = [
    *ONE_OF_EACH,
    *(critic(config) for config in (CYCLEGAN, PIX2PIX, DISCOGAN, AEGAN)),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: type(config).__name__)
def test_what_is_announced_of_weights_is_what_they_do(config: TrainConfig) -> None:
    """Twice a weight makes exactly the components announced for it twice as large, and no other."""
    announced = weighed_by(config)
    before = first_losses(config)
    for control in controls_of(config):
        if not control.name.startswith("loss.") or control.name in NO_FACTORS:
            continue
        after = first_losses(config, control.name, 2 * (control.default or 1.0))
        reference = before if control.default else first_losses(config, control.name, 1.0)
        moved = {name for name, loss in after.items() if loss != pytest.approx(reference[name], rel=1e-9)}
        doubled = {name for name in moved if after[name] == pytest.approx(2 * reference[name], rel=1e-9)}
        expected = {name for name, controls in announced.items() if control.name in controls and reference.get(name)}
        assert moved == doubled == expected, control.name


NO_FACTORS = {"loss.rate", "loss.rate_after", "loss.switch", "loss.label_smoothing"}
"""What shapes losses otherwise."""


def first_losses(config: TrainConfig, control: str = "", value: float = 0.0) -> dict[str, float]:
    """Of a step in which nobody learns, with the same noise each time, after three that left a past."""
    torch.manual_seed(0)
    method = made(config)
    for step in range(3):
        method.step(batch(step, side=32))
    for optimizer in method.optimizers.values():
        set_learning_rate(optimizer, 0.0)
    if control:
        method.set_control(control, value)
    torch.manual_seed(0)
    return {name: loss.item() for name, loss in method.step(batch(side=32)).items()}
