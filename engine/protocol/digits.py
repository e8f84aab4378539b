"""Having published sets of digits written as training reads them: what is asked for, and the answer."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

PublishedDigits: TypeAlias = Literal["usps", "svhn"]


class ConvertDigitsJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag="convert-digits"):
    """Write a set anew (engine.protocol.jobs)."""

    digits: PublishedDigits
    source: str
    """Folder of its files as they are published; their checksums have been compared where they are known."""
    into: str
    """A folder that is not there yet."""


class ConvertedDigits(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="converted-digits"):
    """How many images were written."""

    train: int
    test: int
