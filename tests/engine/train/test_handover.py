"""What the leader hands to other ranks: they compute from then on what it computes."""

from __future__ import annotations

import pytest
import torch

from engine.config.methods import CONFIGS
from engine.data.build import build_source
from engine.data.stream import BatchStream
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.train.follower import noise_seed
from engine.train.handover import packed_state, take_up_state
from tests.runs import tiny_config

SETTINGS = {"cyclegan": ("optim.pool=2", "optim.ema=0.5", "loss.historical=0.1"), "dtn": ("method.f_steps=2",)}
CPU = torch.device("cpu")


def steps(method: Method, kind: str, first: int, number: int) -> list[dict[str, torch.Tensor]]:
    config = tiny_config("run.batch=2", *SETTINGS.get(kind, ()), kind=kind)
    torch.manual_seed(first)  # what is drawn in a step is no part of the state
    with BatchStream(build_source(config.data, 0), 2, 0, first, workers=0) as stream:
        return [method.step(next(stream).on(CPU)) for _ in range(number)]


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_method_that_takes_a_state_up_goes_on_as_the_one_it_is_of(kind: str) -> None:
    config = tiny_config("run.batch=2", *SETTINGS.get(kind, ()), kind=kind)
    leader, follower = build_method(config, CPU), build_method(config, CPU)
    steps(leader, kind, 0, 4)
    take_up_state(follower, packed_state(leader))
    for ours, theirs in zip(steps(leader, kind, 1, 3), steps(follower, kind, 1, 3), strict=True):
        assert ours == theirs
    assert packed_state(leader) == packed_state(follower)


def test_a_state_without_a_step_is_handed_over_too() -> None:
    config = tiny_config()
    first = build_method(config, CPU)
    second = build_method(tiny_config("run.seed=9"), CPU)
    take_up_state(second, packed_state(first))
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(_weights(second), _weights(first), strict=True))


def _weights(method: Method) -> list[torch.Tensor]:
    return [tensor for network in method.networks.values() for tensor in network.state_dict().values()]


def test_every_rank_draws_its_own_noise_in_every_step() -> None:
    seeds = {noise_seed(seed, rank, step) for seed in range(3) for rank in range(1, 4) for step in range(5)}
    assert len(seeds) == 3 * 3 * 5
    assert noise_seed(7, 1, 2) == noise_seed(7, 1, 2)
