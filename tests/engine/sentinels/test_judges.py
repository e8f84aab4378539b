"""Each judge on numbers that have exactly its fault, on healthy ones, and where it cannot tell."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from engine.config.sentinels import (
    CollapseSentinel,
    DSaturatedSentinel,
    IdentitySentinel,
    ImbalanceSentinel,
    InversionSentinel,
    SpikeSentinel,
    StallSentinel,
)
from engine.sentinels.balance import judge_balance, judge_saturation
from engine.sentinels.course import Spikes, Stalls
from engine.sentinels.finding import Finding, Outlook
from engine.sentinels.pictures import judge_collapse, judge_identity, judge_inversion
from engine.sentinels.vitals import Vitals


def vitals(**health: float | None) -> Vitals:
    return Vitals(step=1, losses={}, health=health)


def beliefs(real: float, fake: float, **others: float) -> Vitals:
    return vitals(D_A_on_real=0.6, D_A_on_fake=0.4, D_B_on_real=real, D_B_on_fake=fake, **others)


def subject(outlook: Outlook) -> str:
    return outlook.subject if isinstance(outlook, Finding) else outlook


# ------------------------------------------------------------------------------------------------- the players

SATURATED, BALANCE = DSaturatedSentinel(), ImbalanceSentinel()


@pytest.mark.parametrize(
    ("real", "fake", "saturation", "balance"),
    [
        (0.7, 0.3, "well", "well"),
        (0.98, 0.02, "D_B", "unknown"),
        (0.98, 0.04, "well", "D_B"),
        (0.96, 0.02, "well", "D_B"),
        (0.96, 0.078, "well", "well"),
        (0.51, 0.50, "well", "D_B"),
        (0.40, 0.60, "well", "D_B"),
        (0.60, 0.55, "well", "well"),
    ],
)
def test_the_players_by_what_a_discriminator_believes(real: float, fake: float, saturation: str, balance: str) -> None:
    """One that is sure of every image is left to the sentinel for that."""
    assert subject(judge_saturation(SATURATED, beliefs(real, fake))) == saturation
    assert subject(judge_balance(BALANCE, SATURATED, beliefs(real, fake))) == balance


def test_the_remedy_is_on_the_side_of_the_player_that_is_behind() -> None:
    ahead, behind = (judge_balance(BALANCE, SATURATED, beliefs(real, 0.08)) for real in (0.98, 0.09))
    assert isinstance(ahead, Finding)
    assert isinstance(behind, Finding)
    assert [(remedy.controls, remedy.factor) for remedy in ahead.remedies] == [
        (("optim.lr_d",), 0.5),
        (("optim.lr_g",), 2),
    ]
    assert behind.remedies[0].factor == 2


def test_with_the_other_sentinel_off_a_sure_discriminator_is_far_ahead() -> None:
    assert subject(judge_balance(BALANCE, DSaturatedSentinel(action="off"), beliefs(1.0, 0.0))) == "D_B"


def test_without_beliefs_nothing_is_known_of_the_players() -> None:
    for known in (vitals(), vitals(D_on_real=None, D_on_fake=0.0), vitals(D_on_real=1.0)):
        assert judge_saturation(SATURATED, known) == "unknown"
        assert judge_balance(BALANCE, SATURATED, known) == "unknown"


# ------------------------------------------------------------------------------------------------ the pictures


def test_the_pictures_by_how_they_look() -> None:
    collapse, identity, inversion = CollapseSentinel(), IdentitySentinel(), InversionSentinel()
    assert subject(judge_collapse(collapse, vitals(diversity_fake_A=0.08, diversity_fake_B=0.8))) == "fake_A"
    assert judge_collapse(collapse, vitals(diversity_fake_A=0.3, diversity_fake_B=1.4)) == "well"
    assert subject(judge_identity(identity, vitals(change_fake_A=0.01, change_fake_B=0.01))) == "fake_A, fake_B"
    assert judge_identity(identity, vitals(change_fake_A=0.05)) == "well"
    assert subject(judge_inversion(inversion, vitals(correlation_fake_B=-0.7))) == "fake_B"
    assert judge_inversion(inversion, vitals(correlation_fake_B=-0.3)) == "well"


def test_between_two_contact_sheets_nothing_is_known_of_the_pictures() -> None:
    between = beliefs(0.6, 0.4)
    assert judge_collapse(CollapseSentinel(), between) == "unknown"
    assert judge_identity(IdentitySentinel(), vitals(change_fake_B=None)) == "unknown"
    assert judge_inversion(InversionSentinel(), vitals(diversity_fake_B=0.1)) == "unknown"


def test_before_a_methods_own_objective_is_trained_nothing_is_judged() -> None:
    health = {"D_on_real": 1.0, "D_on_fake": 0.0, "diversity_fake_B": 0.0, "change_fake_B": 0.0}
    early = Vitals(step=1, losses={"f": 2.0}, health=health | {"correlation_fake_B": -1.0}, stage=True)
    assert judge_saturation(SATURATED, early) == "unknown"
    assert judge_balance(BALANCE, SATURATED, early) == "unknown"
    assert judge_collapse(CollapseSentinel(), early) == "unknown"
    assert judge_identity(IdentitySentinel(), early) == "unknown"
    assert judge_inversion(InversionSentinel(), early) == "unknown"


# -------------------------------------------------------------------------------------------------- the losses


def course(losses: Iterable[dict[str, float | None]], every: int = 20, **more: object) -> list[Vitals]:
    lines = enumerate(losses, start=1)
    return [Vitals(step=every * number, losses=line, objective=("G",), **more) for number, line in lines]  # type: ignore[arg-type]


def noisy(number: int, level: float = 1.0, slope: float = 0.0) -> list[dict[str, float | None]]:
    draws = random.Random(0)
    return [
        {"G": level * (1 + slope * place) * draws.lognormvariate(0, 0.2), "D": draws.lognormvariate(-1, 0.3)}
        for place in range(number)
    ]


def test_a_loss_far_above_its_range_is_told_with_what_it_was_and_whose_rate_to_lower() -> None:
    spikes = Spikes(SpikeSentinel())
    outlooks = [spikes(line) for line in course(noisy(200))]
    assert outlooks[49] == "unknown", "there are not lines enough"
    assert set(outlooks[50:]) == {"well"}
    [high] = course([{"G": 1.1, "D": 9.0}])
    found = spikes(high)
    assert isinstance(found, Finding)
    assert found.subject == "D"
    assert found.fact.startswith("is far above its range: 9, of late 0.4")
    assert found.remedies[0].controls == ("optim.lr_d",)
    assert spikes(course(noisy(1))[0]) == "well", "one spike does not widen the range"
    [both] = course([{"G": 30.0, "D": 9.0}])
    found = spikes(both)
    assert isinstance(found, Finding)
    assert f"{found.subject} {found.fact}".startswith("G, D are far above their ranges: 30, of late ")


@pytest.mark.parametrize(
    ("losses", "stage", "told", "rate"),
    [
        ({"G": 30.0, "D": 900.0}, False, "A step of the discriminator that was too long, whose D is furthest", "lr_d"),
        ({"G": 3000.0, "D": 9.0}, False, "A step of the generator that was too long, whose G is furthest", "lr_g"),
        ({"G": 1.0, "D": 9.0}, False, "A step of the discriminator that was too long; or", "lr_d"),
        ({"G": 1.0, "D": 9.0}, True, "A step of what is trained first that was too long; or", "lr_f"),
    ],
)
def test_of_several_losses_the_one_furthest_above_its_range_tells_whose_rate_to_lower(
    losses: dict[str, float | None], stage: bool, told: str, rate: str
) -> None:
    """A discriminator that has blown up takes the generators' losses along."""
    spikes = Spikes(SpikeSentinel())
    for line in course(noisy(100), stage=stage):
        spikes(line)
    [high] = course([losses], stage=stage)
    found = spikes(high)
    assert isinstance(found, Finding)
    assert found.cause.startswith(told)
    assert found.remedies[0].controls == (f"optim.{rate}",)


