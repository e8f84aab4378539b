"""The sets that are known by name: what is in them, where they lie and on what terms; read from catalogue.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from engine.errors import RequestError

AT_MOST = 4 << 30
"""Bytes that are taken for a file of whose size nothing is known."""
ROUGHLY, BESIDE = 2, 64 << 20
"""And for one whose size is known to two digits: so many times that, and so many more."""
CATALOGUE = Path(__file__).with_name("catalogue.toml")

SetLayout: TypeAlias = Literal["unpaired", "paired", "digits", "unknown"]
"""What the unpacked folder holds, as data.kind calls it."""
Arrival: TypeAlias = Literal["archive", "idx", "labelled", "usps", "svhn"]
"""How it arrives: an archive of images, IDX files, an archive of images with lists of labels, and two formats more."""


class SetFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file to download."""

    name: str
    """Behind a mirror's address, and here."""
    url: str = ""
    """Where it lies, if not by its name in the folders of its collection."""
    bytes: int | None = None
    """Its exact size; None where that is not known."""
    about_bytes: int | None = None
    """Its size to two digits, where that is all that is known."""
    sha256: str = ""
    md5: str = ""
    """Checksums in hexadecimal digits; empty where they are not known."""

    @property
    def size(self) -> int | None:
        """Its size in bytes, as well as it is known."""
        return self.about_bytes if self.bytes is None else self.bytes

    @property
    def at_most(self) -> int:
        """What it may come to in bytes: its size, or a generous bound where that is not exactly known."""
        if self.bytes is not None:
            return self.bytes
        return AT_MOST if self.about_bytes is None else ROUGHLY * self.about_bytes + BESIDE


class KnownSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set of images."""

    name: str = ""
    """Also of its folder."""
    what: str
    collection: str
    layout: SetLayout
    arrives: Arrival = "archive"
    images: dict[str, int]
    """Number of images in each folder or split; empty where it is not known."""
    size: str
    """Of an image or a pair, width x height in pixels; empty where it is not known."""
    licence: str
    """In a few words."""
    terms: str
    cite: list[str]
    """Keys of the catalogue's citations."""
    refused: str = ""
    """Why it cannot be fetched, as a clause; empty where it can."""
    files: list[SetFile]

    @property
    def bytes(self) -> int | None:
        """What a download of all its files comes to, as well as it is known; None where it is not."""
        sizes = [file.size for file in self.files]
        return sum(size for size in sizes if size is not None) if sizes and None not in sizes else None


class Collection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where several sets lie together."""

    home: str
    folders: list[str]
    """Addresses of folders that hold the same files."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written."""

    collections: dict[str, Collection]
    citations: dict[str, str]
    sets: dict[str, KnownSet]


@cache
def catalogue() -> Catalogue:
    """What the shipped file says."""
    said = msgspec.toml.decode(CATALOGUE.read_bytes(), type=Catalogue)
    named = {name: msgspec.structs.replace(each, name=name) for name, each in said.sets.items()}
    return msgspec.structs.replace(said, sets=named)


def find_set(name: str, known: Mapping[str, KnownSet]) -> KnownSet:
    """The set of a name.

    Raises:
        RequestError: there is none.
    """
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    fix = f"Did you mean {near[0]}?" if near else "`gan-tui data list` has those that are."
    raise RequestError(name, "is not a known set", fix)


def addresses(file: SetFile, wanted: KnownSet, mirrors: Sequence[str]) -> list[str]:
    """Where a file can be had, in the order in which to try: the user's mirrors, then its publishers.

    Args:
        file: which.
        wanted: the set that it is of.
        mirrors: addresses of folders that hold files under their names.
    """
    own = [file.url] if file.url else [*catalogue().collections[wanted.collection].folders]
    return [*(in_folder(mirror, file.name) for mirror in mirrors), *(_with_name(url, file) for url in own)]


def _with_name(address: str, file: SetFile) -> str:
    return address if address == file.url else in_folder(address, file.name)


def in_folder(folder: str, name: str) -> str:
    """The address of a file in the folder with an address."""
    return f"{folder.rstrip('/')}/{name}"
