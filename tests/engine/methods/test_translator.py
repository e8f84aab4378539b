"""What a method gives as its translating network is what it translates with."""

from __future__ import annotations

import pytest
import torch

from engine.batch import ImageBatch
from engine.config.methods import CONFIGS
from engine.errors import RequestError
from engine.methods.build import build_method
from engine.methods.method import evaluating
from tests.runs import tiny_config

CPU = torch.device("cpu")


@pytest.mark.parametrize("ema", [0.0, 0.9])
@pytest.mark.parametrize("kind", CONFIGS)
def test_the_translator_does_all_that_translating_does(kind: str, ema: float) -> None:
    config = tiny_config(f"optim.ema={ema}", kind=kind)
    method = build_method(config, CPU)
    real_A, real_B = torch.rand(2, 2, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    labels = torch.tensor([3, 4])
    for _ in range(6):  # f of DTN is trained first; an average is apart from what it follows after the first
        method.step(ImageBatch(real_A=real_A, real_B=real_B, label_A=labels, label_B=labels))
    for direction in ("AtoB", "BtoA") if CONFIGS[kind].both_ways else ("AtoB",):
        translator = method.translator(direction)
        with evaluating([translator]):
            assert torch.allclose(translator(real_A), method.translate(real_A, direction), atol=1e-6)
        averages = {id(weight) for name in method.averages for weight in method.networks[name].parameters()}
        assert any(id(weight) in averages for weight in translator.parameters()) == (ema > 0)


@pytest.mark.parametrize("kind", [kind for kind, config in CONFIGS.items() if not config.both_ways])
def test_a_way_that_is_not_trained_is_refused(kind: str) -> None:
    with pytest.raises(RequestError, match="translates one way"):
        build_method(tiny_config(kind=kind), CPU).translator("BtoA")
