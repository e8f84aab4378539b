"""The figures that there are, by name (engine.config.figures says what each is)."""

from __future__ import annotations

from typing import Literal, TypeAlias

Figure: TypeAlias = Literal[
    "l1", "psnr", "ssim", "accuracy",
    "cycle_A", "cycle_B", "identity_A", "identity_B",
    "fid_A", "fid_B", "kid_A", "kid_B",
]  # fmt: skip
OBJECTIVE = "objective"
"""What the generators minimise, by which a checkpoint can be the best as well."""
BestBy: TypeAlias = Literal[
    "objective",
    "l1", "psnr", "ssim", "accuracy",
    "cycle_A", "cycle_B", "identity_A", "identity_B",
    "fid_A", "fid_B", "kid_A", "kid_B",
]  # fmt: skip
