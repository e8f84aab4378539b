"""Layers that choose how to convolve: which way they take, and that it makes no difference."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.utils.flop_counter import FlopCounterMode

from engine.config.networks import AutoencoderGenerator, ResnetGenerator
from engine.networks.autoencoder import build_autoencoders
from engine.networks.convolutions import Algorithm, Conv3x3, ConvToImage, compute_by
from engine.networks.generators import build_generator


def drawn(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def is_direct(layer: nn.Module, x: Tensor) -> bool:
    """Whether PyTorch computed it by a convolution of the layer's own kernel."""
    assert isinstance(layer, nn.Conv2d)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        out = layer(x)
    kernel = layer.kernel_size[0] * layer.kernel_size[1]
    operations = counter.get_flop_counts()["Global"]
    return bool(operations == {torch.ops.aten.convolution: 2 * out.numel() * layer.in_channels * kernel})


def maps(images: int, channels: int, height: int, width: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """An input that a 3x3 convolution makes height x width of."""
    return torch.zeros(images, channels, height + 2, width + 2, dtype=dtype)


def test_winograd_where_it_was_measured_to_be_faster() -> None:
    wide, narrow = Conv3x3(128, 128, bias=False), Conv3x3(128, 127, bias=False)
    assert not is_direct(wide, maps(2, 128, 16, 16))
    assert not is_direct(wide, maps(1, 128, 32, 16))
    assert is_direct(wide, maps(1, 128, 16, 16)), "too few tiles"
    assert is_direct(narrow, maps(2, 128, 16, 16)), "too few channels"


def test_folding_where_it_was_measured_to_be_faster() -> None:
    assert not is_direct(ConvToImage(32, 3, 7), torch.zeros(1, 32, 10, 10))
    assert is_direct(ConvToImage(31, 3, 7), torch.zeros(1, 31, 10, 10)), "too few channels"
    assert is_direct(ConvToImage(32, 5, 7), torch.zeros(1, 32, 10, 10)), "too many outputs"


@pytest.mark.parametrize("algorithm", ["auto", "direct"])
def test_whoever_asks_for_pytorchs_convolution_gets_it(algorithm: Algorithm) -> None:
    for layer, x in ((Conv3x3(128, 128, bias=True), maps(2, 128, 16, 16)), (ConvToImage(32, 3, 7), maps(1, 32, 8, 8))):
        compute_by(algorithm, layer)
        assert is_direct(layer, x) == (algorithm == "direct")
        assert is_direct(copy.deepcopy(layer), x) == (algorithm == "direct"), "of its moving average too"


def test_fast_is_whatever_the_size_and_odd_sides_have_no_tiles() -> None:
    layer = Conv3x3(2, 2, bias=True)
    compute_by("fast", layer)
    assert not is_direct(layer, maps(1, 2, 4, 4))
    assert is_direct(layer, maps(1, 2, 5, 4))
    assert is_direct(layer, maps(1, 2, 4, 5))


def test_under_autocast_and_in_other_types_it_is_pytorchs() -> None:
    for layer, x in ((Conv3x3(2, 2, bias=True), maps(1, 2, 4, 4)), (ConvToImage(2, 3, 7), maps(1, 2, 8, 8))):
        compute_by("fast", layer)
        assert not is_direct(layer.double(), x.double())
        assert is_direct(layer.bfloat16(), x.bfloat16())
        with torch.autocast("cpu", torch.bfloat16):
            assert is_direct(layer.float(), x)


def test_layers_have_the_keys_weights_and_signature_of_pytorchs() -> None:
    torch.manual_seed(0)
    ours = nn.Sequential(Conv3x3(4, 4, bias=True), ConvToImage(4, 3, 7)).state_dict()
    torch.manual_seed(0)
    theirs = nn.Sequential(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 3, 7)).state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_spectral_normalisation_improves_its_estimate_once_a_pass() -> None:
    torch.manual_seed(0)
    fast = spectral_norm(Conv3x3(4, 4, bias=True).double())
    plain = spectral_norm(nn.Conv2d(4, 4, 3).double())
    plain.load_state_dict(fast.state_dict())
    compute_by("fast", fast)
    x = drawn(1, 4, 8, 8)
    assert not is_direct(copy.deepcopy(fast), x)
    for _ in range(3):
        torch.testing.assert_close(fast(x), plain(x), rtol=1e-12, atol=1e-12)
    assert all(torch.equal(value, plain.state_dict()[key]) for key, value in fast.state_dict().items())


def gradients(network: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The result and the gradients of every parameter."""
    network.zero_grad()
    out = network(x)
    out.square().mean().backward()
    return {"": out.detach(), **{name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}}


def test_whole_generators_and_autoencoders_compute_the_same_either_way() -> None:
    config = AutoencoderGenerator(width=4, blocks=2, shared=1)
    autoencoders = build_autoencoders(config, 3)
    names = list(autoencoders)
    encoder, decoder = (next(name for name in names if name.startswith(kind)) for kind in ("encoder", "decoder"))
    latent = drawn(2, 4 * 2**config.downs, 8, 8, seed=1)
    for network, x in (
        (build_generator(ResnetGenerator(width=4, blocks=2), 3, 3), drawn(2, 3, 32, 32)),
        (autoencoders[encoder], drawn(2, 3, 32, 32)),
        (autoencoders[decoder], latent),
    ):
        network.double()
        compute_by("direct", network)
        direct = gradients(network, x)
        compute_by("fast", network)
        fast = gradients(network, x)
        assert direct.keys() == fast.keys()
        assert any(not torch.equal(direct[key], fast[key]) for key in direct), "nothing was computed another way"
        for key, wanted in direct.items():
            torch.testing.assert_close(fast[key], wanted, rtol=1e-9, atol=1e-11, msg=key)
