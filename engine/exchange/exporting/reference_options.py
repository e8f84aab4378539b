"""The options with which the reference implementation builds a run's networks and trains them. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from engine.config.data import FolderData, SyntheticData
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
from engine.exchange.reference_options import GAN_MODES, POLICIES, Options

BLOCKS = (6, 9)
DOWNS = {7: "unet_128", 8: "unet_256"}
"""What --netG can be."""
_NORMS = ("instance", "batch", "none")


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
    if loss.gan in GAN_MODES.values():
        found["gan_mode"] = next(name for name, ours in GAN_MODES.items() if ours == loss.gan)
    if optim.schedule in POLICIES:
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
