"""Making what a method is made of: networks with their first weights, and optimizers."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Adam, Optimizer

from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    DiscriminatorConfig,
    Network,
    TranslatingGenerator,
)
from engine.config.schema import OptimConfig
from engine.methods.method import hold_rates_on_device
from engine.networks.autoencoder import build_autoencoders
from engine.networks.classifier import DigitClassifier
from engine.networks.convolutions import Algorithm, compute_by
from engine.networks.discriminators import build_discriminator
from engine.networks.generators import build_generator
from engine.networks.initialise import initialise

CHANNELS = 3
"""Of every image: grey ones are read as RGB."""


class Assembly:
    """Makes networks in a given order; their first weights follow from the seed and are the same on every device.

    Args:
        device: where they are put.
        dtype: of their weights.
        seed: what the first weights are drawn from.
        convolution: how those convolutions are computed that can be in more ways than one.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype, seed: int, convolution: Algorithm) -> None:
        self._device = device
        self._dtype = dtype
        self._convolution: Algorithm = convolution
        self._draws = torch.Generator().manual_seed(seed)

    def generator(self, config: TranslatingGenerator, *, unit_range: bool = False) -> nn.Module:
        """A generator from images to images; in [0, 1] instead of [-1, 1] if asked for."""
        with torch.random.fork_rng(devices=[]):  # PyTorch's own first weights, which are replaced, draw from it
            network = build_generator(config, CHANNELS, CHANNELS, unit_range=unit_range)
        return self.begun(network, config)

    def discriminator(self, config: DiscriminatorConfig, channels: int = CHANNELS, outputs: int = 1) -> nn.Module:
        """A discriminator of images with so many channels, which may be those of two images."""
        with torch.random.fork_rng(devices=[]):
            network = build_discriminator(config, channels, outputs)
        return self.begun(network, config)

    def decoder(self, config: DecoderGenerator, features: int) -> nn.Module:
        """DTN's generator, from so many features to images in [-1, 1]."""
        with torch.random.fork_rng(devices=[]):
            network = build_generator(config, features, CHANNELS)
        return self.begun(network, config)

    def autoencoders(self, config: AutoencoderGenerator) -> dict[str, nn.Module]:
        """The encoders and decoders of two domains and what they share, by name (networks.autoencoder)."""
        with torch.random.fork_rng(devices=[]):
            networks = build_autoencoders(config, CHANNELS)
        return {name: self.begun(network, config) for name, network in networks.items()}

    def classifier(self, width: int) -> DigitClassifier:
        """A classifier of digits with so many channels in its first layer; PyTorch's distribution of first weights."""
        with torch.random.fork_rng(devices=[]):
            network = DigitClassifier(width, CHANNELS)
        self.begun(network, Network(init="pytorch"))
        return network

    def begun(self, network: nn.Module, config: Network) -> nn.Module:
        """A network, made on the CPU, with the first weights that its section asks for, on the device."""
        initialise(network, config.init, config.init_gain, self._draws)
        compute_by(self._convolution, network)
        return network.to(self._device, self._dtype)


def adam(networks: Iterable[nn.Module], rate: float, config: OptimConfig) -> Adam:
    """One Adam for the weights of several networks, each weight once."""
    parameters = dict.fromkeys(parameter for network in networks for parameter in network.parameters())
    betas = (config.beta1, config.beta2)
    on_cuda = any(parameter.is_cuda for parameter in parameters)
    with_content = not any(parameter.is_meta for parameter in parameters)  # without, there is no fused Adam
    optimizer = Adam(
        list(parameters),
        lr=rate,
        betas=betas,
        weight_decay=config.weight_decay,
        fused=with_content,
        capturable=on_cuda,
    )
    optimizer.register_load_state_dict_post_hook(_lay_out_like_weights)
    if on_cuda:
        # Capturable on every CUDA device, so that recorded and launched steps compute the same.
        warnings.filterwarnings("ignore", message="This instance was constructed with capturable=True")
        hold_rates_on_device(optimizer, next(iter(parameters)).device)
    return optimizer


def _lay_out_like_weights(optimizer: Optimizer) -> None:
    """Give the moments that were loaded the layout of their weights; files have the usual one.

    Fused Adam goes through both as they lie in memory.
    """
    for parameter, state in optimizer.state.items():
        for name, moment in state.items():
            if moment.shape == parameter.shape and moment.stride() != parameter.stride():
                state[name] = torch.empty_like(parameter).copy_(moment)
