"""The run that imported weights belong to: its method, its networks, and what is known of its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engine.config.architecture import networks_in_words
from engine.config.load import Tree
from engine.config.methods import CycleGanConfig, Pix2PixConfig, TrainConfig
from engine.config.networks import (
    UNET_WITHOUT_DROPOUT,
    DiscriminatorConfig,
    PatchDiscriminator,
    PixelDiscriminator,
    ResnetGenerator,
    TranslatingGenerator,
    UnetGenerator,
)
from engine.errors import RequestError
from engine.exchange.importing.configuration import configuration_of
from engine.exchange.importing.pickled import read_weights, tidied
from engine.exchange.importing.recognition import State, discriminator_of, generator_of
from engine.exchange.importing.reference_settings import method_of, settings_of
from engine.exchange.importing.sources import Sources
from engine.exchange.importing.told_numbers import whole_number
from engine.exchange.reference_options import Options
from engine.protocol.exchange import ImportJob

_OF_METHOD: dict[str, dict[str, str]] = {
    "cyclegan": {"G": "G_A", "D": "D_A", "G_A": "G_A", "G_B": "G_B", "D_A": "D_A", "D_B": "D_B"},
    "pix2pix": {"G": "G", "D": "D", "G_A": "G", "D_A": "D"},
}
"""By method, the reference's name of a network, and which of the method's it is."""
_OF_A_PAIR = 6
"""Channels of what pix2pix's discriminator judges."""


@dataclass(frozen=True, kw_only=True)
class Blueprint:
    """A run to be made."""

    config: TrainConfig
    states: dict[str, State]
    """Weights by network; none of a run that is a loss log alone."""
    words: dict[str, str]
    """What they are, by network."""
    remarks: tuple[str, ...]
    """What was taken for granted, and what was not understood."""
    step: int | None = None
    """Of the weights, where the files tell it."""


def blueprint_of(job: ImportJob, sources: Sources, options: Options, losses: tuple[str, ...]) -> Blueprint:
    """Tell what files are, and make a configuration of it.

    Args:
        job: what is asked for.
        sources: the files.
        options: those that lie beside them.
        losses: the names in the loss log, if there is one.

    Raises:
        RequestError: weights are of no network that is known, or do not belong together, or a setting is not right.
    """
    read = {name: tidied(read_weights(path)) for name, path in sources.weights.items()}
    generator = _generator(read, sources.weights)
    method = job.method or method_of(options) or _method_of(read, generator, losses)
    states, files = _named(read, sources.weights, method)
    remarks: list[str] = []
    tree, not_understood = settings_of(options, method)
    remarks += [
        f"The option {option} of {sources.options} has no counterpart here, and is passed over."
        for option in not_understood
    ]
    tree.setdefault("method", {})["kind"] = method
    if generator is not None:
        generator = _with_dropout(generator, options, method, remarks)
        judge = _discriminator(states, files, options, generator, method)
        if method == "pix2pix":
            tree["method"] |= _noise(generator, options, remarks)
        tree["generator"] = _described(generator, tree.get("generator", {}))
        tree["discriminator"] = _described(judge, tree.get("discriminator", {}))
    config = _configured(tree, job)
    words = {name: _in_words(config, name) for name in states}
    return Blueprint(config=config, states=states, words=words, remarks=tuple(remarks))


def _generator(read: Mapping[str, State], files: Mapping[str, Path]) -> TranslatingGenerator | None:
    """That of the files; all of a run have the same. None where there is no file at all. Raises RequestError."""
    found = {name: generator_of(state, str(files[name])) for name, state in read.items() if name.startswith("G")}
    if not found:
        if read:
            raise RequestError(str(next(iter(files.values()))), "is a discriminator", "Name its generator as well.")
        return None
    (first, one), *others = found.items()
    for name, other in others:
        if other != one:
            fact = f"is another network than {files[first]} ({_differing(one, other)}), and a run has two alike"
            raise RequestError(str(files[name]), fact, "Import them one by one.")
    return one


def _differing(one: Any, other: Any) -> str:
    first, second = msgspec.to_builtins(one), msgspec.to_builtins(other)
    return ", ".join(
        f"{key} {second.get(key)} and not {value}" for key, value in first.items() if second.get(key) != value
    )


def _method_of(read: Mapping[str, State], generator: TranslatingGenerator | None, losses: tuple[str, ...]) -> str:
    """As the files are named; a lone generator is CycleGAN's if it is a ResNet, as published ones are."""
    if {"G_A", "G_B", "D_A", "D_B"} & read.keys() or "cycle_A" in losses:
        return "cyclegan"
    if "D" in read or "G_L1" in losses or isinstance(generator, UnetGenerator):
        return "pix2pix"
    return "cyclegan"


