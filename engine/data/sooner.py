"""How a run that waits for its images could have them sooner, in words and as a command."""

from __future__ import annotations

from engine.config.data import FolderData
from engine.data.cache_plan import MEBIBYTE, least_bytes
from engine.data.framed import FramedImages

ROOM = 2
"""Kept images are advised where they take one part in so many of the host's free memory at most."""


def advise(
    run: str, config: FolderData, images: FramedImages, *, kept: bool, free: int, cores: int, sharing: int = 1
) -> str:
    """What to change, as sentences; only what is to be had on this machine.

    Args:
        run: the run's name.
        config: the preset's [data] section.
        images: those that are trained on.
        kept: whether they are kept once they are decoded.
        free: bytes of the host's memory.
        cores: those that this process and its workers may use.
        sharing: processes of the run on this machine, each with its own images and workers.
    """
    ways, settings = [], []
    if not kept:
        way, fitting = _kept(config, sharing * least_bytes(images), free, sharing)
        ways.append(way)
        settings += fitting
    workers = max(1, cores // sharing)
    if config.workers < workers:
        ways.append(f"data.workers is {config.workers}, and there are {workers} cores")
        settings.append(f"data.workers={workers}")
    ways.append(
        "a faster disk or smaller images would do it, too" if ways else "A faster disk or smaller images would do it"
    )
    told = f"{'; '.join(ways)}."
    if not settings:
        return told
    return f"{told} A branch can have others: gan-tui resume {run} --branch" + "".join(f" --set {s}" for s in settings)


def _kept(config: FolderData, nbytes: int, free: int, sharing: int) -> tuple[str, list[str]]:
    """What it would take to keep the images, and the settings for it."""
    needed, there = -(-nbytes // MEBIBYTE), f"{free // MEBIBYTE:,} MiB of memory are free"
    each = -(-nbytes // (sharing * MEBIBYTE))
    how_much = f"{'' if config.resize else 'more than '}{needed:,} MiB"
    why = f"data.cache = {config.cache} keeps nothing decoded: the images would take {how_much}, and {there}"
    if nbytes > free // ROOM:
        return f"{why}, too few for that and for training", []
    if not config.resize:  # how much exactly only their files' headers tell
        return f"{why}; with data.cache = host, data.cache_limit would have to be higher than {each:,}", []
    return why, ["data.cache=host", f"data.cache_limit={each}"]
