"""A method with the weights of a checkpoint, to translate with."""

from __future__ import annotations

import torch
from msgspec.structs import replace

from engine.checkpoint import load_networks
from engine.device import choose_device, set_precision
from engine.errors import RequestError
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.protocol.weights import Weights
from engine.saved import SavedState


def take_up(saved: SavedState, device: str, *, weights: Weights = "shown") -> tuple[Method, torch.device]:
    """A checkpoint's method, in full float32 precision, and where it computes.

    Args:
        saved: the checkpoint.
        device: as run.device.
        weights: which of them translate.

    Raises:
        RequestError: the device is not there; or the method does not translate yet.
        WorkError: the checkpoint is damaged.
    """
    run = replace(saved.config.run, device=device, precision="fp32", compile="off", checkpointing=False)
    config = replace(saved.config, run=run)
    if weights == "raw":
        config = replace(config, optim=replace(config.optim, ema=0.0))
    place = choose_device(run)
    set_precision(run, place)
    method = build_method(config, place)
    load_networks(saved.folder, saved.manifest, method)
    if method.stage:
        fact = f"was saved while the run was {method.stage}: nothing translates yet"
        fix = f"Choose a later one: gan-tui checkpoints {saved.run.name}"
        raise RequestError(f"checkpoint {saved.folder.name}", fact, fix)
    return method, place
