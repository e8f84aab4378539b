"""Offering to fetch the images that a new run lacks, where a person is there to say yes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from engine.sizes import size_text
from gan_tui.cli.fetching import fetch_sets
from gan_tui.cli.output import say
from gan_tui.state.plain_text import printable

if TYPE_CHECKING:
    from gan_tui.datasets.sets.known import KnownSet
    from gan_tui.datasets.sets.wanted import MissingSetsError


def fetch_or_refuse(missing: MissingSetsError) -> None:
    """Fetch what is missing, if somebody says so.

    Raises:
        MissingSetsError: nobody is there, or the answer is no.
        WorkError: it could not be fetched.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise missing
    for each in missing.sets:
        say(f"{each.name} is not here ({_in_words(each)}).")
    it = "it" if len(missing.sets) == 1 else "them"
    if not typer.confirm(f"Fetch {it} into {printable(str(missing.root))}?", default=False, err=True):
        raise missing
    fetch_sets(missing.sets, missing.root, ())


def _in_words(wanted: KnownSet) -> str:
    exact = all(file.bytes is not None for file in wanted.files)
    size = "size unknown" if wanted.bytes is None else f"{'' if exact else 'about '}{size_text(wanted.bytes)}"
    number = f"{sum(wanted.images.values()):,} images, " if wanted.images else ""
    return f"{number}{size}, licence: {wanted.licence}"
