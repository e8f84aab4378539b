"""The Inception network of FID and KID: torch-fidelity's, with weights that the user has, read without running code."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.config.inception_weights import URL, digest_in, digest_of
from engine.data.pixels import to_bytes
from engine.errors import WorkError
from engine.protocol.jobs import Remark, Tell

FEATURES = 2048
"""Of the last pooling layer, which both distances are defined on."""
_AT_ONCE = 32
_ANOTHER = f"Name the file of the Inception network's weights, as from {URL}"


class Inception:
    """Sees in an image the features that FID and KID compare.

    Images are rounded to bytes, as they would be in a file, and resized to 299 x 299 px within the network as
    TensorFlow 1 does it, which torch-fidelity reproduces.

    Args:
        path: the weights (engine.config.inception_weights).
        device: where it computes, in float32.
        tell: is told where they are not torch-fidelity's.

    Raises:
        WorkError: the file is damaged, or holds something else.
    """

    def __init__(self, path: Path, device: torch.device, tell: Tell) -> None:
        self._network = _network(path).to(device)
        self.digest = _digest(path)
        """SHA-256 of its weights."""
        if not self.digest.startswith(digest_in(URL)):
            known = f"whose SHA-256 begins with {digest_in(URL)}: its figures compare with one another alone"
            tell(Remark(text=f"{path} holds other weights than torch-fidelity's, {known}"))

    def features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], on the device -> (N, 2048), float32 on the CPU."""
        with torch.no_grad():
            found = [self._network(chunk)[0] for chunk in torch.split(to_bytes(images), _AT_ONCE)]
        return torch.cat(found).cpu()


def _digest(path: Path) -> str:
    try:
        return digest_of(path)
    except OSError as error:
        raise WorkError(str(path), f"cannot be read ({error.strerror})", "Make it readable.") from error


def _network(path: Path) -> nn.Module:
    """torch-fidelity's own loader would run whatever code a pickle holds; it is handed the tensors alone."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    own = io.BytesIO()
    torch.save(_tensors(path), own)
    own.seek(0)
    try:
        network: nn.Module = FeatureExtractorInceptionV3("inception", [str(FEATURES)], own)
    except (RuntimeError, AttributeError, TypeError, ValueError) as error:  # names and shapes of another network
        raise WorkError(str(path), "holds other weights than the Inception network's", _ANOTHER) from error
    return network.eval()


def _tensors(path: Path) -> dict[str, Tensor]:
    """What a file of weights holds, read without running code in it."""
    try:
        found = torch.load(path, weights_only=True, map_location="cpu")
    except OSError as error:
        raise WorkError(str(path), f"cannot be read ({error.strerror or error})", "Make it readable.") from error
    except Exception as error:
        raise WorkError(str(path), "is no file of weights, or a damaged one", _ANOTHER) from error
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise WorkError(str(path), "holds other things than weights", _ANOTHER)
    return found
