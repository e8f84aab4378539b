"""DCGAN's discriminator, which judges an image as a whole, by itself or beside the others of its batch.

State-dict keys are those of SKTBrain/DiscoGAN.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

from engine.config.networks import ImageDiscriminator
from engine.networks.blocks import normalisation
from engine.networks.verdict import Verdict, judged
from engine.ranks.exchange import of_whole_batch

LAST_MAP = 4
"""Side of the map that the last convolution judges, in pixels."""
KERNEL_DIMENSIONS = 5
"""Numbers by which a kernel of minibatch discrimination compares two images (C of the paper)."""


class ImageGan(nn.Sequential):
    """Strided 4x4 convolutions without bias to a map of 4x4, and one over the whole of it, as DiscoGAN has them.

    Widths double with every halving, up to 8 times the first; all but the first are normalised. A normalisation is
    called bn in the keys, as the reference's is, of whatever kind it is.
    """

    def __init__(self, config: ImageDiscriminator, in_channels: int, outputs: int) -> None:
        widths = [config.width * min(2**level, 8) for level in range(config.downs)]
        layers: dict[str, nn.Module] = {
            "conv1": nn.Conv2d(in_channels, widths[0], kernel_size=4, stride=2, padding=1, bias=False),
            "relu1": nn.LeakyReLU(0.2, inplace=True),
        }
        for level, (channels, out_channels) in enumerate(pairwise(widths), start=2):
            layers |= {
                f"conv{level}": nn.Conv2d(channels, out_channels, kernel_size=4, stride=2, padding=1, bias=False),
                f"bn{level}": normalisation(config.norm, out_channels),
                f"relu{level}": nn.LeakyReLU(0.2, inplace=True),
            }
        last: nn.Module = nn.Conv2d(widths[-1], outputs, kernel_size=LAST_MAP, bias=False)
        if config.minibatch:
            last = JudgementInBatch(last, widths[-1] * LAST_MAP**2, config.minibatch, outputs)
        layers[f"conv{config.downs + 1}"] = last
        super().__init__(OrderedDict(layers))

    def forward(self, images: Tensor) -> Verdict:
        """(N, in_channels, S, S) -> logits of (N, outputs, 1, 1); S = 4 * 2**downs.

        Its features are those of the normalised layers, three for four halvings, as DiscoGAN's feature matching takes
        them.
        """
        verdict = judged(self, images)
        [(_, *normalised)] = verdict.features
        return Verdict(verdict.logits, (tuple(normalised),))


class JudgementInBatch(nn.Module):
    """A last layer that sees, beside an image's own map, how near the others of the batch are to it.

    Linear in both together, as if the similarities were appended to the flattened map.

    Args:
        own: the last convolution of the image's own map.
        features: numbers in that map.
        kernels: of minibatch discrimination.
        outputs: logits of an image.
    """

    def __init__(self, own: nn.Module, features: int, kernels: int, outputs: int) -> None:
        super().__init__()
        self.own = own
        self.similarity = MinibatchDiscrimination(features, kernels)
        self.of_similarity = nn.Linear(kernels, outputs, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, 4, 4) -> (N, outputs, 1, 1)."""
        near: Tensor = self.of_similarity(self.similarity(maps.flatten(1)))
        out: Tensor = self.own(maps) + near[:, :, None, None]
        return out


class MinibatchDiscrimination(nn.Module):
    """How near the images of a batch are to each one (Salimans et al. 2016, section 3.2).

    An image's features f(x_i) times a tensor T give M_i, a row of numbers for each kernel b; then
    o(x_i)_b = sum over j of exp(-|M_i,b - M_j,b|_1), over all images as the paper has it, the image itself included.

    Args:
        features: A, numbers by which an image is described.
        kernels: B.
    """

    def __init__(self, features: int, kernels: int) -> None:
        super().__init__()
        self.tensor = nn.Parameter(torch.empty(features, kernels, KERNEL_DIMENSIONS))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw T from N(0, 1/A) anew: features of unit variance then differ by about 1, where exp is not flat."""
        nn.init.normal_(self.tensor, 0.0, len(self.tensor) ** -0.5)

    def forward(self, features: Tensor) -> Tensor:
        """(N, A) -> (N, B), each between 1 and N."""
        M = torch.einsum("na,abc->nbc", features, self.tensor)
        distances = (M[:, None] - of_whole_batch(M)[None]).abs().sum(dim=-1)
        return torch.exp(-distances).sum(dim=1)
