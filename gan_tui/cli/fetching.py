"""Fetching sets in front of a user: how far it is, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gan_tui.cli import ended_early
from gan_tui.cli.job_progress import telling
from gan_tui.cli.output import say

if TYPE_CHECKING:
    from gan_tui.datasets.sets.fetch import Fetched
    from gan_tui.datasets.sets.known import KnownSet

KEPT = "what has come is kept, and the same command goes on"
"""What a fetch that is interrupted leaves."""


def fetch_sets(sets: Sequence[KnownSet], root: Path, mirrors: Sequence[str]) -> Iterator[Fetched]:
    """Fetch sets one after another, telling how far it is and what has come; give each when it is here.

    Args:
        sets: which.
        root: the folder that their folders come to lie in.
        mirrors: addresses to try first, before those of the environment and of the user's file.

    Raises:
        RequestError: a mirror is no address, or a set is not to be had.
        WorkError: a set could not be fetched, or the user interrupted it.
    """
    from gan_tui.client.digit_conversion import convert_digits
    from gan_tui.datasets.sets.fetch import fetch, require_fetchable

    tried = mirrors_to_try(mirrors)
    for each in sets:
        require_fetchable(each)
    for each in sets:
        with ended_early.saying(KEPT), telling() as tell:
            fetched = fetch(each, root, tried, tell, convert_digits)
        _tell(each, fetched)
        yield fetched


def mirrors_to_try(given: Sequence[str] = ()) -> tuple[str, ...]:
    """Mirrors that are given with a command, those of the environment and those of the user's file, in this order.

    Raises:
        RequestError: one is no address, or the user's file cannot be read.
    """
    from gan_tui.client.preferences import VARIABLE, preferences_file, read_preferences
    from gan_tui.datasets.sets.mirrors import wished_mirrors

    said = read_preferences(preferences_file(os.environ), required=bool(os.environ.get(VARIABLE)))
    return wished_mirrors(given, os.environ, said.data.mirrors)


def _tell(wanted: KnownSet, fetched: Fetched) -> None:
    if fetched.note is None:
        say(f"{wanted.name} is here already: {fetched.folder}")
        return
    for file in fetched.note.files:
        if not file.compared:
            say(f"{file.name}: no checksum is published. Its SHA-256, kept in the set's folder: {file.sha256}")
    if fetched.images != wanted.images and wanted.images:
        say(f"{wanted.name} has {_parts(fetched.images)}, where {_parts(wanted.images)} are known.")
    say(f"{wanted.name} is here: {fetched.folder}" + (f" ({_parts(fetched.images)})" if fetched.images else ""))


def _parts(images: dict[str, int]) -> str:
    return ", ".join(f"{part} {number:,}" for part, number in images.items()) or "no image"
