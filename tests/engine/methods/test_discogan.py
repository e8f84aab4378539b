"""DiscoGAN as a method of the engine: whose turn it is, the rate that switches, controls, samples and resuming."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest
import torch
from torch import Tensor

from engine.config.losses import DiscoGanLoss
from engine.config.methods import DiscoGanConfig, DiscoGanMethod
from engine.config.networks import EncoderDecoderGenerator, ImageDiscriminator, Norm
from engine.config.schema import OptimConfig, RunConfig
from engine.errors import RequestError
from engine.losses import total_variation
from engine.methods.build import build_method
from engine.methods.discogan import DiscoGan
from tests.engine.methods.by_hand import check_historical, check_losses, logits_of, made_of, matched, penalty
from tests.engine.methods.stepping import (
    CPU,
    alike,
    batch,
    changed,
    check_weight,
    gradient,
    has_gradients,
    largest,
    networks_of,
    parameters,
    resumed,
    same,
    step_alike,
    step_with,
    weights,
)

SIDE = 16
GENERATORS, DISCRIMINATORS = ("G_A", "G_B"), ("D_A", "D_B")


def preset(
    norm: Norm = "batch", *, d_every: int = 3, optim: dict[str, Any] | None = None, accumulate: int = 1, **loss: Any
) -> DiscoGanConfig:
    return DiscoGanConfig(
        method=DiscoGanMethod(d_every=d_every),
        generator=EncoderDecoderGenerator(width=4, downs=2, norm=norm),
        discriminator=ImageDiscriminator(width=4, downs=2, norm=norm),
        loss=DiscoGanLoss(**loss),
        optim=OptimConfig(weight_decay=1e-5, **(optim or {})),
        run=RunConfig(batch=4, accumulate=accumulate),
    )


def made(config: DiscoGanConfig | None = None, seed: int = 0) -> DiscoGan:
    return DiscoGan(config or preset(), CPU, seed, torch.float64)


STILL = {"lr_g": 0.0, "lr_d": 0.0}
"""Rates at which no weight moves, so that steps can be compared."""


# -------------------------------------------------------------------------------------------------------- turns


@pytest.mark.parametrize(("d_every", "turns"), [(3, "DGGDGGD"), (2, "DGDGDGD")])
def test_discriminators_have_one_step_of_every_few_and_generators_the_others(d_every: int, turns: str) -> None:
    method = made(preset(d_every=d_every))
    seen = ""
    for step in range(len(turns)):
        before_G, before_D = parameters(method, GENERATORS), parameters(method, DISCRIMINATORS)
        method.step(batch(step))
        moved = {
            "G": changed(before_G, parameters(method, GENERATORS)),
            "D": changed(before_D, parameters(method, DISCRIMINATORS)),
        }
        seen += "".join(player for player, has_moved in moved.items() if has_moved)
    assert seen == turns


def test_turns_that_would_never_be_the_generators_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="d_every"):
        msgspec.convert({"d_every": 1}, DiscoGanMethod)


def test_a_step_of_one_player_gives_the_other_no_gradient() -> None:
    method = made(preset(historical=1.0))
    method.step(batch())
    assert has_gradients(method, DISCRIMINATORS)
    assert not has_gradients(method, GENERATORS)
    method.optimizers["D"].zero_grad()
    method.step(batch())
    assert has_gradients(method, GENERATORS)
    assert not has_gradients(method, DISCRIMINATORS)
    assert all(p.requires_grad for name in (*GENERATORS, *DISCRIMINATORS) for p in method.networks[name].parameters())


def test_both_players_losses_are_reported_in_every_step_and_do_not_depend_on_whose_it_is() -> None:
    method = made(preset(optim=STILL, rate=0.5))
    of_discriminators, of_generators = method.step(batch()), method.step(batch())
    assert tuple(of_discriminators) == tuple(of_generators) == method.components
    assert same(of_discriminators, of_generators)
    assert all(loss.shape == () and not loss.requires_grad and loss.isfinite() for loss in of_generators.values())


@pytest.mark.parametrize("control", ["loss.adversarial", "loss.feature_matching"])
def test_discriminators_do_not_learn_what_generators_are_to(control: str) -> None:
    without, with_it = (step_with(made, control, weight, optimizer="D") for weight in (0.0, 1.0))
    assert without.losses != with_it.losses
    assert same(without.gradient, with_it.gradient)


def test_generators_do_not_learn_what_discriminators_are_to() -> None:
    """With no weight on any term of their own they learn nothing."""
    method = made(preset(adversarial=0.0, feature_matching=0.0, rate=0.0))
    method.step(batch())
    losses = method.step(batch())
    assert losses["D_A"] > 0
    assert largest(gradient(method, "G")) == 0


def test_discriminators_are_shown_real_and_generated_images_apart_and_each_once() -> None:
    """A pass of both would let batch normalisation mix them; a second one would average its statistics twice."""
    method = made()
    seen: list[Tensor] = []
    method.networks["D_A"].register_forward_hook(lambda _, args, __: seen.append(args[0]))
    for step in range(2):
        seen.clear()
        method.step(batch(step))
        assert len(seen) == 2
        assert torch.equal(seen[0], (batch(step).real_B + 1) / 2)
        assert seen[1].min() >= 0


# ------------------------------------------------------------------------------------------------- the objective


def test_every_component_is_what_the_implementation_has() -> None:
    """The adversarial terms and feature matching with 1 - r, reconstruction by L2 with r; D is halved."""
    weights: dict[str, Any] = {"adversarial": 2.0, "feature_matching": 3.0, "rate": 0.2, "tv": 4.0}
    method, images = made(preset(gan="lsgan", optim=STILL, **weights)), batch()
    losses = method.step(images)
    x_A, x_B, D_A, D_B = (images.real_A + 1) / 2, (images.real_B + 1) / 2, method.D_A, method.D_B
    fake_B, fake_A = made_of(method.G_A, x_A), made_of(method.G_B, x_B)
    by_hand = {
        "G_A": 0.8 * 2 * (logits_of(D_A, fake_B) - 1).square().mean(),
        "G_B": 0.8 * 2 * (logits_of(D_B, fake_A) - 1).square().mean(),
        "fm_A": 0.8 * 3 * matched(D_A, fake_B, x_B),
        "fm_B": 0.8 * 3 * matched(D_B, fake_A, x_A),
        "recon_A": 0.2 * (made_of(method.G_B, fake_B) - x_A).square().mean(),
        "recon_B": 0.2 * (made_of(method.G_A, fake_A) - x_B).square().mean(),
        "tv_A": 4 * total_variation(fake_B),
        "tv_B": 4 * total_variation(fake_A),
        "D_A": ((logits_of(D_A, x_B) - 1).square().mean() + logits_of(D_A, fake_B).square().mean()) / 2,
        "D_B": ((logits_of(D_B, x_A) - 1).square().mean() + logits_of(D_B, fake_A).square().mean()) / 2,
    }
    check_losses(losses, by_hand)


def test_penalties_of_the_critics_are_halved_like_their_losses() -> None:
    """D_B's points, of images of A, are drawn before D_A's."""
    critics: dict[str, Any] = {"gan": "wgan-gp", "gradient_penalty": 3.0, "feature_matching": 0.0}
    method, images = made(preset("instance", optim=STILL, **critics)), batch()
    torch.manual_seed(4)
    losses = method.step(images)
    x_A, x_B = (images.real_A + 1) / 2, (images.real_B + 1) / 2
    torch.manual_seed(4)
    by_hand = {
        "gp_B": 3 * penalty(method.D_B, x_A, made_of(method.G_B, x_B)) / 2,
        "gp_A": 3 * penalty(method.D_A, x_B, made_of(method.G_A, x_A)) / 2,
    }
    check_losses({name: losses[name] for name in by_hand}, by_hand)


def test_each_player_is_drawn_to_the_mean_of_what_its_networks_have_been() -> None:
    check_historical(made(preset(historical=0.5)), 0.5, {"hist_G": GENERATORS, "hist_D": DISCRIMINATORS})


@pytest.mark.parametrize(
    ("control", "components"),
    [
        ("loss.adversarial", {"G_A", "G_B"}),
        ("loss.feature_matching", {"fm_A", "fm_B"}),
        ("loss.tv", {"tv_A", "tv_B"}),
    ],
)
def test_a_weight_reaches_its_terms_and_no_others(control: str, components: set[str]) -> None:
    check_weight(partial(made, preset(tv=1.0)), control, components, optimizer="G", teaches=GENERATORS, after=1)


@pytest.mark.parametrize(("optimizer", "networks", "after"), [("G", GENERATORS, 2), ("D", DISCRIMINATORS, 3)])
def test_the_historical_term_of_a_player_reaches_that_player(
    optimizer: str, networks: tuple[str, ...], after: int
) -> None:
    """At a step before which both have moved."""
    make = partial(made, preset(historical=1.0))
    check_weight(make, "loss.historical", {"hist_G", "hist_D"}, optimizer=optimizer, teaches=networks, after=after)


def test_a_players_past_grows_with_its_own_steps() -> None:
    method = made(preset(historical=1.0))
    counts = []
    for step in range(4):
        method.step(batch(step))
        state = method.state_dict()
        counts.append((int(state["hist_D.count"]), int(state["hist_G.count"])))
    assert counts == [(2, 1), (2, 2), (2, 3), (3, 3)]


def test_the_gradient_penalty_reaches_the_discriminators() -> None:
    config = preset("instance", gan="wgan-gp", feature_matching=0.0)
    check_weight(
        partial(made, config), "loss.gradient_penalty", {"gp_A", "gp_B"}, optimizer="D", teaches=DISCRIMINATORS, after=3
    )


def test_smoothed_labels_change_what_discriminators_learn_and_not_what_generators_do() -> None:
    plain, smooth = (
        step_with(partial(made, preset(label_smoothing=0.5)), "loss.label_smoothing", by, optimizer="D")
        for by in (0.0, 0.1)
    )
    different = {name for name in plain.losses if plain.losses[name] != smooth.losses[name]}
    assert different == {"D_A", "D_B"}
    assert not same(plain.gradient, smooth.gradient)


def test_terms_without_weight_are_no_part_of_the_run() -> None:
    assert made(preset(feature_matching=0.0)).components == ("G_A", "G_B", "recon_A", "recon_B", "D_A", "D_B")
    with pytest.raises(RequestError, match="feature_matching"):
        made(preset(feature_matching=0.0)).set_control("loss.feature_matching", 1.0)


def test_accumulated_parts_make_the_same_step() -> None:
    loss: dict[str, Any] = {"feature_matching": 0.0, "tv": 0.1, "historical": 0.1}
    whole, parts = made(preset("group", **loss)), made(preset("group", accumulate=2, **loss))
    for step in range(4):
        player = "D" if step % 3 == 0 else "G"
        ours, theirs = whole.step(batch(step, 4)), parts.step(batch(step, 4))
        assert {name: loss.item() for name, loss in ours.items()} == pytest.approx(
            {name: loss.item() for name, loss in theirs.items()}, rel=1e-6
        )
        assert alike(gradient(whole, player), gradient(parts, player), rtol=1e-4)


# ------------------------------------------------------------------------------------------------------ the rate


def recon(method: DiscoGan) -> float:
    return method.step(batch())["recon_A"].item()


def test_the_rate_switches_at_its_step() -> None:
    method = made(preset(optim=STILL, rate=0.25, rate_after=0.75, switch=2))
    first, second, third, fourth = (recon(method) for _ in range(4))
    assert first == second > 0
    assert third == fourth == pytest.approx(3 * first)


def test_the_rate_shares_out_the_objective() -> None:
    little, much = (step_with(made, "loss.rate", rate, optimizer="G", after=1) for rate in (0.25, 0.75))
    for name in ("recon_A", "recon_B"):
        assert much.losses[name] == pytest.approx(3 * little.losses[name])
    for name in ("G_A", "G_B", "fm_A", "fm_B"):
        assert much.losses[name] == pytest.approx(little.losses[name] / 3)
    assert not same(little.gradient, much.gradient)


def test_reconstruction_alone_is_learnt_at_a_rate_of_one() -> None:
    torch.manual_seed(0)
    method = made(preset(rate=1.0))
    method.step(batch())
    losses = method.step(batch())
    assert losses["G_A"] == losses["fm_A"] == 0
    assert largest(gradient(method, "G")) > 0


def test_a_nudge_of_the_switch_or_of_a_rate_takes_effect_at_the_next_step() -> None:
    method = made(preset(optim=STILL, rate=0.25, rate_after=0.75, switch=100))
    before = recon(method)
    method.set_control("loss.switch", 1.0)
    assert recon(method) == pytest.approx(3 * before)
    method.set_control("loss.rate_after", 0.5)
    assert recon(method) == pytest.approx(2 * before)
    method.set_control("loss.switch", 100.0)
    method.set_control("loss.rate", 1.0)
    assert recon(method) == pytest.approx(4 * before)


# ------------------------------------------------------------------------------------------------ looking at it


def test_samples_show_both_translations_and_reconstructions_as_images() -> None:
    method = made()
    A, B = method.sample(batch(size=5))
    assert list(A) == ["real_A", "fake_B", "rec_A"]
    assert list(B) == ["real_B", "fake_A", "rec_B"]
    assert all(picture.shape == (5, 3, SIDE, SIDE) for row in (A, B) for picture in row.values())
    assert A["fake_B"].min() < 0 < A["fake_B"].max() <= 1


def test_networks_see_and_make_images_of_unit_range_and_users_do_not() -> None:
    method = made()
    seen: list[tuple[Tensor, Tensor]] = []
    method.networks["G_A"].register_forward_hook(lambda _, args, out: seen.append((args[0], out)))
    shown = method.translate(batch().real_A, "AtoB")
    [(given, out)] = seen
    assert torch.equal(given, (batch().real_A + 1) / 2)
    assert torch.equal(shown, out * 2 - 1)


def test_looking_changes_nothing() -> None:
    first, second = made(), made()
    first.sample(batch(7))
    first.translate(batch(7).real_A, "BtoA")
    assert step_alike(first, second, range(4))


def test_each_direction_has_its_generator() -> None:
    method = made()
    A, B = method.sample(batch())
    assert torch.allclose(method.translate(batch().real_A, "AtoB"), A["fake_B"])
    assert torch.allclose(method.translate(batch().real_B, "BtoA"), B["fake_A"])


def test_samples_are_of_the_moving_average() -> None:
    method, bare = made(preset(optim={"ema": 0.9})), made()
    first = {name: parameters(method, [f"{name}_ema"]) for name in GENERATORS}
    for step in range(4):
        method.step(batch(step))
    assert all(changed(first[name], parameters(method, [f"{name}_ema"])) for name in GENERATORS)
    for name in GENERATORS:
        bare.networks[name].load_state_dict(method.networks[f"{name}_ema"].state_dict())
    [shown, _], [average, _] = method.sample(batch()), bare.sample(batch())
    assert same(shown, average)
    for name in GENERATORS:
        bare.networks[name].load_state_dict(method.networks[name].state_dict())
    assert not same(shown, bare.sample(batch())[0])


def test_images_of_a_size_that_the_generator_cannot_take_are_refused() -> None:
    with pytest.raises(RequestError, match="18x18"):
        made().translate(torch.zeros(1, 3, 18, 18, dtype=torch.float64), "AtoB")


# ---------------------------------------------------------------------------------------------------- resuming


@pytest.mark.parametrize("steps_before", [2, 3])
def test_a_resumed_run_goes_on_bit_for_bit(steps_before: int) -> None:
    config = preset(optim={"ema": 0.9}, historical=0.1, switch=4)
    method = made(config)
    for step in range(steps_before):
        method.step(batch(step))
    fresh = resumed(method, made(config, seed=99))
    assert step_alike(method, fresh, range(steps_before, steps_before + 6))


def test_a_resumed_run_that_forgot_its_steps_would_differ() -> None:
    """The test above can fail: with other turns and another rate the two part."""
    method = made()
    for step in range(2):
        method.step(batch(step))
    fresh = resumed(method, made())
    fresh.load_state_dict(made().state_dict())
    assert not step_alike(method, fresh, range(2, 4))


def test_saved_state_is_a_copy() -> None:
    method = made(preset(historical=0.1))
    method.step(batch())
    saved = method.state_dict()
    before = {key: value.clone() for key, value in saved.items()}
    for step in range(3):
        method.step(batch(step))
    assert same(saved, before)


def test_each_optimizer_has_its_players_weights() -> None:
    method = made(preset(optim={"ema": 0.9}))
    assert networks_of(method.optimizers["G"], method.networks) == set(GENERATORS)
    assert networks_of(method.optimizers["D"], method.networks) == set(DISCRIMINATORS)


def test_a_preset_builds_it_and_its_seed_decides_its_weights() -> None:
    first, again = build_method(preset(), CPU), build_method(preset(), CPU)
    assert isinstance(first, DiscoGan)
    assert same(weights(first), weights(again))
    assert not same(weights(made(seed=1)), weights(made(seed=2)))


def test_bf16_computes_its_losses_in_the_runs_own_precision() -> None:
    config = DiscoGanConfig(
        generator=EncoderDecoderGenerator(width=4, downs=2),
        discriminator=ImageDiscriminator(width=4, downs=2),
        run=RunConfig(batch=2, precision="bf16"),
    )
    method = DiscoGan(config, CPU, 0)
    images = batch()
    for _ in range(2):
        losses = method.step(type(images)(real_A=images.real_A.float(), real_B=images.real_B.float()))
        assert all(loss.dtype is torch.float32 and loss.isfinite() for loss in losses.values())


def test_a_step_never_reads_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """On CUDA each of these would wait for everything queued before it."""

    def forbidden(*_: object) -> None:
        raise AssertionError("a value was copied to the host")

    method = made(preset(optim={"ema": 0.9}, historical=0.1, tv=0.1))
    for name in ("item", "__bool__", "__float__", "__int__", "tolist", "cpu", "numpy"):
        monkeypatch.setattr(Tensor, name, forbidden)
    for step in range(4):
        method.step(batch(step))
    method.set_control("loss.rate", 0.5)
