"""Looking at checkpoints one after another: quickly at first, and knowing more once their files were read."""

from __future__ import annotations

from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.inspection import Inspection
from gan_tui.client.inventory import Kept
from tests.gan_tui.client.resumable import cut, flip_a_bit


def kept_of(inspection: Inspection, step: int) -> Kept:
    return next(kept for kept in inspection.inventory().checkpoints if kept.manifest.step == step)


def test_reading_shows_what_sizes_do_not(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    inspection = Inspection(horse, ResumeRequest())
    kept = kept_of(inspection, 12)
    assert (inspection.look(kept).problems, inspection.is_read(kept)) == ((), False)
    assert inspection.look(kept_of(inspection, 9)).goes_on == "branch", "as long as nothing is known against the newest"
    assert inspection.read(kept, lambda: False)
    assert inspection.is_read(kept)
    assert "damaged file" in inspection.look(kept).problems[0].fact
    assert "damaged file" in kept_of(inspection, 12).damage
    assert inspection.look(kept_of(inspection, 9)).goes_on == "in place"
    branch = Inspection(horse, ResumeRequest(branch=True))
    assert branch.read(kept, lambda: False)
    assert [each.name for each in branch.look(kept_of(branch, 6)).unusable] == ["step-00000012"]


def test_reading_can_be_given_up(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    inspection = Inspection(horse, ResumeRequest())
    kept = kept_of(inspection, 12)
    asked: list[bool] = []

    def after_the_first() -> bool:
        asked.append(True)
        return len(asked) > 1

    assert not inspection.read(kept, after_the_first)
    assert not inspection.is_read(kept)
    assert len(asked) == 2


def test_a_whole_one_and_one_that_is_cut(horse: RunDirectory) -> None:
    cut(horse, 9)
    inspection = Inspection(horse, ResumeRequest(settings=("loss.cycle_a=2",)))
    for step, damage in ((12, ""), (9, "has a truncated file")):
        assert inspection.read(kept_of(inspection, step), lambda: False)
        assert kept_of(inspection, step).damage.startswith(damage)
        assert bool(kept_of(inspection, step).damage) == bool(damage)
    assert inspection.look(kept_of(inspection, 12)).settings[0].after == 2.0
