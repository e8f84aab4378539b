"""CycleGAN as a method of the engine: who is trained by what, controls, samples, seeds and resuming."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from engine.batch import ImageBatch
from engine.config.controls import controls_of
from engine.config.losses import CycleGanLoss
from engine.config.methods import CycleGanConfig
from engine.config.networks import ImageDiscriminator, Norm, PatchDiscriminator, ResnetGenerator
from engine.config.schema import PoolingOptim, RunConfig
from engine.errors import RequestError
from engine.losses import total_variation
from engine.methods.build import build_method
from engine.methods.cyclegan import CycleGan
from engine.methods.method import set_learning_rate
from tests.engine.methods import stepping
from tests.engine.methods.by_hand import check_historical, check_losses, logits_of, made_of, matched, penalty
from tests.engine.methods.stepping import (
    CPU,
    alike,
    changed,
    check_weight,
    gradient,
    networks_of,
    parameters,
    resumed,
    same,
    step_alike,
    weights,
)

SIDE = 16
GENERATORS, DISCRIMINATORS = ("G_A", "G_B"), ("D_A", "D_B")


def preset(norm: Norm = "instance", *, dropout: bool = False, pool: int = 2, **loss: Any) -> CycleGanConfig:
    return CycleGanConfig(
        generator=ResnetGenerator(width=2, blocks=1, norm=norm, dropout=dropout),
        discriminator=PatchDiscriminator(width=2, layers=1, norm=norm),
        loss=CycleGanLoss(**loss),
        optim=PoolingOptim(pool=pool),
    )


def with_optim(config: CycleGanConfig, **optim: Any) -> CycleGanConfig:
    return msgspec.structs.replace(config, optim=msgspec.structs.replace(config.optim, **optim))


STILL = {"lr_g": 0.0, "lr_d": 0.0}
"""Rates at which no weight moves, so that losses can be worked out by hand."""


def made(config: CycleGanConfig | None = None, seed: int = 0) -> CycleGan:
    return CycleGan(config or preset(), CPU, seed, torch.float64)


def batch(seed: int = 0, size: int = 1) -> ImageBatch:
    draws = torch.Generator().manual_seed(seed)
    real_A, real_B = (torch.rand(size, 3, SIDE, SIDE, generator=draws, dtype=torch.float64) * 2 - 1 for _ in "AB")
    return ImageBatch(real_A=real_A, real_B=real_B)


def count_passes(method: CycleGan, network: str) -> Callable[[], int]:
    """How many images went through a network since the last time it was asked."""
    seen: list[int] = []
    method.networks[network].register_forward_hook(lambda _, args, __: seen.append(len(args[0])))

    def taken() -> int:
        total = sum(seen)
        seen.clear()
        return total

    return taken


# -------------------------------------------------------------------------------------------------------- a step


def test_a_step_returns_every_component_detached_and_without_shape() -> None:
    method = made()
    losses = method.step(batch())
    assert tuple(losses) == method.components
    assert all(loss.shape == () and not loss.requires_grad and loss.isfinite() for loss in losses.values())


def test_a_step_changes_every_network() -> None:
    method = made()
    before = weights(method)
    method.step(batch())
    after = weights(method)
    assert [key for key in before if key.endswith("weight") and torch.equal(before[key], after[key])] == []


def test_the_generators_step_leaves_no_gradient_in_the_discriminators() -> None:
    method = made()
    method._update_generators([batch()])
    assert all(parameter.grad is None for name in ("D_A", "D_B") for parameter in method.networks[name].parameters())
    assert all(parameter.requires_grad for name in ("D_A", "D_B") for parameter in method.networks[name].parameters())


@pytest.mark.parametrize("pool", [0, 2])
def test_the_discriminators_step_adds_no_gradient_to_the_generators(pool: int) -> None:
    method = made(preset(pool=pool))
    fakes_A, fakes_B, _ = method._update_generators([batch()])
    method.prepare(len(batch()))
    method.optimizers["G"].zero_grad()
    method._update_discriminators([batch()], fakes_A, fakes_B)
    assert all(parameter.grad is None for name in ("G_A", "G_B") for parameter in method.networks[name].parameters())


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_no_gradient_passes_from_a_discriminators_loss_to_the_fake_it_is_shown(norm: Norm) -> None:
    method = made(preset(norm))
    fake = batch(1).real_A.requires_grad_()
    judgement = method._judge_of_B.tell_apart(batch().real_B, fake)
    torch.autograd.backward(judgement.real + judgement.fake)
    assert fake.grad is None


def test_gradients_do_not_accumulate_over_steps() -> None:
    """At a rate of 0 the same batch gives the same gradients again."""
    method = made(preset(pool=0))
    for optimizer in method.optimizers.values():
        set_learning_rate(optimizer, 0)
    gradients = []
    for _ in range(2):
        method.step(batch())
        gradients.append(
            [
                parameter.grad.clone()
                for network in method.networks.values()
                for parameter in network.parameters()
                if parameter.grad is not None
            ]
        )
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second)


def test_an_error_in_a_step_leaves_the_discriminators_trainable() -> None:
    method = made()
    with pytest.raises(RuntimeError):
        method.step(ImageBatch(real_A=torch.zeros(1, 5, SIDE, SIDE), real_B=torch.zeros(1, 5, SIDE, SIDE)))
    assert all(parameter.requires_grad for parameter in method.networks["D_A"].parameters())


@pytest.mark.parametrize("size", [1, 3])
def test_passes_that_share_a_batch_change_nothing(size: int) -> None:
    """The reference's order, one pass after the other, gives the same images, losses and gradients."""
    method = made()
    together, one_by_one = method._translate_batch(batch(size=size)), method._translate_one_by_one(batch(size=size))
    for name in ("fake_B", "rec_A", "fake_A", "rec_B", "idt_A", "idt_B"):
        torch.testing.assert_close(getattr(together, name), getattr(one_by_one, name))


