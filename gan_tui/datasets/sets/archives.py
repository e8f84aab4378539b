"""Unpacking archives that nobody vouches for: every file lands inside the folder, or the whole is refused.

Nothing here calls ``extract``. Members are looked at one by one and their bytes written to files that are made anew, so
that no archive can place a link, a device or a mode, nor write through one.
"""

from __future__ import annotations

import gzip
import lzma
import re
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, Protocol, cast

from engine.errors import WorkError
from engine.protocol.jobs import Progress, Tell
from engine.sizes import size_text
from gan_tui.datasets.sets.content_error import ContentError
from gan_tui.datasets.sets.space import require_room

CHUNK = 1 << 18
LONGEST_NAME = 255
"""Bytes of one part of a path, as file systems have it."""
DEEPEST = 16
"""Folders within folders."""
_LITTER = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}
"""What desktops leave in archives, beside ._NAME for each NAME; passed over."""
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
)
"""What the libraries raise on bytes that are no archive, or no longer one."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """More than an archive of images comes to."""

    files: int
    bytes: int


class Member(NamedTuple):
    """A file in an archive."""

    name: str
    size: int | None
    """As the archive says."""
    opened: IO[bytes]
    whole: int = 0
    """Bytes of all files in the archive, as it says; 0 where it does not."""


class _RefusedError(Exception):
    """What an archive has that none should have, as a clause."""


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


def unpack(archive: Path, into: Path, limits: Limits, tell: Tell) -> None:
    """Write the files of a zip or a tar archive, perhaps a compressed one, below a folder.

    Args:
        archive: a file.
        into: an empty folder.
        limits: what is refused as too much.
        tell: is told how many bytes are written.

    Raises:
        ContentError: it is damaged, or has what no archive of images has.
        WorkError: the disk takes no more. In either case files may have been written, all of them within the folder.
    """
    try:
        with closing(_zipped(archive, limits) if zipfile.is_zipfile(archive) else _tarred(archive, limits)) as members:
            _write_all(members, into, limits, f"unpacking {archive.name}", tell)
    except _RefusedError as refusal:
        fix = "Nothing of it is kept. Report it to whoever offers it, and name another mirror: --mirror URL."
        raise ContentError(archive.name, str(refusal), fix) from refusal
    except _DAMAGE as error:
        fix = "Fetch it anew; if it is so again, name another mirror: --mirror URL."
        raise ContentError(archive.name, f"is damaged ({error})", fix) from error
    except (NotImplementedError, RuntimeError) as error:  # a method that zipfile has not, or a password
        raise ContentError(
            archive.name, f"cannot be unpacked ({error})", "Name another mirror: --mirror URL."
        ) from error


def _zipped(archive: Path, limits: Limits) -> Generator[Member]:
    with zipfile.ZipFile(archive) as opened:
        infos = [info for info in opened.infolist() if not info.is_dir()]
        declared = sum(info.file_size for info in infos)
        _require_within(len(infos), declared, limits)
        require_room(archive.parent, declared, f"unpacking {archive.name}")
        for info in infos:
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG):
                raise _RefusedError(f"has {_kind_in_words(kind)}, {info.filename!r}")
            with opened.open(info) as file:
                yield Member(info.filename, info.file_size, file, declared)


def _tarred(archive: Path, limits: Limits) -> Generator[Member]:
    with archive.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        stream = gzip.GzipFile(fileobj=file) if compressed else file
        bounded = cast("IO[bytes]", _Bounded(stream, limits.bytes))
        with tarfile.open(fileobj=bounded, mode="r|") as opened:
            for info in opened:
                if info.isdir():
                    _parts(info.name)
                    continue
                if not info.isreg() or info.issparse():
                    raise _RefusedError(f"has {_type_in_words(info)}, {info.name!r}")
                content = opened.extractfile(info)
                assert content is not None, "a regular file has content"
                yield Member(info.name, info.size, content)
        while bounded.read(CHUNK):  # gzip compares its checksum at its end, which lies behind the tar's
            pass


class _Bounded:
    """Reads no more than so many bytes: headers count too, which may be compressed as well as anything."""

    def __init__(self, file: _Readable, limit: int) -> None:
        self._file = file
        self._left = limit

    def read(self, size: int) -> bytes:
        """As a file's. Raises _RefusedError: the limit is passed."""
        data = self._file.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise _RefusedError("comes to more bytes than such an archive can have")
        return data


def _write_all(members: Iterator[Member], into: Path, limits: Limits, what: str, tell: Tell) -> None:
    taken: dict[str, str] = {}
    files = written = 0
    for member in members:
        parts = _parts(member.name)
        if not parts or _LITTER.intersection(parts) or parts[-1].startswith("._"):
            continue
        files += 1
        _require_within(files, written + (member.size or 0), limits)
        _take(parts, taken)
        path = into.joinpath(*parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("xb")
        except OSError as error:
            raise WorkError(str(path), f"cannot be written ({error.strerror})", _MAKE_ROOM) from error
        with file:
            while data := member.opened.read(CHUNK):
                written += len(data)
                _require_within(files, written, limits)
                try:
                    file.write(data)
                    file.flush()
                except OSError as error:
                    raise WorkError(str(path), f"cannot be written ({error.strerror})", _MAKE_ROOM) from error
                tell(Progress(what=what, done=written, total=member.whole, unit="bytes"))


_MAKE_ROOM = "Make room there; what is downloaded is kept, and the same command goes on."


def _require_within(files: int, size: int, limits: Limits) -> None:
    if files > limits.files:
        raise _RefusedError(f"has more than the {limits.files:,} files that such a set can have")
    if size > limits.bytes:
        raise _RefusedError(f"comes to more than the {size_text(limits.bytes)} that such an archive can have")


def _parts(name: str) -> tuple[str, ...]:
    """The parts of a member's path, which lead inside."""
    if name.startswith("/") or re.match("[A-Za-z]:", name):
        raise _RefusedError(f"has an absolute path, {name!r}")
    parts = tuple(part for part in PurePosixPath(name).parts if part != ".")
    if ".." in parts:
        raise _RefusedError(f"has a path that leads out of its folder, {name!r}")
    if "\\" in name or not name.isprintable():
        raise _RefusedError(f"has a name that is none of an image, {name!r}")
    if len(parts) > DEEPEST or any(len(part.encode("utf-8", "surrogateescape")) > LONGEST_NAME for part in parts):
        raise _RefusedError(f"has a path that is too long, {name[:80]!r}...")
    return parts


def _take(parts: tuple[str, ...], taken: dict[str, str]) -> None:
    """Claim a file's path, and its folders': two of a kind would be one where case and accents do not count."""
    paths = ["/".join(parts[:depth]) + "/" for depth in range(1, len(parts))]
    file = "/".join(parts)
    for path in (*paths, file):
        key = unicodedata.normalize("NFC", path.rstrip("/")).casefold()
        held = taken.get(key)
        if held is not None and (held != path or path == file):
            raise _RefusedError(f"has two paths that are one where case does not count, {held!r} and {path!r}")
        taken[key] = path


def _kind_in_words(kind: int) -> str:
    return "a symbolic link" if kind == stat.S_IFLNK else "a file that is none"


def _type_in_words(info: tarfile.TarInfo) -> str:
    if info.issym():
        return "a symbolic link"
    return "a hard link" if info.islnk() else "a sparse file" if info.issparse() else "a device or a pipe"
