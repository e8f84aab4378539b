"""Judges of the two players, by what the discriminators believe.

A discriminator that is sure of every image gives the generator no gradient where the loss saturates (Goodfellow et al.
2014, section 3), and little to go by elsewhere (Arjovsky and Bottou 2017, theorem 2.4). One that cannot tell real from
generated teaches nothing either: at the optimum it believes 1/2 of both, but so does one that never learnt.
"""

from __future__ import annotations

from engine.config.sentinels import DSaturatedSentinel, ImbalanceSentinel
from engine.sentinels.finding import Finding, Outlook, Remedy, agreeing
from engine.sentinels.names import Beliefs, beliefs_in
from engine.sentinels.vitals import Vitals

SLOWER_D = Remedy(controls=("optim.lr_d",), factor=0.5)
FASTER_D = Remedy(controls=("optim.lr_d",), factor=2)
FASTER_G = Remedy(controls=("optim.lr_g",), factor=2)
SLOWER_F = Remedy(controls=("optim.lr_f",), factor=0.5)
SLOWER_G = Remedy(controls=("optim.lr_g",), factor=0.5)


def judge_saturation(config: DSaturatedSentinel, vitals: Vitals) -> Outlook:
    """Whether a discriminator is sure of every image."""
    beliefs = beliefs_in(vitals.health)
    if not beliefs or vitals.stage:
        return "unknown"
    sure = {who: each for who, each in beliefs.items() if each.real >= config.real and each.fake <= config.fake}
    if not sure:
        return "well"
    return Finding(
        subject=", ".join(sure),
        fact=f"{agreeing(sure, 'is', 'are')} sure of every image ({_said(sure)})",
        cause="The discriminator has won: it learns faster than the generator, which gets next to nothing to go by.",
        remedies=(SLOWER_D, FASTER_G),
        fix="If it goes on, branch from a checkpoint before it with a lower optim.lr_d.",
    )


def judge_balance(config: ImbalanceSentinel, saturated: DSaturatedSentinel, vitals: Vitals) -> Outlook:
    """Whether a discriminator is far ahead of the generator, or does not tell its images from real ones.

    One that is sure of every image is the other sentinel's, where that one watches.
    """
    beliefs = beliefs_in(vitals.health)
    if not beliefs or vitals.stage:
        return "unknown"
    if saturated.action != "off" and judge_saturation(saturated, vitals) != "well":
        return "unknown"
    ahead = {who: each for who, each in beliefs.items() if each.real - each.fake >= config.ahead}
    if ahead:
        return Finding(
            subject=", ".join(ahead),
            fact=f"{agreeing(ahead, 'is', 'are')} far ahead of the generator ({_said(ahead)})",
            cause="The discriminator learns faster than the generator can follow.",
            remedies=(SLOWER_D, FASTER_G),
        )
    behind = {who: each for who, each in beliefs.items() if each.real - each.fake <= config.behind}
    if behind:
        return Finding(
            subject=", ".join(behind),
            fact=f"{agreeing(behind, 'does', 'do')} not tell generated images from real ones ({_said(behind)})",
            cause="The discriminator has stopped learning, or learns too slowly: the generator gets nothing to go by.",
            remedies=(FASTER_D, SLOWER_G),
            fix="If the pictures are as good as real ones, this is the end that was hoped for.",
        )
    return "well"


def _said(beliefs: dict[str, Beliefs]) -> str:
    return "; ".join(
        f"{who} believes {each.real:.2f} of real, {each.fake:.2f} of fake" for who, each in beliefs.items()
    )
