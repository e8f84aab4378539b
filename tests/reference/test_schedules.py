"""The learning rate of every epoch, stepped at the epoch's end as the reference does since 2025."""

from __future__ import annotations

import pytest

from engine.config.schema import OptimConfig, ScheduleKind
from engine.schedules import build_schedule
from tests.reference import vectors

CASE = vectors.CASES["lr_tables"]
CONVENTION = "/end_of_epoch_2025"
TABLES = [name.removesuffix(CONVENTION) for name in CASE["tables"] if name.endswith(CONVENTION)]
KINDS: tuple[ScheduleKind, ...] = ("linear", "step", "cosine", "plateau", "constant")


def our_table(name: str, last_epoch: int) -> list[list[float]]:
    kind = next(kind for kind in KINDS if name.startswith(kind))
    config = OptimConfig(
        schedule=kind,
        epochs=CASE["n_epochs"],
        decay_epochs=CASE["n_epochs_decay"],
        decay_every=CASE["step_lr_decay_iters"],
    )
    schedule = build_schedule(config)
    rows = []
    for epoch in range(1, last_epoch + 1):
        rows.append([epoch, CASE["base_lr"] * schedule.factor])
        schedule.epoch_done(0.0)  # the reference always tells its plateau 0
    return rows


@pytest.mark.parametrize("name", TABLES)
def test_table(name: str) -> None:
    wanted = CASE["tables"][name + CONVENTION]
    if name.startswith("cosine"):
        wanted = [row for row in wanted if row[0] <= CASE["n_epochs"] + 1]  # then the reference's rises again
    first, last = wanted[0][0], wanted[-1][0]
    ours = our_table(name, last)[first - 1 :]
    assert [epoch for epoch, _ in ours] == [epoch for epoch, _ in wanted]
    assert [rate for _, rate in ours] == pytest.approx([rate for _, rate in wanted], rel=1e-12, abs=1e-18)


def test_cosine_ends_at_its_minimum() -> None:
    wanted = CASE["tables"]["cosine" + CONVENTION]
    rates = [rate for _, rate in our_table("cosine", wanted[-1][0])]
    assert rates[CASE["n_epochs"] :] == [min(rate for _, rate in wanted)] * (len(rates) - CASE["n_epochs"])
