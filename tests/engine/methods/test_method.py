"""Looking at networks while a run trains: in which mode they are, and what the look leaves behind."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.methods.method import translating_as_trained

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")),
    pytest.param("mps", marks=pytest.mark.skipif(not torch.backends.mps.is_available(), reason="it has no MPS")),
]


def network(device: str = "cpu") -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Sequential(nn.Conv2d(3, 3, 1))).to(device)


def images(device: str = "cpu") -> Tensor:
    return 3 + 2 * torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)).to(device)


def test_networks_that_were_in_evaluation_translate_as_in_training_and_go_back() -> None:
    """With dropout, and normalised by the batch's own statistics; each module goes back to its own mode."""
    looked_at = network().eval()
    looked_at[2].train()
    with translating_as_trained([looked_at]):
        normalised = looked_at[0](images())
        dropped = looked_at[1](torch.ones(1000))
    torch.testing.assert_close(normalised.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    assert {0.0, 2.0} == set(dropped.tolist())
    assert [module.training for module in looked_at.modules()] == [False, False, False, True, True]


@pytest.mark.parametrize("device", DEVICES)
def test_what_is_drawn_next_is_what_would_have_been_without_the_look(device: str) -> None:
    """By the networks' own device and by the CPU, whatever was drawn on either, also after an error."""
    looked_at = network(device)

    def next_numbers(look: bool) -> list[Tensor]:
        torch.manual_seed(5)
        if look:
            with pytest.raises(ZeroDivisionError), translating_as_trained([looked_at]):
                looked_at(images(device))
                torch.rand(1)
                _ = 1 / 0
        return [torch.rand(3), torch.rand(3, device=device).cpu()]

    assert all(torch.equal(a, b) for a, b in zip(next_numbers(look=True), next_numbers(look=False), strict=True))


def test_statistics_weights_and_modes_are_left_as_they_were() -> None:
    looked_at = network()
    before = {name: value.clone() for name, value in looked_at.state_dict().items()}
    with translating_as_trained([looked_at]):
        assert not looked_at(images()).requires_grad
    assert all(torch.equal(value, before[name]) for name, value in looked_at.state_dict().items())
    looked_at(images())
    assert not torch.equal(looked_at.state_dict()["0.running_mean"], before["0.running_mean"])
    assert all(module.training for module in looked_at.modules())
