"""The configuration of an imported run: what files tell, with what the request says laid over it, and all of it fit."""

from __future__ import annotations

import os

from engine.config.data_check import check_data
from engine.config.geometry import check_geometry
from engine.config.load import Tree, resolve, with_settings
from engine.config.methods import TrainConfig
from engine.config.techniques import check_techniques
from engine.errors import RequestError
from engine.protocol.exchange import ImportJob


def configuration_of(tree: Tree, job: ImportJob, origin: str) -> TrainConfig:
    """What a run is configured as.

    Args:
        tree: tables of a preset, as the files tell them; the folder of images is added.
        job: what is asked for beside it.
        origin: where the tree comes from, for messages.

    Raises:
        RequestError: a setting is not right, does not go with another, or there are no such images.
    """
    if job.data:
        tree.setdefault("data", {})["root"] = os.fsdecode(job.data)
    config = resolve(with_settings(tree, job.settings), origin)
    _require_no_averages(config)
    check_geometry(config)
    check_techniques(config)
    if job.data:
        check_data(config.data)
    return config


def _require_no_averages(config: TrainConfig) -> None:
    if config.optim.ema:
        fact = "follows weights through their training, and these are imported"
        raise RequestError(f"optim.ema = {config.optim.ema:g}", fact, "Set it when the run is resumed: resume --set.")
