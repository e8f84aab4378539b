"""Techniques that a preset does not use leave no trace in its run; settings that make no sense are refused in words."""

from __future__ import annotations

import pytest

from engine.config.controls import controls_of
from engine.config.load import Tree, resolve, with_settings
from engine.config.methods import TrainConfig
from engine.config.techniques import check_techniques, idle_settings, needs_whole_batches
from engine.errors import RequestError

NOISE = "method.test_time_noise=true"
LABELLED = ("data.kind=synthetic-digits", "run.batch=8")


def preset(kind: str, *settings: str) -> TrainConfig:
    tree: Tree = {"method": {"kind": kind}}
    return resolve(with_settings(tree, settings), "x")


def control_names(config: TrainConfig) -> set[str]:
    return {control.name for control in controls_of(config)}


@pytest.mark.parametrize("kind", ["cyclegan", "pix2pix", "discogan", "dtn", "aegan"])
def test_every_methods_own_defaults_make_sense(kind: str) -> None:
    check_techniques(preset(kind))


@pytest.mark.parametrize(
    ("kind", "setting", "control"),
    [
        ("cyclegan", "loss.feature_matching=1.0", "loss.feature_matching"),
        ("pix2pix", "loss.historical=1.0", "loss.historical"),
        ("pix2pix", "loss.l2=1.0", "loss.l2"),
        ("discogan", "loss.tv=1.0", "loss.tv"),
        ("dtn", "loss.tv=1.0", "loss.tv"),
        ("cyclegan", "loss.gan=wgan-gp", "loss.gradient_penalty"),
        ("cyclegan", "loss.label_smoothing=0.1", "loss.label_smoothing"),
        ("aegan", "generator.variational=true", "loss.kl"),
    ],
)
def test_a_technique_has_a_control_once_it_is_part_of_the_run(kind: str, setting: str, control: str) -> None:
    assert control not in control_names(preset(kind))
    assert control in control_names(preset(kind, setting))