def _named(
    read: Mapping[str, State], files: Mapping[str, Path], method: str
) -> tuple[dict[str, State], dict[str, str]]:
    """Weights, and their files, by the method's networks. Raises RequestError: it has no such network."""
    states: dict[str, State] = {}
    of: dict[str, str] = {}
    for name, state in read.items():
        ours = _OF_METHOD[method].get(name)
        if ours is None:
            raise RequestError(
                str(files[name]), f"is {name}, and {method} has none", "Leave it out, or --method cyclegan."
            )
        if ours in states:
            raise RequestError(str(files[name]), f"is a second {ours}, beside {of[ours]}", "Name one of the two.")
        states[ours], of[ours] = state, str(files[name])
    return states, of


def _with_dropout(
    generator: TranslatingGenerator, options: Options, method: str, remarks: list[str]
) -> TranslatingGenerator:
    """A U-Net's dropout has no weights: the options tell it, or else it is as the reference has it for the method."""
    if not isinstance(generator, UnetGenerator) or generator.downs <= UNET_WITHOUT_DROPOUT:
        return generator
    told = options.get("no_dropout")
    dropout = told == "False" if told in ("True", "False") else method == "pix2pix"
    if told is None:
        word = "with" if dropout else "without"
        remarks.append(
            f"Weights of a U-Net do not tell whether it has dropout: it is taken to be {word}, as the reference has it"
            f" by default for {method}. Otherwise: --set generator.dropout={str(not dropout).lower()}"
        )
    return msgspec.structs.replace(generator, dropout=dropout)


def _noise(generator: TranslatingGenerator, options: Options, remarks: list[str]) -> dict[str, Any]:
    """Whether it translates with dropout and statistics of the batch: in the reference it does, but for --eval."""
    drops = isinstance(generator, ResnetGenerator | UnetGenerator) and generator.dropout
    if options.get("eval") == "True" or not (drops or generator.norm == "batch"):
        return {}
    remarks.append(
        "It translates with dropout and the statistics of each image, as the reference does where it is not told"
        " --eval. Otherwise: --set method.test_time_noise=false"
    )
    return {"test_time_noise": True}


def _discriminator(
    states: Mapping[str, State],
    files: Mapping[str, str],
    options: Options,
    generator: TranslatingGenerator,
    method: str,
) -> DiscriminatorConfig:
    channels = _OF_A_PAIR if method == "pix2pix" else 3
    found = {
        name: discriminator_of(state, files[name], channels) for name, state in states.items() if name.startswith("D")
    }
    if not found:
        return _told_discriminator(options, generator)
    (first, one), *others = found.items()
    for name, other in others:
        if other != one:
            fact = f"is another network than {files[first]} ({_differing(one, other)}), and a run has two alike"
            raise RequestError(files[name], fact, "Leave one of the two out.")
    return one


def _told_discriminator(options: Options, generator: TranslatingGenerator) -> DiscriminatorConfig:
    """One that begins anew: as the options have it, with the generator's normalisation, as in the reference."""
    told = whole_number(options.get("ndf", ""))
    width = 64 if told is None else told
    if options.get("netD") == "pixel":
        return PixelDiscriminator(width=width, norm=generator.norm)
    layers = whole_number(options.get("n_layers_D", "")) if options.get("netD") == "n_layers" else None
    return PatchDiscriminator(width=width, norm=generator.norm, layers=3 if layers is None else layers)


def _described(network: TranslatingGenerator | DiscriminatorConfig, told: dict[str, Any]) -> dict[str, Any]:
    """As a table of a preset; of first weights what the options say."""
    return {**msgspec.to_builtins(network), **told}


def _configured(tree: Tree, job: ImportJob) -> TrainConfig:
    """Raises RequestError: a setting is not right, or there are no such images."""
    config = configuration_of(tree, job, "the import")
    if not isinstance(config, CycleGanConfig | Pix2PixConfig):
        raise RequestError("--set method.kind", "cannot be had: files of the reference are of two methods", "--method")
    return config


def _in_words(config: TrainConfig, name: str) -> str:
    words = networks_in_words(config)
    network = config.discriminator if name.startswith("D") else config.generator
    text = words["discriminator" if name.startswith("D") else "generator"]
    drops = isinstance(network, ResnetGenerator | UnetGenerator) and network.dropout
    dropout = ", dropout" if drops else ""
    return f"{text}, width {network.width}, norm {network.norm}{dropout}"