def test_batch_normalisation_never_sees_two_kinds_of_image_at_once() -> None:
    method = made(preset("batch"))
    sizes: list[int] = []
    for network in method.networks.values():
        network.register_forward_hook(lambda _, args, __: sizes.append(len(args[0])))
    method.step(batch(size=2))
    assert set(sizes) == {2}


def test_vanilla_loss_is_another_loss() -> None:
    lsgan, vanilla = made(preset()).step(batch()), made(preset(gan="vanilla")).step(batch())
    assert lsgan["G_A"] != vanilla["G_A"]
    assert lsgan["cycle_A"] == vanilla["cycle_A"]


def test_each_optimizer_starts_at_its_own_base_rate() -> None:
    config = msgspec.structs.replace(preset(), optim=PoolingOptim(lr_g=1e-3, lr_d=1e-4))
    method = made(config)
    rates = {name: optimizer.param_groups[0]["lr"] for name, optimizer in method.optimizers.items()}
    assert rates == {"G": 1e-3, "D": 1e-4}
    assert method.base_rates == {"G": "optim.lr_g", "D": "optim.lr_d"}


def test_a_rate_of_zero_stops_its_networks_only() -> None:
    method = made()
    set_learning_rate(method.optimizers["G"], 0)
    before = weights(method)
    method.step(batch())
    changed = {key.split("/")[0] for key, value in weights(method).items() if not torch.equal(value, before[key])}
    assert changed == {"D_A", "D_B"}


