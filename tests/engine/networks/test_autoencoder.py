"""UNIT's encoders and decoders, and the blocks that the two domains share."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.config.networks import AutoencoderGenerator
from engine.networks.autoencoder import build_autoencoders
from engine.networks.blocks import ResnetBlock

OWN = {"encoder_A", "encoder_B", "decoder_A", "decoder_B"}
SHARED = {"shared_encoder", "shared_decoder"}


def blocks_of(network: nn.Module) -> int:
    return sum(isinstance(module, ResnetBlock) for module in network.modules())


def latent_of(networks: dict[str, nn.Module], domain: str, images: Tensor) -> Tensor:
    latent: Tensor = networks["shared_encoder"](networks[f"encoder_{domain}"](images))
    return latent


def image_of(networks: dict[str, nn.Module], domain: str, latent: Tensor) -> Tensor:
    image: Tensor = networks[f"decoder_{domain}"](networks["shared_decoder"](latent))
    return image


@pytest.mark.parametrize("downs", [1, 2, 3])
@pytest.mark.parametrize("side", [16, 32])
def test_an_image_goes_into_the_latent_space_and_out_of_it(downs: int, side: int) -> None:
    networks = build_autoencoders(AutoencoderGenerator(width=2, downs=downs, blocks=2, shared=1), 3)
    latent = latent_of(networks, "A", torch.rand(2, 3, side, side))
    assert latent.shape == (2, 2 * 2**downs, side // 2**downs, side // 2**downs)
    image = image_of(networks, "B", latent)
    assert image.shape == (2, 3, side, side)
    assert image.abs().max() <= 1
    assert image.min() < 0 < image.max()


@pytest.mark.parametrize("shared", [0, 1, 3])
def test_shared_blocks_are_taken_from_the_domains_own(shared: int) -> None:
    networks = build_autoencoders(AutoencoderGenerator(width=2, blocks=3, shared=shared), 3)
    assert set(networks) == (OWN | SHARED if shared else OWN)
    assert {blocks_of(networks[name]) for name in OWN} == {3 - shared}
    assert {blocks_of(networks[name]) for name in SHARED & set(networks)} == ({shared} if shared else set())


def test_every_weight_is_in_one_network_alone() -> None:
    networks = build_autoencoders(AutoencoderGenerator(width=2, blocks=2, shared=1), 3)
    parameters = [parameter for network in networks.values() for parameter in network.parameters()]
    assert len({id(parameter) for parameter in parameters}) == len(parameters)


def test_both_domains_move_with_a_shared_weight_and_one_with_its_own() -> None:
    networks = build_autoencoders(AutoencoderGenerator(width=2, blocks=2, shared=1, norm="none"), 3)
    images = torch.rand(1, 3, 16, 16)

    def made() -> dict[str, Tensor]:
        with torch.no_grad():
            latents = {domain: latent_of(networks, domain, images) for domain in "AB"}
            return latents | {f"image_{domain}": image_of(networks, domain, latents["A"]) for domain in "AB"}

    def changed(name: str) -> set[str]:
        before = made()
        with torch.no_grad():
            next(networks[name].parameters()).add_(0.5)
        return {key for key, value in made().items() if not torch.equal(value, before[key])}

    assert changed("shared_encoder") == {"A", "B", "image_A", "image_B"}
    assert changed("shared_decoder") == {"image_A", "image_B"}
    assert changed("encoder_B") == {"B"}
    assert changed("decoder_B") == {"image_B"}
