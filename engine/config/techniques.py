"""Which techniques of a preset are part of its run, and which do not go together. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, assert_never

from engine.config.data import DigitsData, SyntheticDigits
from engine.config.geometry import DTN_SIDE
from engine.config.losses import OF_GAN, AeGanLoss, DtnLoss, GanLoss, Pix2PixLoss
from engine.config.methods import AeGanConfig, DtnConfig, Pix2PixConfig, TrainConfig
from engine.config.networks import (
    UNET_WITHOUT_DROPOUT,
    AutoencoderGenerator,
    EncoderDecoderGenerator,
    ImageDiscriminator,
    Network,
    PatchDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.config.ranks import check_ranks, largest_share
from engine.config.schema import OF_SCHEDULE, RunConfig, Section
from engine.config.sections import defaults_of, method_defaults
from engine.errors import RequestError

OPTIONAL_WEIGHTS = {
    GanLoss: ("label_smoothing", "feature_matching", "historical", "tv"),
    Pix2PixLoss: ("l2",),
    DtnLoss: ("tv",),
    AeGanLoss: ("class_a", "class_b"),
}
"""Terms that are left out of a run, with their curves and controls, where its preset gives them no weight."""


def idle_settings(config: TrainConfig) -> dict[str, str]:
    """Keys that do nothing in a run, each with the reason as a clause; such a key is no control of it."""
    loss = config.loss
    idle = {
        f"loss.{name}": "was given no weight"
        for kind, names in OPTIONAL_WEIGHTS.items()
        if isinstance(loss, kind)
        for name in names
        if getattr(loss, name) == 0
    }
    if isinstance(loss, GanLoss):
        if loss.gan not in OF_GAN["gradient_penalty"]:
            idle["loss.gradient_penalty"] = f"is of wgan-gp alone, and loss.gan is {loss.gan}"
        if loss.gan not in OF_GAN["label_smoothing"]:
            idle["loss.label_smoothing"] = f"is of lsgan and vanilla, and {loss.gan} has no targets to lower"
    if isinstance(config, AeGanConfig) and not config.generator.variational:
        idle |= {f"loss.{name}": "needs generator.variational = true" for name in ("kl", "kl_cycle")}
    if isinstance(config, DtnConfig) and not config.method.trains_f:
        idle["optim.lr_f"] = "is for the training of f, which this run leaves out"
    return idle | _idle_in_networks(config) | _idle_in_schedules(config)


def _idle_in_networks(config: TrainConfig) -> dict[str, str]:
    """As idle_settings, of what networks are made of."""
    idle = {}
    for name, network in (("generator", config.generator), ("discriminator", config.discriminator)):
        if not _uses_gain(network):
            idle[f"{name}.init_gain"] = f"scales nothing that {name}.init = {network.init} draws"
    if isinstance(config.generator, UnetGenerator) and config.generator.downs <= UNET_WITHOUT_DROPOUT:
        idle["generator.dropout"] = f"is of levels that a U-Net of generator.downs = {config.generator.downs} lacks"
    if isinstance(config, Pix2PixConfig) and not (_has_dropout(config) or config.generator.norm == "batch"):
        idle["method.test_time_noise"] = "is of dropout and batch normalisation, and the generator has neither"
    return idle


def _uses_gain(network: Network) -> bool:
    """Whether first weights depend on init_gain; of kaiming those of normalisation do, where it has any."""
    match network.init:
        case "pytorch":
            return False
        case "kaiming":
            return network.norm in ("batch", "group")
        case _:
            return True


def _has_dropout(config: Pix2PixConfig) -> bool:
    match config.generator:
        case ResnetGenerator(dropout=dropout):
            return dropout
        case UnetGenerator(dropout=dropout, downs=downs):
            return dropout and downs > UNET_WITHOUT_DROPOUT
        case EncoderDecoderGenerator():
            return False
        case _:
            assert_never(config.generator)


def _idle_in_schedules(config: TrainConfig) -> dict[str, str]:
    """As idle_settings, of the learning-rate schedule."""
    schedule = config.optim.schedule
    return {
        f"optim.{key}": f"is of {' and '.join(owners)} alone, and optim.schedule is {schedule}"
        for key, owners in OF_SCHEDULE.items()
        if schedule not in owners
    }


def needs_whole_batches(config: TrainConfig) -> bool:
    """Whether an epoch's last, smaller batch is left out: its statistics would be those of too few images."""
    return config.run.batch > 1 and any(True for _ in _mixing(config))


