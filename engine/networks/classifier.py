"""DTN's f: a classifier of digits, whose last hidden layer is what a translation is to keep."""

from __future__ import annotations

from torch import Tensor, nn

from engine.networks.blocks import normalisation

DIGITS = 10


class DigitClassifier(nn.Module):
    """Four convolutions, 32 -> 16 -> 8 -> 4 -> 1 px, each normalised, and a linear layer to ten logits.

    The channels, 64, 128, 256 and 128 for a width of 64, are the paper's (DTN, section 5.1), where max pooling and ReLU
    follow each convolution. Strides, batch normalisation and a last tanh are those of the content extractor of
    yunjey/domain-transfer-network, here with 4x4 convolutions throughout. The tanh bounds L_CONST: a mean over the last
    channels, it keeps its size beside the other terms however sure f becomes. Batch normalisation of the last, which is
    a single pixel, takes two images or more while it trains.

    Args:
        width: channels of the first convolution; the others have 2, 4 and 2 times as many.
        in_channels: of the images.
    """

    def __init__(self, width: int, in_channels: int = 3) -> None:
        super().__init__()
        self.channels = 2 * width
        self.model = nn.Sequential(
            *_block(in_channels, width, stride=2, padding=1),
            *_block(width, 2 * width, stride=2, padding=1),
            *_block(2 * width, 4 * width, stride=2, padding=1),
            *_block(4 * width, self.channels, stride=1, padding=0)[:-1],
            nn.Tanh(),
        )
        self.head = nn.Linear(self.channels, DIGITS)

    def features(self, images: Tensor) -> Tensor:
        """f(x): (N, in_channels, 32, 32) in [-1, 1] -> (N, self.channels, 1, 1) in [-1, 1]."""
        out: Tensor = self.model(images)
        return out

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, 32, 32) in [-1, 1] -> (N, 10): a logit for each digit."""
        out: Tensor = self.head(self.features(images).flatten(1))
        return out


def _block(channels: int, out_channels: int, *, stride: int, padding: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, out_channels, kernel_size=4, stride=stride, padding=padding, bias=False),
        normalisation("batch", out_channels),
        nn.ReLU(inplace=True),
    ]
