"""Judges of the translations of the fixed images: all alike, their input unchanged, or its negative.

What users of the reference implementations write about most besides NaN: collapse (Salimans et al. 2016, section 3.2),
outputs that equal their input, and inverted colours, against which CycleGAN has its identity terms (section 5.2).
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.config.sentinels import CollapseSentinel, IdentitySentinel, InversionSentinel
from engine.sentinels.finding import Finding, Outlook, Remedy, agreeing
from engine.sentinels.names import CHANGE, CORRELATION, DIVERSITY, looks_in
from engine.sentinels.vitals import Vitals

_TIES = {"fake_B": "a", "fake_A": "b"}
"""The domain whose images a picture is made of, as the controls of cycle and reconstruction terms end."""


def judge_collapse(config: CollapseSentinel, vitals: Vitals) -> Outlook:
    """Whether translations of different images are all alike."""
    looks = dict(looks_in(vitals.health, DIVERSITY))
    alike = {name: share for name, share in looks.items() if share <= config.diversity}
    if not alike or vitals.stage:
        return _well(looks, vitals)
    shares = ", ".join(f"{share:.2f}" for share in alike.values())
    look = agreeing(alike, "looks", "look")
    return Finding(
        subject=", ".join(alike),
        fact=f"{look} alike whatever is translated: {shares} of the distances that real images have",
        cause="Mode collapse: the generator has found one picture that passes, and ignores its input.",
        remedies=(*_bound_to_input(alike), Remedy(controls=("optim.lr_g",), factor=0.5)),
        fix="What is lost rarely comes back: branch from a checkpoint before it.",
    )


def judge_identity(config: IdentitySentinel, vitals: Vitals) -> Outlook:
    """Whether translations are what was to be translated."""
    looks = dict(looks_in(vitals.health, CHANGE))
    same = {name: change for name, change in looks.items() if change <= config.change}
    if not same or vitals.stage:
        return _well(looks, vitals)
    changes = ", ".join(f"{change:.3f}" for change in same.values())
    return Finding(
        subject=", ".join(same),
        fact=f"{agreeing(same, 'is its', 'are their')} input again: mean difference {changes} of black to white",
        cause="Leaving images as they are costs least: the terms that ask for that outweigh the adversarial one.",
        remedies=(Remedy(controls=("loss.identity",), factor=0.5), Remedy(controls=("loss.adversarial",), factor=2)),
    )


def judge_inversion(config: InversionSentinel, vitals: Vitals) -> Outlook:
    """Whether translations are negatives."""
    looks = dict(looks_in(vitals.health, CORRELATION))
    inverted = {name: correlation for name, correlation in looks.items() if correlation <= config.correlation}
    if not inverted or vitals.stage:
        return _well(looks, vitals)
    correlations = ", ".join(f"{correlation:.2f}" for correlation in inverted.values())
    turned = agreeing(inverted, "is a negative: its", "are negatives: their")
    return Finding(
        subject=", ".join(inverted),
        fact=f"{turned} brightness goes against the image's (correlation {correlations})",
        cause="A cycle is as well closed by inverting twice; only terms that compare colours directly forbid it.",
        remedies=(Remedy(controls=("loss.identity",), factor=2, start=0.5), Remedy(controls=("loss.l1",), factor=2)),
        fix="It rarely turns back: branch from a checkpoint before it, or begin with another run.seed.",
    )


def _bound_to_input(pictures: Iterable[str]) -> list[Remedy]:
    """What makes a translation tell of its input, in the terms of each method."""
    domains = sorted({_TIES[name] for name in pictures if name in _TIES})
    return [
        Remedy(controls=tuple(f"loss.cycle_{domain}" for domain in domains), factor=2, start=1),
        Remedy(controls=("loss.l1",), factor=2, start=10),
        Remedy(controls=("loss.const",), factor=2, start=1),
        Remedy(controls=("loss.rate",), factor=2),
        Remedy(controls=("loss.rate_after",), factor=1.5),
    ]


def _well(looks: dict[str, float], vitals: Vitals) -> Outlook:
    return "well" if looks and not vitals.stage else "unknown"
