"""A file that is on its way: the part of it that is here, and what is to be known of that to ask for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from engine.errors import WorkError


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known of a part of a file, for the request for the rest: kept beside it."""

    url: str
    validator: str = ""
    """The server's name for this version of the file; empty where it has none."""
    total: int | None = None
    """Bytes of the whole file."""


class Partial:
    """A file that is on its way: the bytes that are here, and what they are of.

    Args:
        path: where the whole file is to lie; its part lies beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")

    @property
    def here(self) -> int:
        """How many bytes of it are."""
        try:
            return self.part.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def begun(self) -> Begun | None:
        """What the part is of; None where that is not known."""
        try:
            return msgspec.json.decode(self._note.read_bytes(), type=Begun)
        except (OSError, msgspec.DecodeError):
            return None

    def begin(self, begun: Begun) -> None:
        """Throw away what is here, and remember what is to come in its place. Raises WorkError: the disk takes none."""
        with self.written():
            self.part.write_bytes(b"")
        self.remember(begun)

    def remember(self, begun: Begun) -> None:
        """Note what the part is of. Raises WorkError: the disk takes nothing."""
        with self.written():
            self._note.write_bytes(msgspec.json.encode(begun))

    @contextmanager
    def written(self) -> Iterator[None]:
        """Tell a disk that takes nothing from a network that gives nothing: both are OSError."""
        try:
            yield
        except OSError as error:
            fix = "What has come is kept: make room, or make it writable, and the same command goes on."
            raise WorkError(str(self.part), f"cannot be written ({error.strerror})", fix) from error

    def drop(self) -> None:
        """Throw away what is here of it."""
        for path in (self.part, self._note):
            path.unlink(missing_ok=True)

    def complete(self) -> None:
        """Give the file its name."""
        self.part.replace(self.path)
        self._note.unlink(missing_ok=True)
