"""The options of the reference implementation (junyanz/pytorch-CycleGAN-and-pix2pix): from a configuration, and back.

An option file is what that implementation prints at its start and keeps as train_opt.txt: a line "name: value" for each
option, the default behind it where it is another. Names changed over the years; both are read. Torch-free.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, assert_never

from engine.config.data import FolderData, SyntheticData
from engine.config.load import Tree
from engine.config.losses import CycleGanLoss, Pix2PixLoss
from engine.config.methods import CycleGanConfig, Pix2PixConfig, TrainConfig
from engine.config.networks import (
    DiscriminatorConfig,
    EncoderDecoderGenerator,
    ImageDiscriminator,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.errors import RequestError

Options: TypeAlias = dict[str, str]

BLOCKS = (6, 9)
DOWNS = {7: "unet_128", 8: "unet_256"}
"""What --netG can be."""
_NORMS = ("instance", "batch", "none")
_LINE = re.compile(r"\s*(\w+): (.*?)\s*(?:\[default: .*\])?\s*")


def options_for(config: TrainConfig) -> Options:
    """The options with which the reference builds a run's generators, and reads its images.

    Raises:
        RequestError: it has no such method, or no such generator.
    """
    if not isinstance(config, CycleGanConfig | Pix2PixConfig):
        kind = config.method.__struct_config__.tag
        raise RequestError("--format reference", f"is of CycleGAN and pix2pix, and this is {kind}", "Choose another.")
    cycle = isinstance(config, CycleGanConfig)
    net, dropout = _net_g(config.generator)
    return {
        "model": "cycle_gan" if cycle else "pix2pix",
        "dataset_mode": "unaligned" if cycle else "aligned",
        "direction": config.data.direction,
        "netG": net,
        "ngf": str(config.generator.width),
        "norm": config.generator.norm,
        "no_dropout": str(not dropout),
        "input_nc": "3",
        "output_nc": "3",
        **_image_options(config),
    }


def discriminator_misfit(config: TrainConfig) -> str:
    """Why the reference cannot build a run's discriminators, as a clause; empty where it can."""
    judge = config.discriminator
    if judge.norm != config.generator.norm:
        return f"have norm = {judge.norm}, and the generator {config.generator.norm}: the reference has one for both"
    if judge.spectral:
        return "are spectrally normalised"
    if judge.count > 1:
        return f"are {judge.count} of a domain"
    if isinstance(judge, PatchDiscriminator) and judge.scales > 1:
        return f"judge in {judge.scales} scales"
    return "judge whole images" if isinstance(judge, ImageDiscriminator) else ""


def discriminator_options(config: DiscriminatorConfig) -> Options:
    """Those with which the reference builds a discriminator that fits."""
    match config:
        case PatchDiscriminator():
            return {"netD": "n_layers", "n_layers_D": str(config.layers), "ndf": str(config.width)}
        case PixelDiscriminator():
            return {"netD": "pixel", "ndf": str(config.width)}
        case ImageDiscriminator():
            raise AssertionError("it does not fit")
        case _:
            assert_never(config)


def training_options(config: CycleGanConfig | Pix2PixConfig) -> Options:
    """How a run is trained, in the reference's words, as far as it has them."""
    loss, optim = config.loss, config.optim
    found = {"lr": f"{optim.lr_g:g}", "beta1": f"{optim.beta1:g}", "batch_size": str(config.run.batch)}
    found |= {"n_epochs": str(optim.epochs), "n_epochs_decay": str(optim.decay_epochs), "pool_size": str(optim.pool)}
    if loss.gan in _GAN_MODES.values():
        found["gan_mode"] = next(name for name, ours in _GAN_MODES.items() if ours == loss.gan)
    if optim.schedule in _POLICIES:
        found["lr_policy"] = optim.schedule
    match loss:
        case CycleGanLoss():
            found |= {"lambda_A": f"{loss.cycle_a:g}", "lambda_B": f"{loss.cycle_b:g}"}
            found["lambda_identity"] = f"{loss.identity:g}"
        case Pix2PixLoss():
            found["lambda_L1"] = f"{loss.l1:g}"
        case _:
            assert_never(loss)
    return found


def command_line(options: Mapping[str, str]) -> str:
    """As they are typed: a switch that is off is left out."""
    words = []
    for name, value in options.items():
        if value == "False" or name in ("input_nc", "output_nc"):
            continue
        words.append(f"--{name}" if value == "True" else f"--{name} {value}")
    return " ".join(words)


def option_file(options: Mapping[str, str]) -> str:
    """As the reference prints and keeps them."""
    lines = [f"{name:>25}: {value:<30}" for name, value in sorted(options.items())]
    return "\n".join(
        ["----------------- Options ---------------", *lines, "----------------- End -------------------", ""]
    )


def _net_g(config: TranslatingGenerator) -> tuple[str, bool]:
    """The generator's name, and whether it has dropout. Raises RequestError."""
    if config.norm not in _NORMS:
        raise _no_such(f"generator.norm = {config.norm}", f"its normalisation is one of {', '.join(_NORMS)}")
    match config:
        case ResnetGenerator(upsample="resize"):
            raise _no_such("generator.upsample = resize", "it enlarges maps by transposed convolutions alone")
        case ResnetGenerator():
            if config.blocks not in BLOCKS:
                raise _no_such(f"generator.blocks = {config.blocks}", "its ResNets have 6 or 9")
            return f"resnet_{config.blocks}blocks", config.dropout
        case UnetGenerator():
            if config.downs not in DOWNS:
                raise _no_such(f"generator.downs = {config.downs}", "its U-Nets have 7 or 8")
            return DOWNS[config.downs], config.dropout
        case EncoderDecoderGenerator():
            raise _no_such("generator.arch = encoder-decoder", "its generators are ResNets and U-Nets")
        case _:
            assert_never(config)


