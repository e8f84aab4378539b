"""The parts that a set of images is divided into, by name."""

from __future__ import annotations

from typing import Literal, TypeAlias

Split: TypeAlias = Literal["test", "val", "train"]
"""Kept apart from training, the second for choosing between runs; and what is trained on."""