def test_a_loss_that_falls_or_that_a_nudge_has_raised_is_no_spike() -> None:
    spikes = Spikes(SpikeSentinel())
    falling: list[dict[str, float | None]] = [{"G": 5 * 0.97**place} for place in range(200)]
    assert all(not isinstance(spikes(line), Finding) for line in course(falling))
    raised = course(noisy(100, level=10), regime=("weights", 10))
    assert all(not isinstance(spikes(line), Finding) for line in raised)
    assert spikes(course([{"G": None}], regime=("weights", 10))[0]) == "unknown"


def stalls_in(lines: list[Vitals]) -> list[str]:
    judge = Stalls(StallSentinel(steps=2000))
    return [subject(outlook) for outlook in map(judge, lines) if outlook != "unknown"]


def test_losses_that_do_not_move_are_told_once_the_window_is_full() -> None:
    still: list[dict[str, float | None]] = [{"G": 1.0 + 0.1 * (place % 2), "D": 0.25} for place in range(160)]
    assert set(stalls_in(course(still))) == {"the losses"}
    assert stalls_in(course(still[:99])) == [], "the window is not full"


def test_one_loss_that_moves_is_enough() -> None:
    still: list[dict[str, float | None]] = [{"G": 1.0, "D": 0.5 - 0.001 * place} for place in range(160)]
    assert set(stalls_in(course(still))) == {"well"}
    assert set(stalls_in(course(noisy(160)))) == {"well"}


def test_a_run_that_its_schedule_brings_to_rest_has_not_stalled_and_a_nudge_begins_the_window_anew() -> None:
    still: list[dict[str, float | None]] = [{"G": 1.0}] * 160
    assert stalls_in(course(still, factor=0.05)) == []
    judge = Stalls(StallSentinel(steps=2000))
    heard = [judge(line) for line in course(still[:90])]
    heard += [judge(line) for line in course(still, regime="nudged")[90:160]]
    assert set(heard) == {"unknown"}
