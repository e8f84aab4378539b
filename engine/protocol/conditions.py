"""What two evaluations must have in common for their figures to compare."""

from __future__ import annotations

import msgspec

from engine.config.figures import OF_INCEPTION, family_of


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """Under which figures were measured."""

    split: str
    """test, val or train."""
    images_A: int
    """Images of domain A that were looked at, the first so many of the split; 0 where no figure needs any."""
    images_B: int
    weights: str = "shown"
    """shown, the moving average where the run keeps one; or raw."""
    precision: str = "fp32"
    """Of the networks, as run.precision."""
    inception: str = ""
    """The beginning of the SHA-256 of the Inception network's weights; empty where no figure needs it."""
    data: str = ""
    """The folder that was measured on in place of the run's own: such figures never count (measured.counting)."""
    judge: str = ""
    """What the judge of digits is known by; empty where no figure needs one."""

    def bearing_on(self, figure: str) -> Conditions:
        """Those that have to do with a figure: the others are left empty."""
        of_inception = family_of(figure) in OF_INCEPTION
        return msgspec.structs.replace(
            self, inception=self.inception if of_inception else "", judge=self.judge if figure == "accuracy" else ""
        )