def test_bf16_computes_in_bf16_and_keeps_weights_and_losses_in_float32() -> None:
    exact = CycleGan(preset(), CPU, 0)
    method = CycleGan(msgspec.structs.replace(preset(), run=RunConfig(precision="bf16")), CPU, 0)
    seen: list[torch.dtype] = []
    method.networks["G_A"].register_forward_hook(lambda _, __, output: seen.append(output.dtype))
    floats = ImageBatch(real_A=batch().real_A.float(), real_B=batch().real_B.float())
    losses, wanted = method.step(floats), exact.step(floats)
    assert set(seen) == {torch.bfloat16}
    assert {loss.dtype for loss in losses.values()} == {torch.float32}
    assert {value.dtype for value in weights(method).values()} == {torch.float32}
    assert method.sample(floats)[0]["fake_B"].dtype == torch.float32
    assert losses != wanted
    for name, loss in losses.items():
        assert loss.item() == pytest.approx(wanted[name].item(), rel=0.05)


def test_tf32_is_refused_where_there_is_none() -> None:
    with pytest.raises(RequestError, match=r"run\.precision: tf32 needs a CUDA device"):
        build_method(msgspec.structs.replace(preset(), run=RunConfig(precision="tf32")), CPU)


# ------------------------------------------------------------------------------------------------------ controls


@pytest.mark.parametrize(
    ("control", "components"),
    [
        ("loss.adversarial", {"G_A", "G_B"}),
        ("loss.cycle_a", {"cycle_A", "idt_B"}),
        ("loss.cycle_b", {"cycle_B", "idt_A"}),
        ("loss.identity", {"idt_A", "idt_B"}),
    ],
)
def test_a_control_scales_its_components_by_exactly_its_ratio(control: str, components: set[str]) -> None:
    plain, nudged = made(), made()
    value = next(found.default for found in controls_of(preset()) if found.name == control)
    nudged.set_control(control, 4 * value)
    before, after = plain.step(batch()), nudged.step(batch())
    for name in plain.components:
        assert after[name] == before[name] * (4 if name in components else 1), name


def test_a_control_changes_the_gradient_and_not_only_the_report() -> None:
    plain, nudged = made(), made()
    nudged.set_control("loss.cycle_a", 0)
    plain.step(batch())
    nudged.step(batch())
    assert not same(weights(plain), weights(nudged))


def test_a_control_set_and_set_back_leaves_no_trace() -> None:
    plain, nudged = made(), made()
    nudged.set_control("loss.identity", 0)
    nudged.set_control("loss.identity", 0.5)
    for step in range(2):
        plain.step(batch(step))
        nudged.step(batch(step))
    assert same(weights(plain), weights(nudged))


def test_every_loss_control_that_the_preset_announces_is_taken() -> None:
    method = made()
    names = [control.name for control in controls_of(preset()) if control.name.startswith("loss.")]
    assert len(names) == 4
    for name in names:
        method.set_control(name, 1.0)


@pytest.mark.parametrize("name", ["loss.cycle_c", "optim.lr_g"])
def test_a_control_that_is_none_of_its_loss_weights_is_refused(name: str) -> None:
    with pytest.raises(
        RequestError, match=r"is not a loss weight of this cyclegan run\. There are loss\.adversarial, "
    ):
        made().set_control(name, 1.0)


def test_identity_at_zero_is_not_computed_until_it_is_nudged() -> None:
    method = made(preset(identity=0.0))
    passes = count_passes(method, "G_A")
    losses = method.step(batch())
    assert passes() == 2
    assert losses["idt_A"] == 0 and losses["idt_B"] == 0
    method.set_control("loss.identity", 0.5)
    losses = method.step(batch())
    assert passes() == 3
    assert losses["idt_A"] > 0 and losses["idt_B"] > 0
    method.set_control("loss.identity", 0.0)
    assert method.step(batch())["idt_A"] == 0
    assert passes() == 2


# -------------------------------------------------------------------------------------------- sampling, translating


def test_sample_rows() -> None:
    shown = batch(size=3)
    rows = made().sample(shown)
    assert [list(row) for row in rows] == [
        ["real_A", "fake_B", "rec_A", "idt_B"],
        ["real_B", "fake_A", "rec_B", "idt_A"],
    ]
    for row in rows:
        for picture in row.values():
            assert picture.shape == (3, 3, SIDE, SIDE)
            assert picture.abs().max() <= 1
            assert not picture.requires_grad
    assert rows[0]["real_A"] is shown.real_A
    assert [list(row) for row in made(preset(identity=0.0)).sample(shown)] == [
        ["real_A", "fake_B", "rec_A"],
        ["real_B", "fake_A", "rec_B"],
    ]


