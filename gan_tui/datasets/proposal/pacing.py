"""How long to train on so many images, and how often to log, sample and save meanwhile."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gan_tui.datasets.proposal.material import Material


@dataclass(frozen=True, kw_only=True)
class Pacing:
    """Epochs and cadences."""

    epochs: int
    decay_epochs: int
    why: str
    why_decay: str
    steps_per_epoch: int
    log: int
    sample: int
    checkpoint: int
    """Steps."""

    @property
    def total_epochs(self) -> int:
        """Of the whole run."""
        return self.epochs + self.decay_epochs

    @property
    def steps(self) -> int:
        """Of the whole run."""
        return self.total_epochs * self.steps_per_epoch


@dataclass(frozen=True)
class _Course:
    """How long a system is trained."""

    images: int
    """That it is shown altogether, of each domain."""
    most: int
    least: int
    """Epochs."""
    falls: bool
    """Over the second half the rates fall to 0."""
    why: str


_COURSES = {
    "cyclegan": _Course(
        270_000, 200, 20, True, "The paper's 200 for a thousand or so images, fewer of more: about as many steps."
    ),
    "pix2pix": _Course(750_000, 200, 15, False, "Between the paper's 200 of 400 pairs and 15 of 50,000."),
    "discogan": _Course(2_500_000, 2000, 10, False, "About 40,000 steps of 64 images, as in its shipped presets."),
    "dtn": _Course(2_400_000, 4000, 1, False, "About 19,000 steps of 128 images, as in its shipped presets."),
    "aegan": _Course(1_200_000, 200, 10, False, "About 40,000 steps of 32 images, and 200 epochs at most."),
}


def pacing_for(method: str, material: Material, batch: int) -> Pacing:
    """How long and how often, for images of a folder in steps of so many."""
    course = _COURSES[method]
    items, steps_per_epoch = material.items, max(1, material.items // batch)
    epochs = max(course.least, min(course.most, round(course.images / items)))
    decay = epochs // 2 if course.falls else 0
    steps = epochs * steps_per_epoch
    return Pacing(
        epochs=epochs - decay,
        decay_epochs=decay,
        why=f"{course.why} An epoch is {steps_per_epoch:,} steps.",
        why_decay="In which the learning rates fall to 0." if course.falls else "The rates stay as they are.",
        steps_per_epoch=steps_per_epoch,
        log=_round_number(steps_per_epoch / 50, most=100),
        sample=_round_number(min(steps_per_epoch / 2, steps / 20), most=2000),
        checkpoint=_round_number(min(5 * steps_per_epoch, steps / 10), most=10_000),
    )


def _round_number(wanted: float, *, most: int) -> int:
    """The nearest of 1, 2, 5, 10, 20, 50 ... on a logarithmic scale."""
    wanted = min(max(wanted, 1.0), most)
    power = 10 ** math.floor(math.log10(wanted))
    return int(min((power, 2 * power, 5 * power, 10 * power), key=lambda number: abs(math.log(number / wanted))))
