"""The judge's network: another kind of classifier of digits than DTN's f."""

from __future__ import annotations

from torch import Tensor, nn

from engine.networks.classifier import DIGITS


class DigitJudge(nn.Module):
    """Two convolutions, each followed by max pooling, and two linear layers (after LeCun et al. 1998, section 2.B).

    Of another family than DTN's f, so that an image that pleases f for its weaknesses does not please the judge for the
    same. It has no batch normalisation, whose statistics of clean digits made a judge name hardly any other image
    rightly.

    Args:
        width: channels of the first convolution; the second has twice as many.
        in_channels: of the images.
    """

    def __init__(self, width: int, in_channels: int = 3) -> None:
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(in_channels, width, kernel_size=5),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, kernel_size=5),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(2 * width * 5 * 5, 4 * width),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4 * width, DIGITS),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, in_channels, 32, 32) in [-1, 1] -> (N, 10): a logit for each digit."""
        out: Tensor = self.model(images)
        return out