def test_samples_go_through_the_generators_that_their_names_say() -> None:
    method, shown = made(), batch()
    row_A, row_B = method.sample(shown)
    fake_B = method.translate(shown.real_A, "AtoB")
    assert torch.equal(row_A["fake_B"], fake_B)
    assert torch.equal(row_A["rec_A"], method.translate(fake_B, "BtoA"))
    assert torch.equal(row_A["idt_B"], method.translate(shown.real_A, "BtoA"))
    assert torch.equal(row_B["fake_A"], method.translate(shown.real_B, "BtoA"))
    assert not torch.equal(row_A["fake_B"], row_A["idt_B"])


def test_samples_do_not_depend_on_how_many_there_are() -> None:
    method, shown = made(), batch(size=3)
    alone = method.sample(ImageBatch(real_A=shown.real_A[1:2], real_B=shown.real_B[1:2]))
    assert torch.equal(method.sample(shown)[0]["fake_B"][1:2], alone[0]["fake_B"])


def test_many_samples_take_no_more_memory_than_a_step() -> None:
    method = made()
    sizes: list[int] = []
    method.networks["G_A"].register_forward_hook(lambda _, args, __: sizes.append(len(args[0])))
    method.sample(batch(size=5))
    assert set(sizes) == {1}


@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_training_goes_on_as_if_nothing_had_been_sampled_or_translated(norm: Norm) -> None:
    """With dropout, so that a random number drawn by a sample would show; with batch norm, for its statistics."""
    results = []
    for looks in (False, True):
        torch.manual_seed(3)
        random.seed(3)
        method = made(preset(norm, dropout=True))
        for step in range(3):
            method.step(batch(step, size=2))
            if looks:
                method.sample(batch(7))
                method.translate(batch(8).real_A, "AtoB")
        results.append(weights(method))
    assert same(*results)


def test_sampling_restores_each_modules_own_mode_even_after_an_error() -> None:
    method = made(preset("batch"))
    method.networks["D_B"].eval()
    modes = {name: network.training for name, network in method.networks.items()}
    method.sample(batch())
    assert {name: network.training for name, network in method.networks.items()} == modes
    with pytest.raises(RuntimeError):
        method.sample(ImageBatch(real_A=torch.zeros(1, 5, SIDE, SIDE), real_B=torch.zeros(1, 5, SIDE, SIDE)))
    assert {name: network.training for name, network in method.networks.items()} == modes
    assert torch.is_grad_enabled()


def test_a_size_that_the_generator_would_change_is_refused() -> None:
    with pytest.raises(RequestError, match=r"an image of 18x16 px.*multiples of 4"):
        made().translate(torch.zeros(1, 3, 16, 18, dtype=torch.float64), "AtoB")


# ---------------------------------------------------------------------------------------------- seeds and resuming


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = made(seed=5), made(seed=5)
    torch.rand(3)
    for step in range(6):
        losses = first.step(batch(step)), second.step(batch(step))
        assert same(*losses)
    assert same(weights(first), weights(second))


def test_another_seed_gives_other_weights() -> None:
    assert not same(weights(made(seed=5)), weights(made(seed=6)))


def test_the_two_generators_do_not_start_alike() -> None:
    method = made()
    assert not torch.equal(method.G_A.get_parameter("model.1.weight"), method.G_B.get_parameter("model.1.weight"))


def test_building_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    made()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_preset_builds_its_method_from_its_seed() -> None:
    method = build_method(msgspec.structs.replace(preset(), run=RunConfig(seed=9)), CPU)
    assert same(weights(method), weights(CycleGan(preset(), CPU, 9)))