def check_techniques(config: TrainConfig) -> None:
    """Refuse a preset whose settings contradict one another or do nothing.

    Raises:
        RequestError: naming the key, the reason, and what to set instead.
    """
    _check_idle(config)
    _check_gan(config)
    _check_accumulate(config)
    _check_checkpointing(config)
    check_ranks(config.run, config.run.gpus)
    _check_batch(config)
    _check_networks(config)
    _check_labels(config)


def _check_idle(config: TrainConfig) -> None:
    """A key that does nothing must not have been given a value: the user expects something of it.

    Nor may a method's default turn on what then is not there, as pix2pix's does dropout: its results would not be those
    of the method that the preset names.
    """
    for key, reason in idle_settings(config).items():
        section_name, _, name = key.partition(".")
        section = getattr(config, section_name)
        value, default = getattr(section, name), _default(config, section_name, name)
        if value is True:
            whose = f" ({config.method.__struct_config__.tag}'s default)" if default is True else ""
            raise RequestError(f"{key} = true{whose}", reason, "Set it to false, or change what it depends on.")
        if value not in (0, default):
            raise RequestError(f"{key} = {value:g}", reason, "Leave it out, or change what it depends on.")


def _default(config: TrainConfig, section_name: str, name: str) -> Any:
    """What a key of a section is where the preset leaves it out."""
    section: Section = getattr(config, section_name)
    tag_field = section.__struct_config__.tag_field
    table = {} if tag_field is None else {tag_field: section.__struct_config__.tag}
    return method_defaults(type(config), section_name, table).get(name, defaults_of(type(section))[name])


def _check_gan(config: TrainConfig) -> None:
    if not isinstance(config.loss, GanLoss) or config.loss.gan != "wgan-gp":
        return
    fact = "judges the images of a batch together, and wgan-gp's penalty is of each image by itself"
    if config.discriminator.norm == "batch":
        raise RequestError("discriminator.norm = batch", fact, 'Set it to "instance", "group" or "none".')
    if isinstance(config.discriminator, ImageDiscriminator) and config.discriminator.minibatch:
        raise RequestError("discriminator.minibatch", fact, "Set it to 0, or choose another loss.gan.")


def _check_accumulate(config: TrainConfig) -> None:
    accumulate = config.run.accumulate
    if accumulate == 1:
        return
    subject, mixing = f"run.accumulate = {accumulate}", list(_mixing(config))
    if isinstance(config, DtnConfig):
        fact = "is not for DTN: a batch of 32 px images is small enough to go through whole"
        raise RequestError(subject, fact, "Set it to 1.")
    if mixing:
        fact = f"would change the result: {mixing[0].what} sees the images of a batch together"
        remedies = [each.remedy for each in mixing]
        raise RequestError(subject, fact, f"Set it to 1, or {_joined(remedies)}.")
    if config.discriminator.spectral:
        fact = "would change the result: discriminator.spectral estimates anew in each pass, and parts are more passes"
        raise RequestError(subject, fact, "Set it to 1, or discriminator.spectral to false.")
    if accumulate > largest_share(config.run):
        raise RequestError(subject, *_too_many_parts(config.run))


def _too_many_parts(run: RunConfig) -> tuple[str, str]:
    """What is wrong where run.accumulate asks for more parts than a process has images, and what to set instead."""
    share, parts_before = largest_share(run), run.accumulate - 1
    fact = f"cannot take a batch of {run.batch} apart"
    if run.gpus > 1:
        fact += f", of which each of {run.gpus} processes has {share} at most"
    ways = [f"Set it to {_at_most(share)}", f"run.batch to {parts_before * run.gpus + 1} or more"]
    if most_gpus := (run.batch - 1) // parts_before:
        ways.append(f"run.gpus to {_at_most(most_gpus)}")
    return fact, f"{', or '.join(ways)}."


def _at_most(number: int) -> str:
    return f"{number} or less" if number > 1 else "1"


def _check_checkpointing(config: TrainConfig) -> None:
    if not config.run.checkpointing:
        return
    subject = "run.checkpointing = true"
    if isinstance(config, DtnConfig):
        fact = "is not for DTN: what a batch of 32 px images leaves is small enough to be kept"
        raise RequestError(subject, fact, "Set it to false.")
    if config.run.accumulate > 1 and isinstance(config, Pix2PixConfig | AeGanConfig):
        fact = f"is done already: with run.accumulate = {config.run.accumulate} every part's activations are made again"
        raise RequestError(subject, fact, "Set it to false, or run.accumulate to 1.")
    if config.run.compile == "on":
        fact = "does nothing in compiled networks, whose compiler decides what is kept"
        raise RequestError(subject, fact, 'Set it to false, or run.compile to "off".')


