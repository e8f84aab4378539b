"""A small set on a server, as the catalogue would describe it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.protocol.digits import PublishedDigits
from engine.protocol.jobs import Tell
from gan_tui.datasets.sets.known import Arrival, KnownSet, SetFile, SetLayout


def known_set(
    name: str, content: bytes, *, file: str = "", layout: SetLayout = "unpaired", images: dict[str, int] | None = None,
    arrives: Arrival = "archive", checked: bool = True,
) -> KnownSet:  # fmt: skip
    """Of one file, with its size and checksum."""
    known = SetFile(
        name=file or f"{name}.zip",
        bytes=len(content) if checked else None,
        sha256=hashlib.sha256(content).hexdigest() if checked else "",
    )
    return KnownSet(
        name=name, what="", collection="MNIST-M", layout=layout, arrives=arrives, images=images or {}, size="8x8",
        licence="", terms="", cite=[], files=[known],
    )  # fmt: skip


def no_conversion(digits: PublishedDigits, source: Path, into: Path, tell: Tell) -> None:
    raise AssertionError("nothing of this needs PyTorch")