@pytest.mark.parametrize("steps_before", [0, 1, 5])
def test_a_resumed_run_goes_on_bit_for_bit(steps_before: int) -> None:
    first = made()
    for step in range(steps_before):
        first.step(batch(step))
    second = resumed(first, made(seed=99))
    for step in range(steps_before, steps_before + 6):
        assert same(first.step(batch(step)), second.step(batch(step)))
    assert same(weights(first), weights(second))


def test_a_resumed_run_without_its_pool_would_differ() -> None:
    """The test above can fail: forgetting the pool's state shows."""
    first, second = made(), made()
    for step in range(5):
        first.step(batch(step))
        second.step(batch(step))
    second.load_state_dict(made().state_dict())
    losses = [(first.step(batch(step)), second.step(batch(step))) for step in range(5, 11)]
    assert not all(same(*pair) for pair in losses)


def test_saved_state_is_a_copy() -> None:
    method = made()
    method.step(batch())
    saved = method.state_dict()
    before = {key: value.clone() for key, value in saved.items()}
    for step in range(4):
        method.step(batch(step))
    assert same(saved, before)


def test_a_step_never_reads_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On CUDA each of these would wait for everything queued before it."""

    def forbidden(*_: object) -> None:
        raise AssertionError("a value was copied to the host")

    method = made()
    for name in ("item", "__bool__", "__float__", "__int__", "tolist", "cpu", "numpy"):
        monkeypatch.setattr(Tensor, name, forbidden)
    for step in range(4):
        method.step(batch(step))
    method.set_control("loss.cycle_a", 3.0)


# ------------------------------------------------------------------------------------------------- techniques


def test_techniques_without_weight_are_no_part_of_the_run() -> None:
    plain = made()
    assert plain.components == ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", "D_A", "D_B")
    with pytest.raises(RequestError, match=r"loss\.historical: is not a loss weight of this cyclegan run"):
        plain.set_control("loss.historical", 1.0)


def test_techniques_are_reported_under_their_names() -> None:
    method = made(preset(gan="wgan-gp", feature_matching=1.0, tv=1.0, historical=1.0))
    of_generators = ("fm_A", "fm_B", "tv_A", "tv_B", "hist_G")
    assert method.objective == ("G_A", "G_B", "cycle_A", "cycle_B", "idt_A", "idt_B", *of_generators)
    assert method.components == (*method.objective, "D_A", "D_B", "gp_A", "gp_B", "hist_D")
    losses = method.step(batch())
    assert tuple(losses) == method.components
    assert all(loss.shape == () and not loss.requires_grad and loss.isfinite() for loss in losses.values())


@pytest.mark.parametrize(
    ("control", "components", "player"),
    [
        ("loss.adversarial", {"G_A", "G_B"}, GENERATORS),
        ("loss.feature_matching", {"fm_A", "fm_B"}, GENERATORS),
        ("loss.tv", {"tv_A", "tv_B"}, GENERATORS),
        ("loss.gradient_penalty", {"gp_A", "gp_B"}, DISCRIMINATORS),
        ("loss.historical", {"hist_G", "hist_D"}, GENERATORS),
        ("loss.historical", {"hist_G", "hist_D"}, DISCRIMINATORS),
    ],
)
def test_a_weight_reaches_its_terms_and_its_player_alone(
    control: str, components: set[str], player: tuple[str, ...]
) -> None:
    """At a step before which every network has moved."""
    make = partial(made, preset(gan="wgan-gp", feature_matching=1.0, tv=1.0, historical=1.0))
    optimizer = "G" if player == GENERATORS else "D"
    check_weight(make, control, components, optimizer=optimizer, teaches=player, after=2)


def test_the_critics_of_wgan_gp_learn_to_judge_real_images_higher() -> None:
    """Their loss, half of D(fake) - D(real), falls below 0."""
    method = made(with_optim(preset(gan="wgan-gp", pool=0, gradient_penalty=0.1), lr_g=0.0, lr_d=1e-2))
    shown = batch(size=2)
    real, fake = logits_of(method.D_A, shown.real_B), logits_of(method.D_A, made_of(method.G_A, shown.real_A))
    losses = [method.step(shown) for _ in range(10)]
    torch.testing.assert_close(losses[0]["D_A"], (fake.mean() - real.mean()) / 2)
    for name in ("D_A", "D_B"):
        assert losses[-1][name] < min(losses[0][name].item() - 0.01, 0)
    judgement = logits_of(method.D_A, made_of(method.G_A, shown.real_A)).mean()
    torch.testing.assert_close(method.step(shown)["G_A"], -judgement)


def test_every_component_is_what_the_paper_says() -> None:
    """Equations 1 to 3 and section 5.2, with their weights, and the techniques; D is halved (appendix 7.1)."""
    weights: dict[str, Any] = {
        "adversarial": 2.0,
        "cycle_a": 3.0,
        "cycle_b": 4.0,
        "identity": 0.25,
        "feature_matching": 5.0,
        "tv": 6.0,
    }
    method, images = made(with_optim(preset(pool=0, **weights), **STILL)), batch(size=2)
    losses = method.step(images)
    x_A, x_B, D_A, D_B = images.real_A, images.real_B, method.D_A, method.D_B
    fake_B, fake_A = made_of(method.G_A, x_A), made_of(method.G_B, x_B)
    by_hand = {
        "G_A": 2 * (logits_of(D_A, fake_B) - 1).square().mean(),
        "G_B": 2 * (logits_of(D_B, fake_A) - 1).square().mean(),
        "cycle_A": 3 * (made_of(method.G_B, fake_B) - x_A).abs().mean(),
        "cycle_B": 4 * (made_of(method.G_A, fake_A) - x_B).abs().mean(),
        "idt_A": 4 * 0.25 * (made_of(method.G_A, x_B) - x_B).abs().mean(),
        "idt_B": 3 * 0.25 * (made_of(method.G_B, x_A) - x_A).abs().mean(),
        "fm_A": 5 * matched(D_A, fake_B, x_B),
        "fm_B": 5 * matched(D_B, fake_A, x_A),
        "tv_A": 6 * total_variation(fake_B),
        "tv_B": 6 * total_variation(fake_A),
        "D_A": ((logits_of(D_A, x_B) - 1).square().mean() + logits_of(D_A, fake_B).square().mean()) / 2,
        "D_B": ((logits_of(D_B, x_A) - 1).square().mean() + logits_of(D_B, fake_A).square().mean()) / 2,
    }
    check_losses(losses, by_hand)


def test_penalties_of_the_critics_are_halved_like_their_losses() -> None:
    """D_A's points are drawn before D_B's."""
    method, images = made(with_optim(preset(pool=0, gan="wgan-gp", gradient_penalty=3.0), **STILL)), batch(size=2)
    torch.manual_seed(4)
    losses = method.step(images)
    fake_B, fake_A = made_of(method.G_A, images.real_A), made_of(method.G_B, images.real_B)
    torch.manual_seed(4)
    by_hand = {
        "gp_A": 3 * penalty(method.D_A, images.real_B, fake_B) / 2,
        "gp_B": 3 * penalty(method.D_B, images.real_A, fake_A) / 2,
    }
    check_losses({name: losses[name] for name in by_hand}, by_hand)


def test_each_player_is_drawn_to_the_mean_of_what_its_networks_have_been() -> None:
    check_historical(made(preset(historical=0.5)), 0.5, {"hist_G": GENERATORS, "hist_D": DISCRIMINATORS})


def test_hinge_is_of_both_players() -> None:
    method, shown = made(with_optim(preset(gan="hinge", pool=0), **STILL)), batch(size=2)
    real, fake = logits_of(method.D_B, shown.real_A), logits_of(method.D_B, made_of(method.G_B, shown.real_B))
    losses = method.step(shown)
    by_hand = (1 - real).clamp(min=0).mean() + (1 + fake).clamp(min=0).mean()
    torch.testing.assert_close(losses["D_B"], by_hand / 2)
    torch.testing.assert_close(losses["G_B"], -fake.mean())


def test_smoothed_labels_are_the_discriminators_for_real_images_alone() -> None:
    method, shown = made(with_optim(preset(label_smoothing=0.2, pool=0), **STILL)), batch(size=2)
    real, fake = logits_of(method.D_A, shown.real_B), logits_of(method.D_A, made_of(method.G_A, shown.real_A))
    losses = method.step(shown)
    torch.testing.assert_close(losses["D_A"], ((real - 0.8).square().mean() + fake.square().mean()) / 2)
    torch.testing.assert_close(losses["G_A"], (fake - 1).square().mean())


def test_minibatch_discrimination_compares_images_of_a_kind() -> None:
    config = msgspec.structs.replace(
        preset(), discriminator=ImageDiscriminator(width=2, downs=3, norm="none", minibatch=3), run=RunConfig(batch=3)
    )
    method = made(config)
    shown = stepping.batch(size=3, side=32)
    sizes: list[int] = []
    method.D_A.register_forward_hook(lambda _, args, __: sizes.append(len(args[0])))
    kernels = {key: value for key, value in parameters(method, DISCRIMINATORS).items() if "similarity" in key}
    losses = method.step(shown)
    assert sizes == [3, 3, 3]
    assert len(kernels) == 4
    assert all(changed({key: value}, parameters(method, DISCRIMINATORS)) for key, value in kernels.items())
    blind = made(config)
    for name in DISCRIMINATORS:
        torch.nn.init.zeros_(blind.networks[name].get_parameter("conv4.of_similarity.weight"))
    without = blind.step(shown)
    assert {name for name in losses if losses[name] != without[name]} == {"G_A", "G_B", "D_A", "D_B"}


@pytest.mark.parametrize(
    "discriminator",
    [
        PatchDiscriminator(width=2, layers=1, count=2),
        PatchDiscriminator(width=2, layers=1, scales=2),
        PatchDiscriminator(width=2, layers=1, norm="none", spectral=True),
    ],
)
def test_every_discriminator_of_a_domain_is_trained(discriminator: PatchDiscriminator) -> None:
    method = made(msgspec.structs.replace(preset(gan="hinge", feature_matching=1.0), discriminator=discriminator))
    before = parameters(method, DISCRIMINATORS)
    losses = method.step(batch())
    assert all(loss.isfinite() for loss in losses.values())
    still = [key for key, value in before.items() if not changed({key: value}, parameters(method, DISCRIMINATORS))]
    # What instance normalisation removes, and the constant of a critic whose hinges are all at work, need not move.
    assert [key for key in still if key.endswith(("weight", "original"))] == []


def test_spectral_normalisation_bounds_what_is_trained() -> None:
    """Weights as they are used have a largest singular value of 1, however far training takes the ones beneath."""
    discriminator = PatchDiscriminator(width=2, layers=1, norm="none", spectral=True)
    config = with_optim(msgspec.structs.replace(preset(), discriminator=discriminator), lr_d=1e-2)
    method = made(config)
    for step in range(10):
        method.step(batch(step))
    convolutions = [module for module in method.D_A.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(convolutions) == 3
    for convolution in convolutions:
        assert torch.linalg.matrix_norm(convolution.weight.flatten(1), 2).item() == pytest.approx(1, rel=0.1)


def test_a_moving_average_follows_the_generators_and_does_not_touch_their_training() -> None:
    """After one step it keeps a tenth of the first weights, after two 2/11 of itself."""
    averaged, plain = made(with_optim(preset(), ema=0.9)), made()
    wanted = parameters(plain, GENERATORS)
    for step, keep in enumerate([1 / 10, 2 / 11]):
        averaged.step(batch(step))
        plain.step(batch(step))
        now = parameters(plain, GENERATORS)
        wanted = {key: keep * value + (1 - keep) * now[key] for key, value in wanted.items()}
    assert same(weights(plain), weights(averaged, plain.networks))
    for name in GENERATORS:
        for key, value in averaged.networks[f"{name}_ema"].named_parameters():
            torch.testing.assert_close(value, wanted[f"{name}/{key}"])
    assert set(averaged.averages) == {"G_A_ema", "G_B_ema"}
    assert networks_of(averaged.optimizers["G"], averaged.networks) == set(GENERATORS)


def test_samples_and_translations_show_the_moving_average() -> None:
    method, shown = made(with_optim(preset(), ema=0.9)), batch()
    for step in range(3):
        method.step(batch(step))
    row_A, row_B = method.sample(shown)
    for direction, name, row in (("AtoB", "G_A", row_A), ("BtoA", "G_B", row_B)):
        real, fake = list(row.values())[:2]
        assert not torch.equal(fake, made_of(method.networks[name], real))
        torch.testing.assert_close(fake, made_of(method.networks[f"{name}_ema"], real))
        assert torch.equal(fake, method.translate(real, "AtoB" if direction == "AtoB" else "BtoA"))


@pytest.mark.parametrize("norm", ["none", "group", "instance"])
@pytest.mark.parametrize("parts", [2, 3, 4])
def test_accumulated_parts_make_the_same_steps(norm: Norm, parts: int) -> None:
    """A batch of 4, in equal parts or not; the histories are asked once a step and in the same order."""
    config = preset(norm, pool=3, tv=0.1, historical=0.1)
    whole, apart = (
        made(msgspec.structs.replace(config, run=RunConfig(batch=4, accumulate=number))) for number in (1, parts)
    )
    for step in range(3):
        assert alike(whole.step(batch(step, 4)), apart.step(batch(step, 4)), rtol=1e-9)
        for player in ("G", "D"):
            assert alike(gradient(whole, player), gradient(apart, player), rtol=1e-6)
        # Adam magnifies rounding where a gradient is all but 0, before instance normalisation; its steps are of 2e-4.
        for name, values in weights(whole).items():
            torch.testing.assert_close(values, weights(apart)[name], rtol=0, atol=1e-6)
        ours, theirs = whole.state_dict(), apart.state_dict()
        assert torch.equal(ours["pool_rng"], theirs["pool_rng"])
        for domain in "AB":
            kept = f"pool_of_fake_{domain}.images"
            torch.testing.assert_close(ours[kept], theirs[kept], rtol=0, atol=1e-6)


def test_a_part_goes_through_the_networks_by_itself() -> None:
    method = made(msgspec.structs.replace(preset(), run=RunConfig(batch=4, accumulate=2)))
    sizes: dict[str, list[int]] = {"G_A": [], "D_A": []}
    for name, seen in sizes.items():
        method.networks[name].register_forward_hook(lambda _, args, __, seen=seen: seen.append(len(args[0])))
    method.step(batch(size=4))
    assert sizes == {"G_A": [4, 2] * 2, "D_A": [2, 2, 4, 4]}


@pytest.mark.parametrize(
    "discriminator",
    [
        PatchDiscriminator(width=2, layers=1, norm="none", spectral=True, count=2),
        PatchDiscriminator(width=2, layers=1, norm="group", scales=2),
    ],
)
def test_a_resumed_run_with_every_technique_goes_on_bit_for_bit(discriminator: PatchDiscriminator) -> None:
    techniques = preset(gan="wgan-gp", feature_matching=1.0, tv=1.0, historical=1.0)
    config = with_optim(msgspec.structs.replace(techniques, discriminator=discriminator), ema=0.9)
    first = made(config)
    for step in range(3):
        first.step(batch(step))
    second = resumed(first, made(config, seed=99))
    assert step_alike(first, second, range(3, 6), side=SIDE)
