"""A loss log as a course of lines of metrics: steps, times, losses, and sessions that take an epoch up again."""

from __future__ import annotations

import pytest

from engine.exchange.importing.log_metrics import Beginning, Measured, Scale, course_of
from engine.exchange.importing.loss_log import EpochLength, parse
from tests.engine.exchange.importing.test_loss_log import HEADING, log_of

FOUR = Scale(length=EpochLength(images=4, certain=True), batch=1)
LATER = HEADING.replace("04:44:27", "06:00:00")


def line(epoch: int, iters: int, **losses: str) -> str:
    told = losses or {"G_A": "0.500"}
    words = " ".join(f"{name}: {value}" for name, value in told.items())
    return f"(epoch: {epoch}, iters: {iters}, time: 0.500, data: 0.250) {words} "


def course(*lines: str, scale: Scale = FOUR, written: float = 0.0) -> list[Measured | Beginning]:
    return list(course_of(parse("\n".join(lines)), scale, written))


def test_steps_and_images_count_from_the_first_epoch() -> None:
    found = course(line(1, 2), line(1, 4), line(3, 1))
    assert [(item.step, item.epoch, item.images) for item in found if isinstance(item, Measured)] == [
        (2, 1, 2),
        (4, 1, 4),
        (9, 3, 9),
    ]


def test_a_step_takes_a_batch_and_the_last_of_an_epoch_may_be_smaller() -> None:
    scale = Scale(length=EpochLength(images=5, certain=True), batch=2)
    assert scale.steps_per_epoch == 3
    assert [item.step for item in course(line(1, 2), line(1, 5), line(2, 2), scale=scale)] == [1, 3, 4]


def test_losses_are_as_they_enter_the_objective() -> None:
    """Of pix2pix's discriminator the reference prints the halves whole; what is not finite is none."""
    [item] = course(line(1, 1, G_GAN="1.000", G_L1="40.000", D_real="0.600", D_fake="nan", extra="2.000"))
    assert isinstance(item, Measured)
    assert item.losses == {"G_GAN": 1.0, "G_L1": 40.0, "D_real": 0.3, "D_fake": None, "extra": 2.0}


def test_a_session_that_takes_up_an_earlier_epoch_voids_what_was_beyond_it() -> None:
    found = course(HEADING, line(1, 4), line(2, 4), line(3, 2), LATER, line(3, 2), line(3, 4))
    assert [type(item).__name__ for item in found] == [*["Measured"] * 3, "Beginning", *["Measured"] * 2]
    assert [item.step for item in found] == [4, 8, 10, 8, 10, 12]
    assert [item.time for item in found] == sorted(item.time for item in found)


def test_a_session_that_goes_on_where_the_other_ended_voids_nothing() -> None:
    found = course(HEADING, line(1, 4), line(2, 4), LATER, line(3, 4))
    assert all(isinstance(item, Measured) for item in found)


def test_a_training_that_was_started_over_without_a_heading_does_not_run_back() -> None:
    assert [item.step for item in course(line(2, 4), line(1, 2), line(3, 1))] == [8, 9]


def test_times_follow_from_a_heading_and_what_an_image_took() -> None:
    began, second = (item.time for item in course(HEADING, line(1, 1), line(1, 3)))
    assert second - began == pytest.approx(2 * 0.75)  # two images of 0.5 s, each waited for by 0.25 s


def test_without_a_heading_the_last_line_is_as_old_as_the_file() -> None:
    *_, last = course(line(1, 2), line(1, 4), written=1_000_000.0)
    assert last.time == pytest.approx(1_000_000.0)


def test_pace_is_that_of_the_line() -> None:
    [item] = course(line(1, 1))
    assert isinstance(item, Measured)
    assert item.throughput == pytest.approx(1 / 0.75, abs=1e-4)
    assert item.data_wait == pytest.approx(0.25 / 0.75, abs=1e-4)


def test_a_long_log_rises_throughout() -> None:
    scale = Scale(length=EpochLength(images=1334, certain=True), batch=1)
    steps = [item.step for item in course(log_of(1334, 20, 100), scale=scale)]
    assert steps == list(range(100, 1334 * 20 + 1, 100))
