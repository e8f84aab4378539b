"""The building blocks that networks share: normalisation, enlarging and shrinking, and the two kinds of inner block.

Module positions inside a block are part of the checkpoint format: they give the state-dict keys of the reference
implementation (junyanz/pytorch-CycleGAN-and-pix2pix), so that its checkpoints load here and ours load there.
"""

from __future__ import annotations

from typing import assert_never

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.config.networks import Norm
from engine.networks.convolutions import Conv3x3

MOST_GROUPS = 32
"""Groups of channels that group normalisation makes at most (Wu and He 2018, section 4)."""
FEWEST_IN_A_GROUP = 4
"""Channels in such a group at least, where there are so many (as in the networks of Karras et al. 2022)."""


def normalisation(norm: Norm, channels: int) -> nn.Module:
    """A normalisation layer for maps of so many channels.

    Instance normalisation has no parameters and keeps no statistics, so it acts on every image by itself and alike in
    training and evaluation. Batch normalisation has both. Group normalisation acts on every image by itself too, over
    equal groups of channels (group_count); it has parameters only.
    """
    match norm:
        case "instance":
            return InstanceNorm(channels)
        case "batch":
            return nn.BatchNorm2d(channels)
        case "group":
            return nn.GroupNorm(group_count(channels), channels)
        case "none":
            return nn.Identity()
        case _:
            assert_never(norm)


def group_count(channels: int) -> int:
    """Into how many equal groups group normalisation divides so many channels: the most that both bounds allow.

    32 groups whatever the width would leave narrow layers a channel or two in each. A group of one channel is instance
    normalisation under another name, and makes a map of one pixel 0; with fewer than four the accuracy falls (Wu and He
    2018, section 4.1). Fewer than four channels in all are one group.
    """
    most = max(1, min(MOST_GROUPS, channels // FEWEST_IN_A_GROUP))
    return next(groups for groups in range(most, 0, -1) if channels % groups == 0)


def needs_bias(norm: Norm) -> bool:
    """Whether a convolution before this normalisation has a bias, as the reference has it.

    True for instance normalisation, although it removes every bias again: the keys of published checkpoints have it.
    """
    return norm == "instance"


class InstanceNorm(nn.InstanceNorm2d):
    """Instance normalisation that leaves channels together where they are so (memory_format=torch.channels_last).

    PyTorch's own would lay every map out anew, and the next convolution once more. Of one image it is batch
    normalisation by the statistics of the batch, which takes both layouts.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape and layout."""
        if not has_channels_last(x):
            return super().forward(x)
        return torch.cat([F.batch_norm(image, None, None, training=True, eps=self.eps) for image in torch.split(x, 1)])


def has_channels_last(x: Tensor) -> bool:
    """Whether maps have their channels together, and not also the usual layout, as those of one pixel have."""
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


class ReflectionPad(nn.ReflectionPad2d):
    """Reflection padding by so many pixels on every side.

    On a GPU PyTorch sums its gradient in no fixed order, and lays maps out anew whose channels are together. Where
    determinism is asked for, or channels are together, it is put together from slices instead.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H + 2p, W + 2p); H and W greater than p."""
        if x.is_cuda and (torch.are_deterministic_algorithms_enabled() or has_channels_last(x)):
            return reflected(x, int(self.padding[0]))
        return super().forward(x)


def reflected(x: Tensor, by: int) -> Tensor:
    """The same from slices: (N, C, H, W) -> (N, C, H + 2 by, W + 2 by)."""
    wide = torch.cat([x[..., 1 : by + 1].flip(-1), x, x[..., -by - 1 : -1].flip(-1)], dim=-1)
    return torch.cat([wide[..., 1 : by + 1, :].flip(-2), wide, wide[..., -by - 1 : -1, :].flip(-2)], dim=-2)


def halving(channels: int, out_channels: int, norm: Norm) -> list[nn.Module]:
    """Layers from (N, channels, H, W) to (N, out_channels, H / 2, W / 2), by a strided 3x3 convolution."""
    return [
        nn.Conv2d(channels, out_channels, kernel_size=3, stride=2, padding=1, bias=needs_bias(norm)),
        normalisation(norm, out_channels),
        nn.ReLU(inplace=True),
    ]


def doubling(channels: int, out_channels: int, norm: Norm) -> list[nn.Module]:
    """Layers from (N, channels, H, W) to (N, out_channels, 2H, 2W), by a transposed 3x3 convolution."""
    return [
        nn.ConvTranspose2d(
            channels, out_channels, kernel_size=3, stride=2, padding=1, output_padding=1, bias=needs_bias(norm)
        ),
        normalisation(norm, out_channels),
        nn.ReLU(inplace=True),
    ]


def resize_doubling(channels: int, out_channels: int, norm: Norm) -> list[nn.Module]:
    """The same by repeating every pixel and a 3x3 convolution, which treats all pixels alike (Odena et al. 2016).

    A transposed convolution of stride 2 adds up different weights at odd and even pixels: a checkerboard.
    """
    return [
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(channels, out_channels, kernel_size=3, padding=1, bias=needs_bias(norm)),
        normalisation(norm, out_channels),
        nn.ReLU(inplace=True),
    ]


class ResnetBlock(nn.Module):
    """Two 3x3 convolutions with reflection padding, added to their input (Johnson et al. 2016).

    Args:
        channels: of the input and of the output.
        norm: normalisation after each convolution.
        dropout: drop half of the values between the two; this shifts the keys of the second convolution by one.
    """

    def __init__(self, channels: int, norm: Norm, *, dropout: bool) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            ReflectionPad(1),
            Conv3x3(channels, channels, bias=needs_bias(norm)),
            normalisation(norm, channels),
            nn.ReLU(inplace=True),
            *([nn.Dropout(0.5)] if dropout else []),
            ReflectionPad(1),
            Conv3x3(channels, channels, bias=needs_bias(norm)),
            normalisation(norm, channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> the same shape; H and W at least 2."""
        out: Tensor = x + self.conv_block(x)
        return out


class UnetLevel(nn.Module):
    """One inner level of a U-Net: halve the map, run the levels below, double it, and join the result to the input.

    The innermost level has none below and does not normalise its halved map, which may be a single pixel.

    Args:
        channels: of this level's input; it returns twice as many.
        inner_channels: of the halved map.
        below: the next level down, or None for the innermost; a level returns twice its input's channels.
        norm: normalisation layers.
        dropout: drop half of the values that this level adds.
    """

    def __init__(
        self, channels: int, inner_channels: int, below: UnetLevel | None, norm: Norm, *, dropout: bool = False
    ) -> None:
        super().__init__()
        bias = needs_bias(norm)
        inner = [] if below is None else [normalisation(norm, inner_channels), below]
        up_channels = inner_channels if below is None else 2 * inner_channels
        self.model = nn.Sequential(
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, inner_channels, kernel_size=4, stride=2, padding=1, bias=bias),
            *inner,
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(up_channels, channels, kernel_size=4, stride=2, padding=1, bias=bias),
            normalisation(norm, channels),
            *([nn.Dropout(0.5)] if dropout else []),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> (N, 2 channels, H, W); H and W even.

        The skip connection carries the activated input: the reference's first layer works in place, so it joins that,
        and not what came in.
        """
        activation, *rest = self.model
        skip: Tensor = activation(x)
        out = skip
        for layer in rest:
            out = layer(out)
        return torch.cat([skip, out], dim=1)
