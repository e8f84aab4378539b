"""Which of a checkpoint's weights are used."""

from __future__ import annotations

from typing import Literal, TypeAlias

Weights: TypeAlias = Literal["shown", "raw"]
"""Those that contact sheets show, the moving average where the run keeps one (optim.ema); or those that are trained."""
