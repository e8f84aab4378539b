"""Offering to fetch the images that a new run lacks, where a person is there to say yes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from gan_tui.cli.fetching import fetch_sets
from gan_tui.datasets.space import in_words

if TYPE_CHECKING:
    from gan_tui.datasets.known import KnownSet
    from gan_tui.datasets.wanted import MissingSetsError


def fetch_or_refuse(missing: MissingSetsError) -> None:
    """Fetch what is missing, if somebody says so.

    Raises:
        MissingSetsError: nobody is there, or the answer is no.
        WorkError: it could not be fetched.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise missing
    names = " and ".join(each.name for each in missing.sets)
    told = "; ".join(map(_in_words, missing.sets))
    question = f"{names} {'is' if len(missing.sets) == 1 else 'are'} not here ({told}). Fetch into {missing.root}?"
    if not typer.confirm(question, default=False, err=True):
        raise missing
    fetch_sets(missing.sets, missing.root, ())


def _in_words(wanted: KnownSet) -> str:
    size = "size unknown" if wanted.bytes is None else in_words(wanted.bytes)
    number = f"{sum(wanted.images.values()):,} images, " if wanted.images else ""
    return f"{number}{size}, licence: {wanted.licence}"