def _no_such(subject: str, fact: str) -> RequestError:
    fix = "Export it as onnx, pt2 or safetensors."
    return RequestError(subject, f"is nothing that the reference implementation builds: {fact}", fix)


def _image_options(config: CycleGanConfig | Pix2PixConfig) -> Options:
    data = config.data
    sizes = {"load_size": str(data.resize or data.crop), "crop_size": str(data.crop)}
    if isinstance(data, FolderData | SyntheticData):
        sizes["no_flip"] = str(not data.flip)
    return sizes if data.resize else {**sizes, "preprocess": "crop"}


# --------------------------------------------------------------------------------------------------------- and back


def read_options(text: str) -> Options:
    """The options in a file; lines that are none are passed over."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {match[1]: match[2].strip() for match in found if match}


_GAN_MODES = {"lsgan": "lsgan", "vanilla": "vanilla", "wgangp": "wgan-gp"}
_POLICIES = ("linear", "step", "plateau", "cosine")
_MODELS = {"cycle_gan": "cyclegan", "pix2pix": "pix2pix"}


def method_of(options: Mapping[str, str]) -> str:
    """The method that a file of options is of; empty where it does not say, or another is meant."""
    return _MODELS.get(options.get("model", ""), "")


def settings_of(options: Mapping[str, str], method: str) -> tuple[Tree, tuple[str, ...]]:
    """What options say of everything but the networks, which weights themselves tell.

    Args:
        options: read_options.
        method: the kind of run that is made.

    Returns:
        Tables of a preset; and the options that are not understood, as name and value, to be told.
    """
    tree: Tree = {}
    not_understood = []
    for names, key, of_text in _TRANSLATED:
        name = next((name for name in names if name in options), None)
        if name is None or (key in _OF_METHOD and _OF_METHOD[key] != method):
            continue
        try:
            value = of_text(options[name])
        except (KeyError, ValueError):
            not_understood.append(f"{name} {options[name]}")
            continue
        section, _, field = key.partition(".")
        tree.setdefault(section, {})[field] = value
    _translate_framing(options, tree, not_understood)
    _translate_lsgan(options, tree)
    return tree, tuple(dict.fromkeys(not_understood))


def _translate_framing(options: Mapping[str, str], tree: Tree, not_understood: list[str]) -> None:
    how = options.get("preprocess", options.get("resize_or_crop", "resize_and_crop"))
    if how == "crop":
        tree.setdefault("data", {})["resize"] = 0
    elif how != "resize_and_crop":
        not_understood.append(f"preprocess {how}")


def _translate_lsgan(options: Mapping[str, str], tree: Tree) -> None:
    """Before gan_mode there was a switch."""
    if "gan_mode" not in options and "no_lsgan" in options:
        tree.setdefault("loss", {})["gan"] = "vanilla" if _switch(options["no_lsgan"]) else "lsgan"


def _switch(text: str) -> bool:
    return {"True": True, "False": False}[text]


def _one_of(names: tuple[str, ...]) -> Callable[[str], str]:
    return {name: name for name in names}.__getitem__


_TRANSLATED: tuple[tuple[tuple[str, ...], str, Callable[[str], Any]], ...] = (
    (("gan_mode",), "loss.gan", _GAN_MODES.__getitem__),
    (("lambda_A",), "loss.cycle_a", float),
    (("lambda_B",), "loss.cycle_b", float),
    (("lambda_identity", "identity"), "loss.identity", float),
    (("lambda_L1",), "loss.l1", float),
    (("lr",), "optim.lr_g", float),
    (("lr",), "optim.lr_d", float),
    (("beta1",), "optim.beta1", float),
    (("lr_policy",), "optim.schedule", _one_of(_POLICIES)),
    (("n_epochs", "niter"), "optim.epochs", int),
    (("n_epochs_decay", "niter_decay"), "optim.decay_epochs", int),
    (("pool_size",), "optim.pool", int),
    (("batch_size", "batchSize"), "run.batch", int),
    (("load_size", "loadSize"), "data.resize", int),
    (("crop_size", "fineSize"), "data.crop", int),
    (("direction", "which_direction"), "data.direction", _one_of(("AtoB", "BtoA"))),
    (("no_flip",), "data.flip", lambda text: not _switch(text)),
    (("init_type",), "generator.init", _one_of(("normal", "xavier", "kaiming", "orthogonal"))),
    (("init_gain",), "generator.init_gain", float),
    (("init_type",), "discriminator.init", _one_of(("normal", "xavier", "kaiming", "orthogonal"))),
    (("init_gain",), "discriminator.init_gain", float),
)
"""Names of an option, the newest first, the key that it is, and what reads its value."""
_OF_METHOD = {
    "loss.cycle_a": "cyclegan",
    "loss.cycle_b": "cyclegan",
    "loss.identity": "cyclegan",
    "loss.l1": "pix2pix",
}
"""Keys that one method alone has."""