def _check_batch(config: TrainConfig) -> None:
    batch = config.run.batch
    if batch == 1 and isinstance(config.discriminator, ImageDiscriminator) and config.discriminator.minibatch:
        fact = "compares the images of a batch, and there is one"
        raise RequestError("discriminator.minibatch", fact, "Raise run.batch, or set it to 0.")
    narrow = isinstance(config.generator, EncoderDecoderGenerator) and config.generator.bottleneck
    if batch == 1 and narrow and config.generator.norm == "batch":
        fact = "normalises a 1x1 map over the images of a batch, and there is one"
        raise RequestError("generator.bottleneck", fact, "Raise run.batch, or set it to 0.")


class _Mixing(NamedTuple):
    """Something through which the images of a batch have to do with one another."""

    what: str
    remedy: str
    """What ends that, as "generator.norm to instance"."""


def _mixing(config: TrainConfig) -> Iterator[_Mixing]:
    if config.generator.norm == "batch":
        yield _Mixing("generator.norm = batch", f"generator.norm to {_norm_by_image(config.generator)}")
    if config.discriminator.norm == "batch":
        yield _Mixing("discriminator.norm = batch", "discriminator.norm to instance")
    if isinstance(config.discriminator, ImageDiscriminator) and config.discriminator.minibatch:
        yield _Mixing("discriminator.minibatch", "discriminator.minibatch to 0")
    if isinstance(config.loss, GanLoss) and config.loss.feature_matching:
        yield _Mixing("loss.feature_matching", "loss.feature_matching to 0")


def _norm_by_image(generator: Network) -> str:
    """A normalisation of each image by itself that a generator takes, whatever its innermost map is."""
    if isinstance(generator, EncoderDecoderGenerator):
        return "none" if generator.bottleneck == 1 else "group"
    return "instance"


def _joined(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _check_networks(config: TrainConfig) -> None:
    generator, discriminator = config.generator, config.discriminator
    if isinstance(generator, EncoderDecoderGenerator) and generator.bottleneck and generator.norm == "instance":
        fact = "has a map of one pixel, which instance normalisation makes 0"
        raise RequestError("generator.bottleneck", fact, 'Set generator.norm to "batch", "group" or "none".')
    if isinstance(generator, EncoderDecoderGenerator) and generator.bottleneck == 1 and generator.norm == "group":
        fact = "is a single number, which group normalisation makes 0"
        raise RequestError("generator.bottleneck = 1", fact, 'Set it to 2 or more, or generator.norm to "none".')
    if isinstance(generator, AutoencoderGenerator) and generator.shared > generator.blocks:
        fact = f"is more than the {generator.blocks} blocks that there are"
        raise RequestError(f"generator.shared = {generator.shared}", fact, f"Set it to {generator.blocks} or less.")
    if isinstance(discriminator, PatchDiscriminator) and discriminator.scales > 1 and discriminator.count > 1:
        fact = f"asks for judges of one size beside those of discriminator.scales = {discriminator.scales}: "
        fact += "a domain's losses are averaged over the one or over the other"
        fix = "Set discriminator.count or discriminator.scales to 1."
        raise RequestError(f"discriminator.count = {discriminator.count}", fact, fix)


def _check_labels(config: TrainConfig) -> None:
    data = config.data
    labelled = isinstance(data, DigitsData | SyntheticDigits)
    if (term := _class_term(config)) and not labelled:
        fact = "needs labelled images, and this data has none"
        raise RequestError(term, fact, 'Set it to 0, or data.kind to "digits".')
    if term and data.crop != DTN_SIDE:
        fact = f"has a classifier that takes {DTN_SIDE} px, and data.size is {data.crop}"
        raise RequestError(term, fact, f"Set data.size to {DTN_SIDE}, or it to 0.")
    if isinstance(data, DigitsData | SyntheticDigits):
        for key, without in (("data.without_A", data.without_A), ("data.without_B", data.without_B)):
            if len(set(without)) == 10:
                raise RequestError(key, "leaves out every digit", "Leave some in.")


def _class_term(config: TrainConfig) -> str:
    """The first class term of an AE-GAN run, which brings a classifier with it; empty where there is none."""
    if not isinstance(config.loss, AeGanLoss):
        return ""
    given = {"loss.class_a": config.loss.class_a, "loss.class_b": config.loss.class_b}
    return next((key for key, weight in given.items() if weight > 0), "")
