"""The figures by which translations are judged: which a run's data and method give, and which way is better.

Torch-free. Domains are those that the method sees, after the swap that data.direction = "BtoA" makes: A is translated
to B by every method, B to A by those that learn both ways.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, get_args

from engine.config.data import DigitsData, PairedData, SyntheticData, SyntheticDigits
from engine.config.figure_names import Figure
from engine.config.methods import Pix2PixConfig, TrainConfig
from engine.errors import RequestError

FAMILIES = ("cycle", "identity", "fid", "kid")
"""Names that stand for a figure of each domain."""
OF_INCEPTION = ("fid", "kid")
"""Families that need the Inception network."""


class FigureKind(NamedTuple):
    """What a figure, or each of a family, is."""

    higher_is_better: bool
    words: str


KINDS: dict[str, FigureKind] = {
    "l1": FigureKind(False, "mean absolute difference from the partner, of values 0 to 1"),
    "psnr": FigureKind(True, "peak signal-to-noise ratio against the partner, dB"),
    "ssim": FigureKind(True, "structural similarity to the partner, at most 1"),
    "accuracy": FigureKind(True, "share of translated digits that a classifier of the target names rightly"),
    "cycle": FigureKind(False, "mean absolute difference of an image from itself, there and back again"),
    "identity": FigureKind(False, "mean absolute change of an image that is in the target domain already"),
    "fid": FigureKind(False, "Fréchet distance of Inception features; biased upwards by few images"),
    "kid": FigureKind(False, "kernel distance (MMD²) of Inception features; without bias"),
}


def family_of(figure: str) -> str:
    """What a figure is one of: cycle for cycle_A, l1 for l1."""
    stem, _, domain = figure.rpartition("_")
    return stem if domain in ("A", "B") and stem in FAMILIES else figure


def needs_inception(figures: Iterable[str]) -> bool:
    """Whether one of some figures needs the Inception network."""
    return any(family_of(figure) in OF_INCEPTION for figure in figures)


def higher_is_better(figure: str) -> bool:
    """Which way a figure gets better; of one that is not known, that lower is."""
    kind = KINDS.get(family_of(figure))
    return kind is not None and kind.higher_is_better


def is_better(figure: str, value: float | None, than: float | None) -> bool:
    """Whether a value is better than another; one that is not finite is never, and anything is better than that."""
    if value is None:
        return False
    return than is None or (value > than if higher_is_better(figure) else value < than)


def figures_given(config: TrainConfig) -> tuple[Figure, ...]:
    """Every figure that a run's data and method give."""
    return tuple(figure for figure in get_args(Figure) if not why_not(config, figure))


def usual_figures(config: TrainConfig) -> tuple[Figure, ...]:
    """Those that need no network from elsewhere."""
    return tuple(figure for figure in figures_given(config) if family_of(figure) not in OF_INCEPTION)


def chosen_figures(config: TrainConfig, asked: Iterable[str], subject: str) -> tuple[Figure, ...]:
    """The figures that are asked for by name or family, in their order; the usual ones where none is.

    Args:
        config: the run's preset.
        asked: such as ("l1", "fid").
        subject: who asks, for messages: "evaluation.figures" or "--figure".

    Raises:
        RequestError: one is not known, or the data or the method do not give it.
    """
    given = figures_given(config)
    wanted: set[str] = set()
    for name in asked:
        found = [figure for figure in given if name in (figure, family_of(figure))]
        if not found:
            _refuse(config, name, subject)
        wanted.update(found)
    return tuple(figure for figure in given if figure in wanted) if wanted else usual_figures(config)


def why_not(config: TrainConfig, figure: str) -> str:
    """Why a run cannot give a figure, as a clause; empty where it can."""
    kind, system = config.data.__struct_config__.tag, config.method.__struct_config__.tag
    family = family_of(figure)
    if family in ("l1", "psnr", "ssim") and not has_pairs(config):
        return f"needs pairs, and of data.kind = {kind} {system} sees none"
    if family == "accuracy" and not isinstance(config.data, DigitsData | SyntheticDigits):
        return f"needs labelled digits, and data.kind = {kind} has no labels"
    if family == "identity" and isinstance(config, Pix2PixConfig):
        return "is of methods that learn without pairs: pix2pix is never shown an image of its target"
    if not config.both_ways and (family == "cycle" or figure in ("identity_A", "fid_A", "kid_A")):
        return f"needs the way from B to A, and {system} translates from A to B alone"
    return ""


def has_pairs(config: TrainConfig) -> bool:
    """Whether each image of A that is kept apart from training has its partner in B."""
    drawn_in_pairs = isinstance(config.data, SyntheticData) and isinstance(config, Pix2PixConfig)
    return isinstance(config.data, PairedData) or drawn_in_pairs


def _refuse(config: TrainConfig, name: str, subject: str) -> None:
    fix = f"Choose from {', '.join(figures_given(config))}."
    of_that_name = [figure for figure in get_args(Figure) if name in (figure, family_of(figure))]
    if not of_that_name:
        raise RequestError(f"{subject} {name}", "is not a figure", fix)
    raise RequestError(f"{subject} {name}", why_not(config, of_that_name[-1]), fix)
