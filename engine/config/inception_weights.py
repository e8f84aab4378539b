"""Where the weights of the Inception network lie, which FID and KID need and no package brings. Torch-free.

They are those that torch-fidelity uses, converted from TensorFlow's file of 2015 by which FID is defined.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from engine.config.cache_folder import cache_folder
from engine.config.user_paths import at_home
from engine.errors import RequestError

URL = "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
"""torch-fidelity's own."""
MEGABYTES = 91
"""Their size."""
VARIABLE = "GAN_TUI_FID_WEIGHTS"
_DIGEST = re.compile(r"-([0-9a-f]{8,})\.\w+$")


class MissingWeightsError(RequestError):
    """The weights are not on this machine.

    Args:
        path: where a download of them belongs.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        fetch = f"curl -fL --create-dirs -o {shlex.quote(str(path))} {URL}"
        fix = f"Fetch them ({MEGABYTES} MB) with gan-tui eval RUN --figure fid --download-weights, or with {fetch}; "
        named = f"or name a file of them: --fid-weights, evaluation.fid_weights, ${VARIABLE}."
        fact = "need the weights of the Inception network, which are not on this machine"
        super().__init__("fid and kid", fact, fix + named)


def require_fidelity(find: Callable[[str], object] = find_spec) -> None:
    """Refuse FID and KID where the package with the network is missing.

    Args:
        find: looks for a package by its name; None where it is not installed.

    Raises:
        RequestError: it is missing.
    """
    if find("torch_fidelity") is None:
        fix = "Install it: pip install 'gan-tui[fid]'. Or leave these figures out."
        raise RequestError("fid and kid", "need the package torch-fidelity, which is not installed", fix)


def find_weights(given: str = "", environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file of the weights: the one that is given, else the environment's, else one that was downloaded before.

    Raises:
        RequestError: a file is given that is not there.
    """
    for source, path in (("", given), (VARIABLE, environment.get(VARIABLE, ""))):
        if path:
            file = at_home(path)
            if not os.path.isfile(file):  # noqa: PTH113 - Path's own raises where a name is too long
                subject = f"{source}={path}" if source else path
                fix = "Name the file of the Inception network's weights; --download-weights fetches one."
                raise RequestError(subject, "is not a file", fix)
            return file
    cached = cached_weights(environment)
    return cached if cached.is_file() else None


def require_weights(given: str = "", environment: Mapping[str, str] = os.environ) -> Path:
    """As find_weights. Raises MissingWeightsError where there is none."""
    found = find_weights(given, environment)
    if found is None:
        raise MissingWeightsError(cached_weights(environment))
    return found


def cached_weights(environment: Mapping[str, str] = os.environ, url: str = URL) -> Path:
    """Where a download is kept: where PyTorch keeps those of torch-fidelity."""
    home = at_home(environment.get("TORCH_HOME") or cache_folder(environment) / "torch")
    return home / "hub" / "checkpoints" / url.rpartition("/")[2]


def digest_in(name: str) -> str:
    """The beginning of the SHA-256 that a file's name gives of its content; empty where it gives none."""
    found = _DIGEST.search(name)
    return found[1] if found else ""


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
