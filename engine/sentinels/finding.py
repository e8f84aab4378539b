"""What a judge says of a reading: a finding with its cause and remedies, that all is well, or that it cannot tell."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A change of controls that may help.

    Args:
        controls: which to change together; where a run lacks one of them, it is no remedy there.
        factor: what to multiply each with.
        start: what to set one to that is 0; without it, it is set to the run's own preset, if that is not 0 too.
    """

    controls: tuple[str, ...]
    factor: float
    start: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something is wrong.

    Args:
        subject: what it is about, such as "D_A" or "fake_B".
        fact: what is the case, as a clause with the numbers in it.
        cause: what usually lies behind it, as a sentence.
        remedies: the best first; the first that the run has is suggested.
        fix: what to do beside that, or where no remedy is had, as a sentence.
    """

    subject: str
    fact: str
    cause: str
    remedies: tuple[Remedy, ...] = ()
    fix: str = ""


def agreeing(subjects: Sized, one: str, several: str) -> str:
    """The form of a clause that agrees with the number of its subjects."""
    return one if len(subjects) == 1 else several


Outlook: TypeAlias = Finding | Literal["well", "unknown"]
"""Of one reading."""
