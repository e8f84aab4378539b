"""From a preset and overrides to a checked configuration: everything that can be refused before a run exists."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from engine.config.beginning import check_beginning
from engine.config.data import DataConfig, RootedData
from engine.config.data_check import check_data
from engine.config.evaluation_check import check_evaluation
from engine.config.geometry import check_geometry
from engine.config.load import Tree, dump, read_toml, resolve, with_settings
from engine.config.methods import DtnConfig, TrainConfig
from engine.config.presets import find_preset
from engine.config.sinks import check_sinks
from engine.config.techniques import check_techniques
from engine.config.user_paths import at_home
from engine.errors import RequestError
from engine.protocol.checkpoints import missing_or_cut
from engine.protocol.rundir import RunDirectory
from engine.protocol.trained_f import find_trained_f
from gan_tui.client.gpus import require_device
from gan_tui.client.locate import find_run
from gan_tui.datasets.sets.wanted import could_be_fetched


@dataclass(frozen=True)
class Prepared:
    """A configuration that an engine can begin with."""

    preset: str
    """The preset's name."""
    method: str
    toml: str
    """The configuration, every default explicit and every path absolute."""
    config: TrainConfig
    """The same."""
    path: str = ""
    """The preset's file, absolute; empty where the configuration is another run's."""


def prepare(preset: str, settings: list[str], flags: Mapping[str, Any], runs: Path) -> Prepared:
    """Read a preset for a new run, lay ``--set`` settings and then flags over it, and check the whole.

    Args:
        preset: a file, or the name of a shipped preset.
        settings: ``section.key=value``.
        flags: key to value, for the keys that have an option of their own.
        runs: the folder of runs, in which method.f_from may name one.

    Raises:
        RequestError: a key, a value, the data or the device is not right, or there is no such f as is to be taken.
    """
    path = find_preset(preset)
    tree = with_settings(read_toml(path), settings)
    _find_f(tree, runs)
    prepared = checked(path.stem, tree, flags, origin=preset)
    config = prepared.config
    check_beginning(config)
    if isinstance(config, DtnConfig) and config.method.f_from:  # a branch has one already: this is for a new run
        find_trained_f(config.method.f_from, config.method.f_width, missing_or_cut)
    return replace(prepared, path=str(path.resolve()))


def _find_f(tree: Tree, runs: Path) -> None:
    """Write the directory of the run that f is to be taken from for its name, where it is called by that."""
    method = tree.get("method")
    given = method.get("f_from") if isinstance(method, dict) else None
    if not method or not isinstance(given, str) or not given:
        return
    try:
        is_run = RunDirectory(at_home(given)).config.is_file()
    except OSError as error:  # such as too long a name
        fix = "Name a DTN run, or its directory."
        raise RequestError(f"method.f_from = {given}", f"cannot be looked at ({error.strerror})", fix) from error
    if not is_run:
        with contextlib.suppress(RequestError):  # what is neither is refused with its reason
            method["f_from"] = str(find_run(given, runs).root)


def checked(name: str, tree: Tree, flags: Mapping[str, Any], origin: str) -> Prepared:
    """The checked configuration of a tree of tables with flags laid over it.

    Raises:
        RequestError: as prepare.
    """
    for key, value in flags.items():
        section, _, field = key.partition(".")
        table = tree.setdefault(section, {})
        if isinstance(table, dict):  # what is no table is refused below, in words
            table[field] = str(value) if isinstance(value, Path) else value
    config = resolve(tree, origin)
    check_geometry(config)
    check_techniques(config)
    check_sinks(config.log)
    check_evaluation(config)
    _check_data(config.data)
    require_device(config.run)
    config = _with_absolute_paths(config)
    return Prepared(name, str(config.method.__struct_config__.tag), dump(config), config)


def _check_data(config: DataConfig) -> None:
    """As check_data; what is missing and could be fetched is told so."""
    try:
        check_data(config)
    except RequestError as error:
        raise could_be_fetched(error, config) from error


def _with_absolute_paths(config: TrainConfig) -> TrainConfig:
    """The engine works in another directory than the user."""
    if isinstance(config.data, RootedData):
        config = msgspec.structs.replace(
            config, data=msgspec.structs.replace(config.data, root=_absolute(config.data.root))
        )
    if isinstance(config, DtnConfig) and config.method.f_from:
        config = msgspec.structs.replace(
            config, method=msgspec.structs.replace(config.method, f_from=_absolute(config.method.f_from))
        )
    if config.evaluation.fid_weights:
        section = msgspec.structs.replace(config.evaluation, fid_weights=_absolute(config.evaluation.fid_weights))
        config = msgspec.structs.replace(config, evaluation=section)
    return config


def _absolute(path: str) -> str:
    return str(at_home(path).resolve())
