"""Reads a folder of reference vectors: its manifests, its recipe for weights and inputs, its stored tensors.

The first manifest is of the CycleGAN and pix2pix implementation; the second of DiscoGAN's, of PyTorch-GAN's and of
DTN's losses. The second says less of its forward cases: shapes follow from what is stored, the rest from prose.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import msgspec
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.config.networks import (
    DiscriminatorConfig,
    EncoderDecoderGenerator,
    ImageDiscriminator,
    Norm,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.networks.discriminators import Verdict, build_discriminator
from engine.networks.generators import build_generator

FOLDER = Path(os.environ.get("GAN_TUI_REFERENCE") or Path(__file__).parent / "data")
MANIFEST: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
SEED: int = MANIFEST["seed"]
TOLERANCES: dict[str, float] = MANIFEST["tolerances"]
CASES: dict[str, dict[str, Any]] = MANIFEST["cases"]
MANIFEST2: dict[str, Any] = json.loads((FOLDER / "manifest2.json").read_text())
SEED2: int = MANIFEST2["seed"]
CASES2: dict[str, dict[str, Any]] = MANIFEST2["cases"]

_NORMS: tuple[Norm, ...] = ("instance", "batch", "none")
_WIDEST = 128
_CHANNELS = 3

Generator = TypeVar("Generator", bound=TranslatingGenerator)


def cases(kind: str, prefix: str = "") -> list[str]:
    """Names of the manifest's cases of a kind."""
    found = [name for name, case in CASES.items() if case["kind"] == kind and name.startswith(prefix)]
    assert found, f"{FOLDER} has no case of kind {kind!r} named {prefix}..."
    return found


def tensors(file_name: str) -> dict[str, Tensor]:
    """A safetensors file of the folder."""
    return load_file(FOLDER / file_name)


def _recipe() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_recipe", FOLDER / "recipe.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RECIPE = _recipe()


def image(tag: str, shape: Iterable[int], dtype: torch.dtype, seed: int = SEED) -> Tensor:
    """The recipe's image batch of a name, in [-1, 1]."""
    return torch.from_numpy(RECIPE.image(tag, tuple(shape), seed)).to(dtype)


def output_of(network: nn.Module, images: Tensor) -> Tensor:
    """A generator's images, or the logits of a lone discriminator."""
    output: Tensor | Verdict = network(images)
    if isinstance(output, Verdict):
        [logits] = output.logits
        return logits
    return output


def worst_difference(ours: Tensor, theirs: Tensor) -> float:
    """Beyond what storing theirs in float32 has rounded away, which is more of a large logit than of a pixel."""
    stored = theirs.double()
    return ((ours.double() - stored).abs() - stored.abs() * 2**-24).max().item()


def shape_in(text: str) -> list[int]:
    """The first shape that a manifest's line of prose names, such as [1, 3, 64, 64]."""
    found = re.search(r"[\[(](\d+(?:, ?\d+)+)[\])]", text)
    assert found, text
    return [int(side) for side in found[1].split(",")]


def tag_in(text: str) -> str:
    """The first quoted name in it."""
    found = re.search(r"'([^']+)'", text)
    assert found, text
    return found[1]


def load_recipe_weights(
    network: nn.Module, mode: str, prefix: str = "", seed: int = SEED, named: Callable[[str], str] = str
) -> str:
    """Give a network the recipe's weights.

    Args:
        network: changed in place.
        mode: of the recipe.
        prefix: of the names in the recipe.
        seed: of the recipe.
        named: from our key to the reference's, where they differ.

    Returns:
        The sha256 of them, over every key and its bytes in the order of the state dict, as the manifest has it.
    """
    state = network.state_dict()
    names = {key: prefix + named(key) for key in state}
    arrays = RECIPE.state_dict_arrays([(names[key], value.shape) for key, value in state.items()], seed, mode)
    digest = hashlib.sha256()
    for name, values in arrays.items():
        digest.update(name.encode() + values.tobytes())
    given = {key: torch.from_numpy(arrays[name]) for key, name in names.items() if name in arrays}
    network.load_state_dict(state | given)
    return digest.hexdigest()


def network_of(name: str) -> nn.Module:
    """The network of a forward case, with PyTorch's default weights."""
    width, norm = _width_and_norm(name)
    return _build(name, width, norm, shape_in(CASES[name]["input"])[1])


@functools.cache
def _width_and_norm(name: str) -> tuple[int, Norm]:
    """They follow, as a case names its architecture and gives its number of parameters and of keys."""
    case = CASES[name]
    channels = shape_in(case["input"])[1]
    for norm in _NORMS:
        for width in range(1, _WIDEST):
            with torch.device("meta"):
                network = _build(name, width, norm, channels)
            size = sum(parameter.numel() for parameter in network.parameters())
            if size == case["params"] and len(network.state_dict()) == _number_of_keys(case):
                return width, norm
            if size > case["params"]:
                break
    raise AssertionError(f"no width and normalisation give {name} its {case['params']} parameters")


def _number_of_keys(case: dict[str, Any]) -> int:
    keys: int | list[Any] = case["keys"]
    return keys if isinstance(keys, int) else len(keys)


