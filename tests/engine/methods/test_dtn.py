"""DTN as a method of the engine: the stage of f, who learns from what, D's three classes, another run's f, resuming."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from engine.batch import ImageBatch
from engine.config.controls import controls_of
from engine.config.losses import DtnLoss
from engine.config.methods import DtnConfig, DtnMethod
from engine.config.networks import DecoderGenerator, ImageDiscriminator, Norm
from engine.config.schema import DtnOptim, RunConfig
from engine.config.techniques import check_techniques
from engine.errors import RequestError
from engine.losses import total_variation
from engine.methods.build import build_method
from engine.methods.dtn import Dtn
from engine.methods.method import Method, Stage
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Stop
from engine.protocol.rundir import RunDirectory
from engine.train.showing import take_sample
from tests.dtn_runs import make_dtn_run
from tests.engine.methods import stepping
from tests.engine.methods.stepping import (
    CPU,
    changed,
    has_gradients,
    networks_of,
    parameters,
    resumed,
    same,
    step_alike,
    step_with,
    weights,
)
from tests.engine.train.here import after_step, differences, last_state, session_of, train_here
from tests.runs import course_of, metrics_of

SIDE = 32
OBJECTIVE = ("G_GAN", "const", "tid")
OF_F = ("f", "f_error")
OF_D = ("D_s", "D_t", "D_real")


def preset(
    *, f_steps: int = 2, f_from: str = "", norm: Norm = "batch", optim: dict[str, Any] | None = None, **loss: Any
) -> DtnConfig:
    return DtnConfig(
        method=DtnMethod(f_width=2, f_steps=f_steps, f_from=f_from),
        generator=DecoderGenerator(width=2, norm=norm),
        discriminator=ImageDiscriminator(width=2, downs=3, norm=norm),
        loss=DtnLoss(**loss),
        optim=DtnOptim(**(optim or {})),
        run=RunConfig(batch=4),
    )


def made(config: DtnConfig | None = None, seed: int = 0) -> Dtn:
    return Dtn(config or preset(), CPU, seed, torch.float64)


def batch(seed: int = 0) -> ImageBatch:
    return stepping.batch(seed, size=4, side=SIDE)


def after_f(config: DtnConfig | None = None) -> Dtn:
    """A method whose f has just been trained."""
    method = made(config)
    while method.stage:
        method.step(batch(method._f_steps))
    return method


# -------------------------------------------------------------------------------------------------- the stage of f


def test_f_is_trained_for_exactly_its_steps_and_the_others_afterwards() -> None:
    method = made(preset(f_steps=2))
    for number in range(4):
        in_stage = number < 2
        assert method.stage == (Stage("training f", number, 2, "method.f_steps") if in_stage else None)
        before = {name: parameters(method, [name]) for name in method.networks}
        losses = method.step(batch(number))
        moved = {name for name, held in before.items() if changed(held, parameters(method, [name]))}
        assert moved == ({"f"} if in_stage else {"g", "D"})
        assert tuple(losses) == (OF_F if in_stage else (*OBJECTIVE, *OF_D)), "what is not computed is not 0"
        assert losses.keys() <= set(method.components)


def test_f_learns_the_sources_labels() -> None:
    method, shown = made(preset(f_steps=60, optim={"lr_f": 1e-2})), batch()
    errors = [method.step(shown) for _ in range(60)]
    assert errors[-1]["f"] < errors[0]["f"] / 4
    assert errors[0]["f_error"] > 0
    assert errors[-1]["f_error"] == 0


def test_the_share_of_wrong_ones_is_that_of_fs_own_answers() -> None:
    method, shown = made(preset(f_steps=5)), batch()
    for _ in range(3):
        method.step(shown)
    with torch.no_grad():
        wrong = (method.f(shown.real_A).argmax(1) != shown.label_A).double().mean()
    assert wrong > 0
    assert method.step(shown)["f_error"] == wrong


def test_f_is_a_fixed_function_after_its_stage() -> None:
    method = after_f()
    before = weights(method, ["f"])
    with torch.no_grad():
        seen = method.f.features(batch(9).real_A)
    for number in range(3):
        method.step(batch(number))
    method.sample(batch())
    assert same(before, weights(method, ["f"]))
    assert not has_gradients(method, ["f"])
    with torch.no_grad():
        assert torch.equal(seen, method.f.features(batch(9).real_A))


def test_the_rate_of_f_is_its_own() -> None:
    method = made(preset(optim={"lr_f": 0.0}))
    before = parameters(method, ["f"])
    method.step(batch())
    assert not changed(before, parameters(method, ["f"]))
    assert method.base_rates == {"f": "optim.lr_f", "G": "optim.lr_g", "D": "optim.lr_d"}
    assert method.optimizers["f"].param_groups[0]["lr"] == 0
    assert method.optimizers["G"].param_groups[0]["lr"] == 2e-4


def test_each_optimizer_has_the_weights_of_its_network() -> None:
    method = made()
    assert {name: networks_of(each, method.networks) for name, each in method.optimizers.items()} == {
        "f": {"f"}, "G": {"g"}, "D": {"D"},
    }  # fmt: skip


def test_a_run_that_does_not_train_f_has_neither_its_curves_nor_its_rate() -> None:
    config = preset(f_steps=0)
    method = made(config)
    before = parameters(method, ["f"])
    assert method.stage is None
    losses = method.step(batch())
    assert tuple(losses) == method.components == (*OBJECTIVE, *OF_D)
    assert not changed(before, parameters(method, ["f"]))
    assert set(method.optimizers) == set(method.base_rates) == {"G", "D"}
    assert "optim.lr_f" not in {control.name for control in controls_of(config)}


def test_a_rate_of_f_is_refused_where_none_is_trained() -> None:
    check_techniques(preset(optim={"lr_f": 1e-2}))
    with pytest.raises(RequestError, match=r"optim\.lr_f = 0\.01: is for the training of f"):
        check_techniques(preset(f_from="run", optim={"lr_f": 1e-2}))


# ------------------------------------------------------------------------------------------------ the objective


def test_a_step_returns_every_component_of_its_stage_detached_and_without_shape() -> None:
    for method, names in ((made(), OF_F), (after_f(preset(tv=0.1)), (*OBJECTIVE, "tv", *OF_D))):
        losses = method.step(batch())
        assert tuple(losses) == names
        assert all(loss.shape == () and not loss.requires_grad and loss.isfinite() for loss in losses.values())


def test_the_discriminator_learns_three_classes_in_their_order() -> None:
    """G(s) is class 0, G(t) class 1, t class 2; and it sees the images as they are before the step."""
    method, shown = after_f(preset(optim={"lr_g": 0.0, "lr_d": 0.0})), batch()
    G_s, G_t = drawn(method, shown.real_A), drawn(method, shown.real_B)
    for name, images, kind in (("D_s", G_s, 0), ("D_t", G_t, 1), ("D_real", shown.real_B, 2)):
        wanted = F.cross_entropy(judged(method, images), torch.full((4,), kind))
        torch.testing.assert_close(method.step(shown)[name], wanted.detach())


def test_the_generator_is_to_pass_for_the_third_class() -> None:
    method, shown = after_f(preset(optim={"lr_g": 0.0, "lr_d": 0.0})), batch()
    real = torch.full((4,), 2)
    wanted = sum(
        F.cross_entropy(judged(method, drawn(method, images)), real) for images in (shown.real_A, shown.real_B)
    )
    torch.testing.assert_close(method.step(shown)["G_GAN"], wanted)


def test_the_other_terms_are_what_the_paper_says() -> None:
    method, shown = after_f(preset(optim={"lr_g": 0.0, "lr_d": 0.0}, const=3.0, tid=5.0)), batch()
    with torch.no_grad():
        G_s, G_t = drawn(method, shown.real_A), drawn(method, shown.real_B)
        const = 3 * (method.f.features(shown.real_A) - method.f.features(G_s)).square().mean()
        tid = 5 * (shown.real_B - G_t).square().mean()
    losses = method.step(shown)
    torch.testing.assert_close(losses["const"], const)
    torch.testing.assert_close(losses["tid"], tid)


def drawn(method: Dtn, images: Tensor) -> Tensor:
    with torch.no_grad():
        out: Tensor = method.g(method.f.features(images))
    return out


def judged(method: Dtn, images: Tensor) -> Tensor:
    with torch.no_grad():
        [logits] = method.D(images).logits
    return logits.flatten(1)


def test_the_generator_is_trained_against_the_discriminator_just_updated() -> None:
    def gan_loss(rate_of_D: float) -> Tensor:
        return after_f(preset(optim={"lr_d": rate_of_D})).step(batch())["G_GAN"]

    assert gan_loss(0.0) != gan_loss(0.1)


def test_no_gradient_of_the_discriminators_losses_reaches_the_generator() -> None:
    method = after_f()
    method.prepare(len(batch()))
    images = method._translate_batch(batch())
    method._update_discriminator(images)
    assert has_gradients(method, ["D"])
    assert not has_gradients(method, ["g", "f"])


def test_no_gradient_of_the_generators_losses_reaches_f_or_the_discriminator() -> None:
    method = after_f(preset(tv=0.1))
    method.prepare(len(batch()))
    method._update_generator(method._translate_batch(batch()))
    assert has_gradients(method, ["g"])
    assert not has_gradients(method, ["D", "f"])
    assert all(parameter.requires_grad for parameter in method.D.parameters())


def test_batch_normalisation_never_sees_two_kinds_of_image_at_once() -> None:
    method = after_f()
    sizes: list[int] = []
    method.D.register_forward_hook(lambda _, args, __: sizes.append(len(args[0])))
    method.step(batch())
    assert sizes == [4] * 5


@pytest.mark.parametrize("count", [2, 3])
def test_the_losses_of_several_discriminators_are_averaged(count: int) -> None:
    config = preset(optim={"lr_g": 0.0, "lr_d": 0.0})
    config = msgspec.structs.replace(config, discriminator=msgspec.structs.replace(config.discriminator, count=count))
    method, shown = after_f(config), batch()
    with torch.no_grad():
        verdict = method.D(shown.real_B)
    assert len(verdict.logits) == count
    each = [F.cross_entropy(logits.flatten(1), torch.full((4,), 2)) for logits in verdict.logits]
    torch.testing.assert_close(method.step(shown)["D_real"], torch.stack(each).mean())


# ------------------------------------------------------------------------------------------------------ controls


@pytest.mark.parametrize(
    ("control", "component", "preset_of_it"),
    [
        ("loss.adversarial", "G_GAN", {}),
        ("loss.const", "const", {}),
        ("loss.tid", "tid", {}),
        ("loss.tv", "tv", {"tv": 0.5}),
    ],
)
def test_a_weight_scales_its_component_and_its_gradient_alone(
    control: str, component: str, preset_of_it: dict[str, float]
) -> None:
    def at(value: float) -> stepping.Step:
        return step_with(made_still(**preset_of_it), control, value, optimizer="G", after=2, side=SIDE)

    one, two, three = at(1.0), at(2.0), at(3.0)
    for name, loss in one.losses.items():
        assert two.losses[name] == pytest.approx(loss * (2 if name == component else 1)), name
    first, second, third = (step.gradient["g"] for step in (one, two, three))
    assert (second - first).abs().max() > 0
    torch.testing.assert_close(third - second, second - first)


def made_still(**loss: float) -> Callable[[], Method]:
    return lambda: made(preset(optim={"lr_g": 0.0, "lr_d": 0.0}, **loss))


def test_total_variation_is_of_both_translations() -> None:
    method, shown = after_f(preset(optim={"lr_g": 0.0, "lr_d": 0.0}, tv=0.5)), batch()
    wanted = 0.5 * sum(total_variation(drawn(method, images)) for images in (shown.real_A, shown.real_B))
    torch.testing.assert_close(method.step(shown)["tv"], wanted)
    assert "tv" not in made().components


def test_without_the_adversarial_term_the_discriminator_rests_until_it_is_asked_again() -> None:
    method = after_f(preset(adversarial=0.0))
    looks: list[int] = []
    method.D.register_forward_hook(lambda _, args, __: looks.append(len(args[0])))
    before = weights(method, ["D"])
    losses = method.step(batch())
    assert not looks
    assert same(before, weights(method, ["D"]))
    assert all(losses[name] == 0 for name in ("G_GAN", *OF_D))
    assert losses["tid"] > 0
    method.set_control("loss.adversarial", 1.0)
    losses = method.step(batch())
    assert changed(before, weights(method, ["D"]))
    assert all(losses[name] > 0 for name in ("G_GAN", *OF_D))


def test_with_every_weight_at_0_nothing_moves_the_generator() -> None:
    method = after_f(preset(adversarial=0.0, const=0.0, tid=0.0))
    before = parameters(method, ["g"])
    losses = method.step(batch())
    assert all(losses[name] == 0 for name in method.objective)
    assert not changed(before, parameters(method, ["g"]))


def test_every_loss_control_that_the_preset_announces_is_taken() -> None:
    config = preset(tv=1.0)
    names = [control.name for control in controls_of(config) if control.name.startswith("loss.")]
    assert names == ["loss.adversarial", "loss.const", "loss.tid", "loss.tv"]
    method = made(config)
    for name in names:
        method.set_control(name, 2.0)


# ------------------------------------------------------------------------------------------- samples, translations


def test_sample_rows() -> None:
    method, shown = after_f(), batch()
    row_A, row_B = method.sample(shown)
    assert list(row_A) == ["real_A", "fake_B"]
    assert list(row_B) == ["real_B", "idt_B"]
    assert torch.equal(row_A["fake_B"], method.translate(shown.real_A, "AtoB"))
    assert torch.equal(row_B["idt_B"], method.translate(shown.real_B, "AtoB"))
    for row in (row_A, row_B):
        for picture in row.values():
            assert picture.shape == (4, 3, SIDE, SIDE)
            assert picture.abs().max() <= 1
            assert not picture.requires_grad


def test_training_goes_on_as_if_nothing_had_been_sampled_or_translated() -> None:
    plain, looking = made(), made()
    for number in range(4):
        looking.sample(batch(7))
        looking.translate(batch(8).real_A, "AtoB")
        assert same(plain.step(batch(number)), looking.step(batch(number)))
    assert same(weights(plain), weights(looking))


def test_samples_show_the_moving_average_where_one_is_kept() -> None:
    method, shown = after_f(preset(optim={"ema": 0.9, "lr_g": 1e-2})), batch()
    begun = weights(method, ["g_ema"])
    for number in range(3):
        method.step(batch(number))
    fake_B = method.sample(shown)[0]["fake_B"]
    assert changed(begun, weights(method, ["g_ema"]))
    method.g.load_state_dict(method.networks["g_ema"].state_dict())
    assert torch.equal(fake_B, method.sample(shown)[0]["fake_B"])


def test_the_moving_average_begins_after_the_stage_of_f() -> None:
    method = after_f(preset(optim={"ema": 0.9}))
    assert int(method.state_dict()["ema.steps"]) == 0


@pytest.mark.parametrize(("direction", "side"), [("BtoA", SIDE), ("AtoB", 16)])
def test_what_cannot_be_translated_is_refused(direction: Any, side: int) -> None:
    with pytest.raises(RequestError, match=r"one way|32 px and no other side"):
        made().translate(torch.zeros(1, 3, side, side, dtype=torch.float64), direction)


# ----------------------------------------------------------------------------------------------- seeds and resuming


@pytest.mark.parametrize("steps_before", [0, 1, 2, 3])
def test_a_resumed_run_goes_on_bit_for_bit(steps_before: int) -> None:
    """From within the stage of f, from its very end, and from after it."""
    first = made()
    for number in range(steps_before):
        first.step(batch(number))
    second = resumed(first, made(seed=99))
    assert second.stage == first.stage
    assert step_alike(first, second, range(steps_before, steps_before + 4), side=SIDE)


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    first, second = made(seed=5), made(seed=5)
    assert step_alike(first, second, range(4), side=SIDE)
    assert not same(weights(first), weights(made(seed=6)))


def test_building_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    made()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_preset_builds_its_method_from_its_seed() -> None:
    config = msgspec.structs.replace(preset(), run=RunConfig(batch=4, seed=9))
    assert same(weights(build_method(config, CPU)), weights(Dtn(config, CPU, 9)))


def test_bf16_computes_in_bf16_and_keeps_weights_and_losses_in_float32() -> None:
    config = msgspec.structs.replace(preset(f_steps=1), run=RunConfig(batch=4, precision="bf16"))
    method = Dtn(config, CPU, 0)
    seen: list[torch.dtype] = []
    method.f.register_forward_hook(lambda _, __, output: seen.append(output.dtype))
    method.g.register_forward_hook(lambda _, __, output: seen.append(output.dtype))
    shown = batch()
    floats = as_floats(shown)
    losses = [method.step(floats), method.step(floats)]
    assert set(seen) == {torch.bfloat16}
    assert {loss.dtype for each in losses for loss in each.values()} == {torch.float32}
    assert {value.dtype for value in weights(method).values()} == {torch.float32, torch.int64}


def as_floats(shown: ImageBatch) -> ImageBatch:
    return ImageBatch(
        real_A=shown.real_A.float(), real_B=shown.real_B.float(), label_A=shown.label_A, label_B=shown.label_B
    )


# ---------------------------------------------------------------------------------------------- an f of another run


def f_at_the_end(run: RunDirectory) -> dict[str, Tensor]:
    folder, _ = list_checkpoints(run)[-1]
    return load_file(folder / "f.safetensors")


def test_an_f_is_taken_from_another_run_and_its_stage_left_out(tmp_path: Path) -> None:
    first = make_dtn_run(tmp_path, "first")
    train_here(first)
    second = make_dtn_run(tmp_path, "second", f'method.f_from="{first.root}"', "run.seed=3", "run.steps=2")
    train_here(second)
    assert same(f_at_the_end(first), f_at_the_end(second))
    assert [set(line.losses) for line in metrics_of(second)] == [{*OBJECTIVE, *OF_D}] * 2
    assert all(line.losses["G_GAN"] for line in metrics_of(second))


def test_a_run_goes_on_with_the_f_it_took_when_the_other_is_gone(tmp_path: Path) -> None:
    first = make_dtn_run(tmp_path, "first")
    train_here(first)
    second = make_dtn_run(tmp_path, "second", f'method.f_from="{first.root}"', "run.steps=3")
    train_here(second, script=after_step(1, Stop(how="save")))
    taken = f_at_the_end(second)
    shutil.rmtree(first.root)
    train_here(second)
    assert list(course_of(second)) == [1, 2, 3]
    assert same(taken, f_at_the_end(second))


def test_the_first_contact_sheet_is_made_with_the_f_that_is_taken(tmp_path: Path) -> None:
    first = make_dtn_run(tmp_path, "first")
    train_here(first)
    second = make_dtn_run(tmp_path, "second", f'method.f_from="{first.root}"', "run.seed=3")
    with session_of(second) as session:
        take_sample(session)
        assert same(f_at_the_end(first), dict(session.method.networks["f"].state_dict()))


def test_an_f_that_is_trained_here_is_not_fixed_by_a_look_at_it() -> None:
    method = made()
    method.sample(batch())
    assert method.stage == Stage("training f", 0, 2, "method.f_steps")
    assert all(parameter.requires_grad for parameter in method.f.parameters())


def test_the_engine_refuses_an_f_that_is_not_there(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "tiny", f'method.f_from="{tmp_path / "nothing"}"')
    with pytest.raises(RequestError, match="is no run directory"):
        train_here(run)


def test_a_run_that_resumes_at_the_end_of_the_stage_repeats_the_uninterrupted_one(tmp_path: Path) -> None:
    whole, halved = make_dtn_run(tmp_path, "whole"), make_dtn_run(tmp_path, "halved")
    train_here(whole)
    for step in (1, 2, 3):
        train_here(halved, script=after_step(step, Stop(how="save")))
        assert list_checkpoints(halved)[-1][1].step == step
    train_here(halved)
    assert course_of(halved) == course_of(whole)
    assert differences(last_state(whole), last_state(halved)) == []