@pytest.mark.parametrize(
    ("kind", "settings", "subject", "reason"),
    [
        ("cyclegan", ("loss.gradient_penalty=5.0",), "loss.gradient_penalty = 5", "of wgan-gp alone"),
        ("cyclegan", ("loss.gan=hinge", "loss.label_smoothing=0.1"), "loss.label_smoothing", "no targets to lower"),
        ("aegan", ("loss.kl=1.0",), "loss.kl = 1", "variational"),
        ("pix2pix", ("loss.gan=wgan-gp",), "discriminator.norm = batch", "each image by itself"),
        (
            "discogan", ("loss.gan=wgan-gp", "discriminator.norm=none", "discriminator.minibatch=8"),
            "discriminator.minibatch", "each image by itself",
        ),
        ("cyclegan", ("run.accumulate=2",), "run.accumulate = 2", "batch of 1"),
        (
            "cyclegan", ("run.accumulate=4", "run.batch=4", "run.gpus=4"),
            "run.accumulate = 4", "of which each of 4 processes has 1 at most",
        ),
        ("pix2pix", ("run.batch=4", "run.accumulate=2"), "run.accumulate = 2", "generator.norm = batch"),
        (
            "cyclegan", ("run.batch=4", "run.accumulate=2", "loss.feature_matching=1.0"),
            "run.accumulate = 2", "loss.feature_matching",
        ),
        ("discogan", ("run.batch=1", "discriminator.minibatch=8"), "discriminator.minibatch", "there is one"),
        ("discogan", ("run.batch=1", "generator.bottleneck=100"), "generator.bottleneck", "there is one"),
        (
            "discogan", ("generator.bottleneck=100", "generator.norm=instance"),
            "generator.bottleneck", "instance normalisation makes 0",
        ),
        ("aegan", ("generator.shared=5",), "generator.shared = 5", "more than the 4 blocks"),
        (
            "cyclegan", ("discriminator.scales=2", "discriminator.count=2"),
            "discriminator.count = 2", "averaged over the one or over the other",
        ),
        ("aegan", ("run.batch=4", "loss.class_a=1.0"), "loss.class_a", "needs labelled images"),
        ("aegan", (*LABELLED, "loss.class_b=1.0", "data.size=64"), "loss.class_b", "32 px"),
        ("dtn", ("data.without_A=[0,1,2,3,4,5,6,7,8,9]",), "data.without_A", "every digit"),
        ("dtn", ("run.accumulate=2", "generator.norm=instance", "discriminator.norm=none"),
         "run.accumulate = 2", "is not for DTN"),
        (
            "pix2pix", ("generator.downs=5",),
            "generator.dropout = true (pix2pix's default)", "a U-Net of generator.downs = 5 lacks",
        ),
        ("cyclegan", ("optim.schedule=cosine", "optim.decay_epochs=9"), "optim.decay_epochs = 9", "schedule is cosine"),
        (
            "pix2pix", ("method.test_time_noise=true", "generator.dropout=false", "generator.norm=instance"),
            "method.test_time_noise = true", "the generator has neither",
        ),
        (
            "pix2pix", (NOISE, "generator.arch=encoder-decoder", "generator.norm=none"),
            "method.test_time_noise = true", "the generator has neither",
        ),
        ("cyclegan", ("generator.init=pytorch", "generator.init_gain=0.1"), "generator.init_gain = 0.1", "pytorch"),
        (
            "cyclegan", ("discriminator.init=kaiming", "discriminator.init_gain=0.1"),
            "discriminator.init_gain = 0.1", "discriminator.init = kaiming",
        ),
        ("cyclegan", ("optim.decay_every=10",), "optim.decay_every = 10", "is of step alone"),
        ("cyclegan", ("optim.patience=2", "optim.schedule=step"), "optim.patience = 2", "is of plateau alone"),
        (
            "cyclegan", ("run.batch=4", "run.accumulate=2", "discriminator.spectral=true"),
            "run.accumulate = 2", "discriminator.spectral estimates anew in each pass",
        ),
        ("dtn", ("run.checkpointing=true",), "run.checkpointing = true", "is not for DTN"),
        (
            "aegan", ("run.checkpointing=true", "run.batch=4", "run.accumulate=2"),
            "run.checkpointing = true", "is done already: with run.accumulate = 2",
        ),
        (
            "cyclegan", ("run.checkpointing=true", "run.compile=on"),
            "run.checkpointing = true", "does nothing in compiled networks",
        ),
        (
            "discogan", ("generator.bottleneck=1", "generator.norm=group"),
            "generator.bottleneck = 1", "group normalisation makes 0",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_reason(
    kind: str, settings: tuple[str, ...], subject: str, reason: str
) -> None:
    with pytest.raises(RequestError) as caught:
        check_techniques(preset(kind, *settings))
    assert caught.value.subject.startswith(subject)
    assert reason in caught.value.fact
    assert caught.value.fix


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("pix2pix", ("generator.downs=6",)),
        ("pix2pix", ("generator.downs=5", "generator.dropout=false")),
        ("pix2pix", (NOISE, "generator.norm=none")),
        ("pix2pix", (NOISE, "generator.downs=5", "generator.dropout=false")),
        ("pix2pix", (NOISE, "generator.arch=resnet", "generator.dropout=true")),
        ("cyclegan", ("generator.init=xavier", "generator.init_gain=0.1")),
        ("cyclegan", ("generator.init=kaiming", "generator.norm=group", "generator.init_gain=0.1")),
        ("cyclegan", ("optim.schedule=step", "optim.decay_every=10")),
        ("cyclegan", ("optim.schedule=constant", "optim.decay_epochs=10")),
        ("cyclegan", ("optim.schedule=plateau", "optim.patience=2")),
        ("cyclegan", ("run.batch=4", "discriminator.spectral=true")),
        ("cyclegan", ("run.checkpointing=true", "run.batch=4", "run.accumulate=2")),
        ("cyclegan", ("run.accumulate=2", "run.batch=5", "run.gpus=4")),
        ("dtn", ("run.compile=on", "run.channels_last=on")),
        ("discogan", ("generator.bottleneck=2", "generator.norm=group")),
    ],
)
def test_what_has_an_effect_is_not_refused(kind: str, settings: tuple[str, ...]) -> None:
    check_techniques(preset(kind, *settings))


@pytest.mark.parametrize(
    ("kind", "settings", "fix"),
    [
        ("cyclegan", ("run.accumulate=2",), "Set it to 1, or run.batch to 2 or more."),
        ("cyclegan", ("run.accumulate=9", "run.batch=4"), "Set it to 4 or less, or run.batch to 9 or more."),
        (
            "cyclegan", ("run.accumulate=2", "run.batch=4", "run.gpus=4"),
            "Set it to 1, or run.batch to 5 or more, or run.gpus to 3 or less.",
        ),
        (
            "cyclegan", ("run.accumulate=4", "run.batch=6", "run.gpus=2"),
            "Set it to 3 or less, or run.batch to 7 or more, or run.gpus to 1.",
        ),
        (
            "cyclegan", ("run.accumulate=9", "run.batch=4", "run.gpus=2"),
            "Set it to 2 or less, or run.batch to 17 or more.",
        ),
        (
            "pix2pix", ("run.accumulate=2", "run.batch=4"),
            "Set it to 1, or generator.norm to instance and discriminator.norm to instance.",
        ),
        (
            "discogan", ("run.accumulate=2", "generator.bottleneck=1", "generator.norm=batch"),
            "Set it to 1, or generator.norm to none, discriminator.norm to instance and loss.feature_matching to 0.",
        ),
        ("dtn", ("run.accumulate=2",), "Set it to 1."),
        ("cyclegan", ("run.accumulate=2", "run.batch=4", "discriminator.spectral=true"),
         "Set it to 1, or discriminator.spectral to false."),
    ],
)  # fmt: skip
def test_what_is_advised_about_accumulation_works(kind: str, settings: tuple[str, ...], fix: str) -> None:
    with pytest.raises(RequestError) as caught:
        check_techniques(preset(kind, *settings))
    assert caught.value.fix == fix
    first, *others = fix.removeprefix("Set it to ").removesuffix(".").split(", or ")
    check_techniques(preset(kind, *settings, f"run.accumulate={first.split()[0]}"))
    for advised in others:
        pairs = [pair.split(" to ") for pair in advised.replace(" and ", ", ").split(", ")]
        check_techniques(preset(kind, *settings, *(f"{key}={value.split()[0]}" for key, value in pairs)))


def test_a_value_that_is_the_default_does_no_harm_where_it_is_idle() -> None:
    config = preset("cyclegan", "loss.gradient_penalty=10.0", "loss.label_smoothing=0.0")
    check_techniques(config)
    assert "loss.gradient_penalty" in idle_settings(config)


def test_dropout_that_a_u_net_has_no_level_for_is_no_noise_either() -> None:
    idle = idle_settings(preset("pix2pix", NOISE, "generator.downs=5", "generator.norm=none"))
    assert {"generator.dropout", "method.test_time_noise"} <= idle.keys()


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        ((), False),
        (("run.batch=4",), False),
        (("run.batch=4", "generator.norm=batch"), True),
        (("run.batch=1", "generator.norm=batch"), False),
        (("run.batch=4", "loss.feature_matching=1.0"), True),
        (("run.batch=4", "discriminator.spectral=true"), False),
    ],
)
def test_smaller_last_batches_are_left_out_where_images_mix(settings: tuple[str, ...], needed: bool) -> None:
    assert needs_whole_batches(preset("cyclegan", *settings)) is needed