def _build(name: str, width: int, norm: Norm, channels: int) -> nn.Module:
    config = architecture(name, width, norm, dropout="dropout" in name)
    if isinstance(config, TranslatingGenerator):
        return build_generator(config, channels, shape_in(str(CASES[name]["output_shape"]))[1])
    return build_discriminator(config, channels)


def architecture(
    name: str, width: int, norm: Norm, *, layers: int = 3, dropout: bool = False
) -> TranslatingGenerator | DiscriminatorConfig:
    """The config of a network that goes by one of the reference's names, or fails on a name that we don't know."""
    if found := re.match(r"resnet_(\d+)blocks", name):
        return ResnetGenerator(width=width, blocks=int(found[1]), norm=norm, dropout=dropout)
    if found := re.match(r"unet_(\d+)downs", name):
        return UnetGenerator(width=width, downs=int(found[1]), norm=norm, dropout=dropout)
    if found := re.match(r"unet_(128|256)$", name):
        return UnetGenerator(width=width, downs=int(found[1]).bit_length() - 1, norm=norm, dropout=dropout)
    if found := re.match(r"nlayer(\d+)", name):
        return PatchDiscriminator(width=width, layers=int(found[1]), norm=norm)
    if name in ("basic", "n_layers"):
        return PatchDiscriminator(width=width, layers=layers, norm=norm)
    if name.startswith("pixel"):
        return PixelDiscriminator(width=width, norm=norm)
    raise AssertionError(f"{name} names no network that is built here")


# ------------------------------------------------------------------------------------------- the second manifest


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A forward case of the second manifest."""

    network: nn.Module
    """With the recipe's weights, in training and in float64, as the case was run."""
    images: Tensor
    stored: Tensor
    """What the reference makes of them, of the first image or of all."""


def variants() -> list[str]:
    """Names of the second manifest's forward cases, except ptgan_D.

    That is PyTorch-GAN's discriminator, four strided layers and a lopsided padding before the last, which no preset
    describes: its PatchGAN is not the paper's.
    """
    suffix = ".output"
    found = [key.removesuffix(suffix) for key in tensors("forward2.safetensors") if key.endswith(suffix)]
    assert found, f"{FOLDER} has no forward case in forward2.safetensors"
    return [name for name in found if name != "ptgan_D"]


def variant(name: str) -> Variant:
    """A forward case of the second manifest, or fails on a name that we don't know."""
    case, stored = CASES2[name], tensors("forward2.safetensors")[f"{name}.output"]
    if name == "disco_D":
        [batch, doubled, side, _] = case["feat_shapes"][0]  # of the second of the halved maps: the first is not there
        config = ImageDiscriminator(width=doubled // 2, downs=len(case["feat_shapes"]) + 1)
        network, shape = build_discriminator(config, _CHANNELS), [batch, _CHANNELS, 4 * side, 4 * side]
    elif name.startswith("disco_G"):
        network = build_generator(_encoder_decoder(name), _CHANNELS, _CHANNELS, unit_range=True)
        shape = [_batch_in(case["note"]), *stored.shape[1:]]
    elif found := re.match(r"ptgan_G(\d+)$", name):
        network = build_generator(_resize_resnet(int(found[1]), case["params"]), _CHANNELS, _CHANNELS)
        shape = list(stored.shape)
    else:
        raise AssertionError(f"{name} names no network that is built here")
    named = _in_pytorch_gan if name.startswith("ptgan") else str
    load_recipe_weights(network, "scaled", seed=SEED2, named=named)
    images = image(name, shape, torch.float64, SEED2)
    images = (images + 1) / 2 if name.startswith("disco") else images
    return Variant(network=network.double().train(), images=images, stored=stored)


def _in_pytorch_gan(key: str) -> str:
    """PyTorch-GAN's name of a weight."""
    return key.replace(".conv_block.", ".block.")


def _batch_in(note: str) -> int:
    found = re.search(r"bs (\d+)", note)
    assert found, note
    return int(found[1])


@functools.cache
def _encoder_decoder(name: str) -> EncoderDecoderGenerator:
    """DiscoGAN's generator: the width follows from the plain one's size, the bottleneck from the other's."""
    plain = _of_size(CASES2["disco_G"]["params"], lambda width: EncoderDecoderGenerator(width=width))
    if name == "disco_G":
        return plain
    return _of_size(CASES2[name]["params"], lambda narrow: msgspec.structs.replace(plain, bottleneck=narrow))


@functools.cache
def _resize_resnet(blocks: int, size: int) -> ResnetGenerator:
    return _of_size(size, lambda width: ResnetGenerator(width=width, blocks=blocks, upsample="resize"))


def _of_size(size: int, config_of: Callable[[int], Generator]) -> Generator:
    """The config with so many parameters, by the one number that it leaves open."""
    for number in range(1, _WIDEST):
        config = config_of(number)
        with torch.device("meta"):
            network = build_generator(config, _CHANNELS, _CHANNELS)
        if sum(parameter.numel() for parameter in network.parameters()) == size:
            return config
    raise AssertionError(f"no number below {_WIDEST} gives {size} parameters")
