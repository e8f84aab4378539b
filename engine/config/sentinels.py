"""The [sentinel] sections: what watches over a run, from which thresholds on, and what it does then.

A threshold is crossed for a while before it is told, counted in steps, so that how often a line is logged does not
matter. Why they are as they are: docs/sentinels.md.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from engine.config.schema import NonNegative, Positive, Section, Unit

Action: TypeAlias = Literal["warn", "pause", "stop"]
"""What a sentinel does: an alert; an alert and a pause; or the end of the run."""

Response: TypeAlias = Literal["warn", "pause", "stop", "off"]
"""An action, or none: then what it watches is not looked at."""


class NotFiniteSentinel(Section, frozen=True, kw_only=True):
    """Watches for losses that are NaN or infinite."""

    action: Action = "stop"
    """warn: alert once; pause: alert and hold; stop: end the run. No such state is ever saved."""


class WatchfulSection(Section, frozen=True, kw_only=True):
    """What every other sentinel has."""

    action: Response = "warn"
    """warn: alert once; pause: alert and hold; stop: alert, save and end the run; off: do not watch."""


class DSaturatedSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for a discriminator that has won: it is sure of every image."""

    real: Unit = 0.97
    """Mean belief, 0 to 1, that real images are real, from which on it is sure of them."""
    fake: Unit = 0.03
    """Mean belief that generated images are real, down from which it is sure of them."""
    steps: NonNegative = 1000
    """For how many steps before it is told."""


class ImbalanceSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for players of whom one is far ahead: by how much more real images are believed to be real."""

    ahead: Unit = 0.9
    """Difference of the mean beliefs in real and in generated images from which on the discriminator is far ahead."""
    behind: Unit = 0.02
    """Difference down from which it does not tell them apart."""
    steps: NonNegative = 2000
    """For how many steps before it is told."""


class CollapseSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for translations that are all alike."""

    diversity: Unit = 0.1
    """Share of the distances between real images that those between translations have, down from which it is told."""
    steps: NonNegative = 1500
    """For how many steps before it is told."""


class IdentitySentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for translations that are their input."""

    change: Unit = 0.02
    """Mean difference of a translation from its input, as a share of black to white, down from which it is told."""
    steps: NonNegative = 2500
    """For how many steps before it is told."""


class InversionSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for translations that are negatives of their input, or of the image that they should be where known."""

    correlation: Annotated[float, Meta(ge=-1, le=0)] = -0.5
    """Correlation of brightness, pixel by pixel, down from which it is told."""
    steps: NonNegative = 1500
    """For how many steps before it is told."""


class SpikeSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for a loss that is far above what it was of late."""

    times: Annotated[float, Meta(ge=1)] = 10.0
    """Above the median of the window, how many times as far as its middle half reaches from end to end."""
    lines: Annotated[int, Meta(ge=10, le=10_000)] = 50
    """Lines of metrics in the window; none is told before there are so many."""


class StallSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for losses that do not move."""

    change: Unit = 0.01
    """Share by which a loss's mean over the later half of the window differs from that over the earlier, up to which it
    does not move."""
    steps: Positive = 20_000
    """Steps in the window."""


class StarvedSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for a loop that waits for its data."""

    wait: Unit = 0.3
    """Share of the time spent waiting for batches from which on it is told."""
    seconds: Positive = 60
    """Seconds of training over which that is measured; the first epoch does not count where images are kept."""


class StuckSentinel(Section, frozen=True, kw_only=True):
    """Watches, from another thread, for a step that does not come to its end."""

    action: Literal["warn", "stop", "off"] = "warn"
    """warn: tell viewers while it lasts, and the journal once it is over; stop: end the run without saving, as the loop
    that could save is stuck; off: do not watch."""
    seconds: Positive = 120
    """For how long a step may last."""
    times: Annotated[float, Meta(ge=2)] = 20.0
    """And for how many times the usual: it is stuck once it is beyond both."""


class DiskSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for a disk that fills up where the run directory lies."""

    megabytes: NonNegative = 500
    """It is told when less is left."""
    checkpoints: NonNegative = 2
    """Or when there is room for fewer of the run's checkpoints than that."""


class ThrottledSentinel(WatchfulSection, frozen=True, kw_only=True):
    """Watches for GPUs that heat or a lack of power slows down."""

    clock: Unit = 0.75
    """Share of the highest clock down from which a GPU is slow."""
    seconds: Positive = 60
    """For how long before it is told."""


class SentinelConfig(Section, frozen=True, kw_only=True):
    """What watches over a run."""

    not_finite: NotFiniteSentinel = NotFiniteSentinel()
    """Losses that are NaN or infinite."""
    d_saturated: DSaturatedSentinel = DSaturatedSentinel()
    """A discriminator that is sure of every image."""
    imbalance: ImbalanceSentinel = ImbalanceSentinel()
    """A player far ahead of the other."""
    collapse: CollapseSentinel = CollapseSentinel()
    """Translations that are all alike."""
    identity: IdentitySentinel = IdentitySentinel()
    """Translations that are their input."""
    inversion: InversionSentinel = InversionSentinel()
    """Translations that are negatives."""
    spike: SpikeSentinel = SpikeSentinel()
    """A loss far above its range."""
    stall: StallSentinel = StallSentinel()
    """Losses that do not move."""
    starved: StarvedSentinel = StarvedSentinel()
    """A loop that waits for data."""
    stuck: StuckSentinel = StuckSentinel()
    """A step that does not end."""
    disk: DiskSentinel = DiskSentinel()
    """A disk that fills up."""
    throttled: ThrottledSentinel = ThrottledSentinel()
    """GPUs that are slowed down."""
