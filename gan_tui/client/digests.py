"""Reading checkpoints' files whole, each once for as long as it stays as it was: a large one takes seconds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from engine.protocol.checkpoints import Manifest, check_files, digest, missing_or_cut


def digest_once(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; read again only where the file is another one, or was written to."""
    now = path.stat()
    return _digest(path, (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns))


def damage_once(folder: Path, manifest: Manifest) -> str:
    """As engine.protocol.checkpoints.damage_of, of files that this process has read before without reading them."""
    return missing_or_cut(folder, manifest) or next(filter(None, check_files(folder, manifest, digest_once)), "")


@lru_cache(maxsize=1024)
def _digest(path: Path, state: tuple[int, ...]) -> str:
    return digest(path)
