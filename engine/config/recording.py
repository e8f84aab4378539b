"""Whether a run's steps can be recorded as CUDA graphs, as far as that is known beforehand. Torch-free."""

from __future__ import annotations

from engine.config.methods import AeGanConfig, Pix2PixConfig, TrainConfig
from engine.config.networks import ResnetGenerator, UnetGenerator


def obstacle_to_recording(config: TrainConfig, ranks: int) -> str:
    """Why no step of a run can be recorded, as a clause; empty where nothing is known to be in the way.

    Args:
        config: the run's preset; run.graph says whether steps are to be recorded at all.
        ranks: processes that train.
    """
    again = "computes activations again, and for that reads the random state"
    both_players = isinstance(config, Pix2PixConfig | AeGanConfig)
    if config.run.accumulate > 1 and both_players:
        return f"run.accumulate {again}"
    drops = isinstance(config.generator, ResnetGenerator | UnetGenerator) and config.generator.dropout
    if config.run.checkpointing and drops:
        return f"run.checkpointing {again}"
    return "several ranks compute it together" if ranks > 1 else ""
