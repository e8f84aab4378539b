"""What a chart is made of on paper: lines, areas and words, in points from the upper left corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Point: TypeAlias = tuple[float, float]
Anchor: TypeAlias = Literal["start", "middle", "end"]


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """A line through points."""

    points: Sequence[Point]
    colour: str
    """As #RRGGBB, here and below."""
    width: float = 1.0
    dashed: bool = False


@dataclass(frozen=True, kw_only=True)
class Area:
    """A closed shape."""

    points: Sequence[Point]
    colour: str
    hint: str = ""
    """What it stands for, where the reader can be told by pointing at it."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """A line of text."""

    at: Point
    """Of its baseline."""
    text: str
    colour: str
    size: float = 13.0
    anchor: Anchor = "start"
    bold: bool = False


Shape: TypeAlias = Stroke | Area | Words


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A whole drawing, its shapes from the back to the front."""

    width: int
    height: int
    ground: str
    title: str
    shapes: Sequence[Shape]
