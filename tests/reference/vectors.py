"""Reads a folder of reference vectors: its manifest, its recipe for weights and inputs, its stored tensors."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.config.networks import (
    DiscriminatorConfig,
    GeneratorConfig,
    Norm,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.networks.discriminators import build_discriminator
from engine.networks.generators import build_generator

FOLDER = Path(os.environ.get("GAN_TUI_REFERENCE") or Path(__file__).parent / "data")
MANIFEST: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
SEED: int = MANIFEST["seed"]
TOLERANCES: dict[str, float] = MANIFEST["tolerances"]
CASES: dict[str, dict[str, Any]] = MANIFEST["cases"]

_NORMS: tuple[Norm, ...] = ("instance", "batch", "none")
_WIDEST = 128


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


def image(tag: str, shape: list[int], dtype: torch.dtype) -> Tensor:
    """The recipe's image batch of a name."""
    return torch.from_numpy(RECIPE.image(tag, tuple(shape), SEED)).to(dtype)


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


def load_recipe_weights(network: nn.Module, mode: str, prefix: str = "") -> str:
    """Give a network the recipe's weights.

    Returns:
        The sha256 of them, over every key and its bytes in the order of the state dict, as the manifest has it.
    """
    state = network.state_dict()
    arrays = RECIPE.state_dict_arrays([(prefix + key, value.shape) for key, value in state.items()], SEED, mode)
    digest = hashlib.sha256()
    for key, values in arrays.items():
        digest.update(key.encode() + values.tobytes())
    given = {key: torch.from_numpy(arrays[prefix + key]) for key in state if prefix + key in arrays}
    network.load_state_dict(state | given)
    return digest.hexdigest()


def network_of(name: str) -> nn.Module:
    """The network of a forward case, with PyTorch's default weights.

    A case names its architecture and gives its number of parameters and of keys; width and normalisation follow.
    """
    case = CASES[name]
    channels = shape_in(case["input"])[1]
    for norm in _NORMS:
        for width in range(1, _WIDEST):
            with torch.device("meta"):
                network = _build(name, width, norm, channels)
            size = sum(parameter.numel() for parameter in network.parameters())
            if size == case["params"] and len(network.state_dict()) == _number_of_keys(case):
                return _build(name, width, norm, channels)
            if size > case["params"]:
                break
    raise AssertionError(f"no width and normalisation give {name} its {case['params']} parameters")


def _number_of_keys(case: dict[str, Any]) -> int:
    keys: int | list[Any] = case["keys"]
    return keys if isinstance(keys, int) else len(keys)


def _build(name: str, width: int, norm: Norm, channels: int) -> nn.Module:
    config = architecture(name, width, norm, dropout="dropout" in name)
    if isinstance(config, ResnetGenerator | UnetGenerator):
        return build_generator(config, channels, shape_in(str(CASES[name]["output_shape"]))[1])
    return build_discriminator(config, channels)


def architecture(
    name: str, width: int, norm: Norm, *, layers: int = 3, dropout: bool = False
) -> GeneratorConfig | DiscriminatorConfig:
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
