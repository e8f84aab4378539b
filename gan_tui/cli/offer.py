"""Offering to fetch what a run lacks, images or weights to measure with, where a person is there to say yes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from engine.config.inception_weights import MEGABYTES, URL, MissingWeightsError, digest_in
from engine.sizes import size_text
from gan_tui.cli import ended_early
from gan_tui.cli.fetching import KEPT, fetch_sets, mirrors_to_try
from gan_tui.cli.job_progress import telling
from gan_tui.cli.output import say
from gan_tui.datasets.sets.wanted import MissingSetsError
from gan_tui.state.plain_text import printable

if TYPE_CHECKING:
    from gan_tui.datasets.sets.known import KnownSet

T = TypeVar("T")


def offering(check: Callable[[], T]) -> T:
    """Check a run that is to be started, and again once what it lacks was fetched.

    Args:
        check: raises MissingWeightsError or MissingSetsError where something could be fetched.

    Raises:
        RequestError: as check; nobody is there to be asked, or the answer is no.
        WorkError: it could not be fetched.
    """

    def with_images() -> T:
        try:
            return check()
        except MissingSetsError as missing:
            fetch_or_refuse(missing)
            return check()

    try:
        return with_images()
    except MissingWeightsError as missing:
        fetch_weights_or_refuse(missing)
        return with_images()


def fetch_weights_or_refuse(missing: MissingWeightsError, *, asked: bool = False, url: str = URL) -> None:
    """Fetch the Inception network's weights, if somebody says so.

    Args:
        missing: what is told else.
        asked: it was said already.
        url: where they are published.

    Raises:
        MissingWeightsError: nobody is there, or the answer is no.
        WorkError: they could not be fetched.
    """
    from gan_tui.datasets.sets.single_file import fetch_file

    if not asked:
        if not _somebody_is_there():
            raise missing
        say(f"The Inception network's weights, for fid and kid, are not here ({MEGABYTES} MB).")
        if not _says_yes("Fetch them", missing.path.parent):
            raise missing
    otherwise = "or fetch the file elsewhere, and name it with --fid-weights"
    with ended_early.saying(KEPT), telling() as tell:
        fetch_file(url, missing.path, tell, sha256=digest_in(url), mirrors=mirrors_to_try(), otherwise=otherwise)
    say(f"The Inception network's weights are here: {printable(str(missing.path))}")


def fetch_or_refuse(missing: MissingSetsError) -> None:
    """Fetch the images that are missing, if somebody says so.

    Raises:
        MissingSetsError: nobody is there, or the answer is no.
        WorkError: it could not be fetched.
    """
    if not _somebody_is_there():
        raise missing
    for each in missing.sets:
        say(f"{each.name} is not here ({_in_words(each)}).")
    it = "it" if len(missing.sets) == 1 else "them"
    if not _says_yes(f"Fetch {it}", missing.root):
        raise missing
    for _ in fetch_sets(missing.sets, missing.root, ()):
        pass  # it is told already


def _says_yes(question: str, into: Path) -> bool:
    with ended_early.saying("nothing was fetched or started"):
        return typer.confirm(f"{question} into {printable(str(into))}?", default=False, err=True)


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _in_words(wanted: KnownSet) -> str:
    exact = all(file.bytes is not None for file in wanted.files)
    size = "size unknown" if wanted.bytes is None else f"{'' if exact else 'about '}{size_text(wanted.bytes)}"
    number = f"{sum(wanted.images.values()):,} images, " if wanted.images else ""
    return f"{number}{size}, licence: {wanted.licence}"
