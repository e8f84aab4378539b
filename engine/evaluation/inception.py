"""The Inception network of FID and KID: torch-fidelity's, with weights that the user has, read without running code."""

from __future__ import annotations

import io
import urllib.error
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import Tensor, nn

from engine.config.inception_weights import URL, cached_weights, digest_in, digest_of, find_weights, require_weights
from engine.data.pixels import to_bytes
from engine.errors import WorkError
from engine.protocol.jobs import Remark, Tell

FEATURES = 2048
"""Of the last pooling layer, which both distances are defined on."""
_AT_ONCE = 32


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
        self.digest = _digest(path)
        """SHA-256 of its weights."""
        if not self.digest.startswith(digest_in(URL)):
            known = f"whose SHA-256 begins with {digest_in(URL)}: its figures compare with one another alone"
            tell(Remark(text=f"{path} holds other weights than torch-fidelity's, {known}"))
        self._network = _network(path).to(device)

    def features(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], on the device -> (N, 2048), float32 on the CPU."""
        with torch.no_grad():
            found = [self._network(chunk)[0] for chunk in torch.split(to_bytes(images), _AT_ONCE)]
        return torch.cat(found).cpu()


def fetched_weights(given: str, *, download: bool, tell: Tell, url: str = URL) -> Path:
    """The file of the weights, downloaded where that is wanted and it is not there.

    Args:
        given: a file named by the user; empty for none.
        download: whether they may be fetched.
        tell: is told of the download.
        url: where from; the name at its end gives the beginning of the file's SHA-256.

    Raises:
        RequestError: they are not there and may not be fetched.
        WorkError: they cannot be fetched, or what comes is something else.
    """
    if not download or find_weights(given) is not None:
        return require_weights(given)
    path = cached_weights(url=url)
    tell(Remark(text=f"downloading {url}"))
    fix = "Fetch the file elsewhere, and name it with --fid-weights."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path), hash_prefix=digest_in(url), progress=False)
    except urllib.error.HTTPError as error:
        raise WorkError(url, f"cannot be fetched (HTTP status {error.code})", fix) from error
    except OSError as error:  # URLError is one
        reason = getattr(error, "reason", None) or error.strerror or error
        raise WorkError(url, f"cannot be fetched ({reason})", fix) from error
    except RuntimeError as error:  # what PyTorch raises for another hash; it keeps nothing of it
        raise WorkError(url, "sent something else: its SHA-256 is not the one that its name gives", fix) from error
    return path


def _digest(path: Path) -> str:
    try:
        return digest_of(path)
    except OSError as error:
        raise WorkError(str(path), f"cannot be read ({error.strerror})", "Make it readable.") from error


def _network(path: Path) -> nn.Module:
    """torch-fidelity's own loader would run whatever code a pickle holds; it is handed the tensors alone."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    fix = f"Fetch it anew, from {URL}."
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        own = io.BytesIO()
        torch.save(state, own)
        own.seek(0)
        network: nn.Module = FeatureExtractorInceptionV3("inception", [str(FEATURES)], own)
    except (OSError, EOFError, RuntimeError, AttributeError, TypeError, ValueError, UnpicklingError) as error:
        what = (str(error).splitlines() or [type(error).__name__])[0]
        raise WorkError(str(path), f"does not hold the Inception network's weights ({what})", fix) from error
    return network.eval()
