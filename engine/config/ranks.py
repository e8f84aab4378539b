"""How a run's batch is divided among several processes, and whether it and the device can be. Torch-free."""

from __future__ import annotations

from engine.config.schema import RunConfig
from engine.errors import RequestError


def largest_share(config: RunConfig) -> int:
    """Images of a batch that one of run.gpus processes has at most."""
    return -(-config.batch // config.gpus)


def check_ranks(config: RunConfig, ranks: int) -> None:
    """Refuse what several processes cannot do together; with one there is nothing to refuse.

    Args:
        config: the preset's [run] section.
        ranks: processes that are to train.

    Raises:
        RequestError: naming the key, the reason, and what to set instead.
    """
    if ranks == 1:
        return
    if config.batch < ranks:
        fact = f"is shared out among {ranks} processes, and some would have no image"
        raise RequestError(f"run.batch = {config.batch}", fact, f"Set it to {ranks} or more, or use fewer (run.gpus).")
    if config.device == "mps":
        fact = f"is one device, and {ranks} processes are to train"
        raise RequestError("run.device = mps", fact, "Set run.gpus to 1.")
    if config.device.startswith("cuda:"):
        fact = f"names one GPU, and {ranks} processes are to train on one each"
        fix = "Set it to cuda; CUDA_VISIBLE_DEVICES says which GPUs those are."
        raise RequestError(f"run.device = {config.device}", fact, fix)
