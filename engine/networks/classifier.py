"""DTN's f: a classifier of digits, whose last hidden layer is what a translation is to keep."""

from __future__ import annotations

from torch import Tensor, nn

DIGITS = 10
LAST_SIDE = 2
"""Side in pixels of the map of features: images of 32 px are halved four times."""


class DigitClassifier(nn.Module):
    """Four convolutions, each followed by max pooling, 32 -> 16 -> 8 -> 4 -> 2 px, and a linear layer to ten logits.

    64, 128, 256 and 128 channels for a width of 64, and ReLU after each pooling (DTN, section 5.1). After the last
    there is a tanh instead, as in the content extractor of yunjey/domain-transfer-network: it bounds L_CONST, a mean
    over the features, which then keeps its size beside the other terms however sure f becomes. It has no batch
    normalisation, whose statistics of the source are not those of what it is shown later.

    Args:
        width: channels of the first convolution; the others have 2, 4 and 2 times as many.
        in_channels: of the images.
    """

    def __init__(self, width: int, in_channels: int = 3) -> None:
        super().__init__()
        self.channels = 2 * width
        self.model = nn.Sequential(
            *_halving(in_channels, width),
            nn.ReLU(inplace=True),
            *_halving(width, 2 * width),
            nn.ReLU(inplace=True),
            *_halving(2 * width, 4 * width),
            nn.ReLU(inplace=True),
            *_halving(4 * width, self.channels),
            nn.Tanh(),
        )
        self.head = nn.Linear(self.channels * LAST_SIDE**2, DIGITS)

    def features(self, images: Tensor) -> Tensor:
        """f(x): (N, in_channels, 32, 32) in [-1, 1] -> (N, self.channels, 2, 2) in [-1, 1]."""
        out: Tensor = self.model(images)
        return out

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, 32, 32) in [-1, 1] -> (N, 10): a logit for each digit."""
        out: Tensor = self.head(self.features(images).flatten(1))
        return out


def _halving(channels: int, out_channels: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out_channels, kernel_size=3, padding=1), nn.MaxPool2d(2)]
