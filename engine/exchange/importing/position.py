"""Where in their training imported weights stand: steps, epochs and images."""

from __future__ import annotations

from dataclasses import dataclass

from engine.exchange.importing.log_metrics import Measured, Scale


@dataclass(frozen=True, kw_only=True)
class Position:
    """The progress of a checkpoint that is made of imported weights."""

    step: int
    epoch: int
    """Epochs completed."""
    index: int
    """Batches done of the next."""
    images: int
    why: str
    """How it is known, as a sentence."""

    @property
    def epoch_in_progress(self) -> int:
        """From 1; where steps are not known, the one that follows."""
        return max(1, self.epoch + (self.index > 0 or self.step == 0))


@dataclass(frozen=True, kw_only=True)
class Told:
    """A step that somebody or something tells."""

    step: int
    by: str
    """"--step", for instance."""


def position_of(
    step: Told | None, epoch: int | None, batch: int, scale: Scale | None, last: Measured | None
) -> Position:
    """Where weights stand.

    Args:
        step: as it is told; None where it is not.
        epoch: as the names of the files say.
        batch: images of a step.
        scale: steps of an epoch, where a loss log tells them.
        last: the last line of that.
    """
    per_epoch = scale.steps_per_epoch if scale else 0
    if step is not None:
        done, index = divmod(step.step, per_epoch) if per_epoch else (epoch or 0, 0)
        why = f"Step {step.step:,} by {step.by}."
        return Position(step=step.step, epoch=done, index=index, images=step.step * batch, why=why)
    if epoch is not None:
        if scale is None:
            why = f"Epoch {epoch:,} by the files' names; steps are not known and counted from 0: --step says them."
            return Position(step=0, epoch=epoch, index=0, images=0, why=why)
        images = epoch * scale.length.images
        why = f"Epoch {epoch:,} by the files' names, of {per_epoch:,} steps each by the loss log."
        return Position(step=epoch * per_epoch, epoch=epoch, index=0, images=images, why=why)
    if last is not None:
        done, index = divmod(last.step, per_epoch)
        why = f"Step {last.step:,} is the last line's of the loss log."
        return Position(step=last.step, epoch=done, index=index, images=last.images, why=why)
    why = "How long the weights were trained is not known: steps are counted from 0. --step says it."
    return Position(step=0, epoch=0, index=0, images=0, why=why)
