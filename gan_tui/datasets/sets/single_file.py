"""One file from an address to its place, for what is no set: the weights of a network, for instance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.errors import WorkError
from engine.protocol.jobs import Tell
from gan_tui.datasets.sets.claim import claimed
from gan_tui.datasets.sets.download import USUAL, Patience, download
from gan_tui.datasets.sets.known import SetFile, in_folder


def fetch_file(
    url: str,
    path: Path,
    tell: Tell,
    *,
    size: int | None = None,
    sha256: str = "",
    mirrors: Sequence[str] = (),
    otherwise: str = "",
    patience: Patience = USUAL,
) -> Path:
    """Bring a file to its place, whole and checked, or not at all; one that is there already is left alone.

    It grows in a folder ``.fetch`` beside its place, held for this process, where a later call goes on with it. An
    address that breaks off is tried again; one that is silent for a minute counts as broken off.

    Args:
        url: where from, http or https.
        path: where to; folders that are missing are made.
        tell: hears how far it has come in bytes (engine.protocol.jobs.Progress), and of what is tried again. On a
            command line: ``with gan_tui.cli.job_progress.telling() as tell``.
        size: its exact size in bytes, where that is known. Where neither this nor the server says it, no more than
            known.AT_MOST is taken.
        sha256: its SHA-256 in hexadecimal digits, or the first of them; empty where it is not known.
        mirrors: addresses of folders to try first, where it lies under the name of its place.
        otherwise: what the user can do where it cannot be had, but for trying again, as the end of a sentence: "or
            fetch it elsewhere, and name it with --fid-weights".
        patience: with the address.

    Returns:
        The path.

    Raises:
        RequestError: something on the way to its place is no folder.
        WorkError: it cannot be had, is not what size and checksum say, the disk takes no more, or another process is
            fetching it. What has come by then is kept where it may be the beginning of the file.
    """
    if path.exists():
        return path
    with claimed(path.parent, path.name) as waiting:
        file = SetFile(name=path.name, bytes=size, sha256=sha256.lower())
        urls = [*(in_folder(mirror, path.name) for mirror in mirrors), url]
        arrived = download(file, urls, waiting, tell, patience, otherwise=otherwise)
        try:
            arrived.path.replace(path)
        except OSError as error:
            raise WorkError(str(path), f"cannot be put there ({error.strerror})", "Name another place.") from error
    return path
