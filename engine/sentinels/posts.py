"""Which sentinels watch over a run's training, each at its post."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from engine.config.sentinels import SentinelConfig
from engine.sentinels.balance import judge_balance, judge_saturation
from engine.sentinels.course import Spikes, Stalls
from engine.sentinels.load import READING_SECONDS, Load, Starvation, judge_clocks, judge_disk
from engine.sentinels.pictures import judge_collapse, judge_identity, judge_inversion
from engine.sentinels.sentry import AT_ONCE, Patience, Sentry
from engine.sentinels.vitals import Vitals

A_SPIKE = Patience(readings=2)
"""Lines above the range: one alone may be a batch that is unlike the others."""
AFTER_A_SPIKE = Patience(readings=10)
"""Lines within the range before a spike is over."""

DISK = "disk"
"""The name of the one that looks while a run is paused, too."""


def training_sentries(config: SentinelConfig) -> list[Sentry[Vitals]]:
    """Those that are not off, but for not_finite, which may end a run whose state cannot be saved."""
    return list(_sentries(config))


def machine_sentries(config: SentinelConfig, more_data: str = "") -> list[Sentry[Load]]:
    """Those that watch over readings of the machine and are not off.

    Args:
        config: their thresholds.
        more_data: how this run could have its data sooner, as a sentence.
    """
    found: list[Sentry[Load]] = []
    if (starved := config.starved).action != "off":
        judge = Starvation(starved, more_data)
        found.append(Sentry("starved", starved.action, judge, AT_ONCE, Patience(readings=10)))
    if (disk := config.disk).action != "off":
        found.append(Sentry(DISK, disk.action, partial(judge_disk, disk), Patience(readings=2)))
    if (throttled := config.throttled).action != "off":
        patience = Patience(readings=max(1, round(throttled.seconds / READING_SECONDS)))
        found.append(Sentry("throttled", throttled.action, partial(judge_clocks, throttled), patience))
    return found


def _sentries(config: SentinelConfig) -> Iterator[Sentry[Vitals]]:
    if (saturated := config.d_saturated).action != "off":
        judge = partial(judge_saturation, saturated)
        yield Sentry("d_saturated", saturated.action, judge, Patience(steps=saturated.steps))
    if (balance := config.imbalance).action != "off":
        judge = partial(judge_balance, balance, saturated)
        yield Sentry("imbalance", balance.action, judge, Patience(steps=balance.steps))
    if (collapse := config.collapse).action != "off":
        yield Sentry("collapse", collapse.action, partial(judge_collapse, collapse), Patience(steps=collapse.steps))
    if (identity := config.identity).action != "off":
        yield Sentry("identity", identity.action, partial(judge_identity, identity), Patience(steps=identity.steps))
    if (inversion := config.inversion).action != "off":
        judge = partial(judge_inversion, inversion)
        yield Sentry("inversion", inversion.action, judge, Patience(steps=inversion.steps))
    if (spike := config.spike).action != "off":
        yield Sentry("spike", spike.action, Spikes(spike), A_SPIKE, AFTER_A_SPIKE)
    if (stall := config.stall).action != "off":
        yield Sentry("stall", stall.action, Stalls(stall), AT_ONCE)
