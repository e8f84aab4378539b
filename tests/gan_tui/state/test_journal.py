"""The journal's wording."""

from __future__ import annotations

import msgspec
import pytest

from engine.protocol.conditions import Conditions
from engine.protocol.events import Announced, Evaluated, StageDone
from gan_tui.state.journal import COMPUTED, journal_entry, number
from tests.gan_tui.recorded import Recording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10.0, "10"),
        (0.5, "0.5"),
        (2e-4, "2e-4"),
        (0.0, "0"),
        (2.52e-4, "2.52e-4"),
        (1e9, "1e9"),
        (0.525, "0.525"),
        (0.00126, "0.00126"),
        (-0.00126, "-0.00126"),
        (1.23456789e-4, "1.23457e-4"),
        (0.9999999, "1"),
        (1_234_567.0, "1234567"),
        (999_999.7, "1000000"),
        (9_999_999.7, "1e7"),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_what_was_computed_has_fewer_digits() -> None:
    assert [number(value, COMPUTED) for value in (2 / 3, 1 / 750, 1 / 7500, 9999.7)] == [
        "0.6667", "0.001333", "1.333e-4", "10000",
    ]  # fmt: skip


def test_curves_and_pictures_are_not_told() -> None:
    recording = Recording()
    assert journal_entry(recording.metrics(1)) is None
    assert journal_entry(recording.sheet(1, ())) is None
    entry = journal_entry(recording.checkpoint(500))
    assert entry is not None
    assert entry.text == "checkpoint step 500 ok, 339 MB, 0.4 s"


def test_the_networks_and_the_end_of_a_stage_are_told() -> None:
    announced = Announced(
        seq=1, step=0, time=0.0, controls=(), values={}, components=(), epochs=1, steps_per_epoch=1, total_steps=1,
        device="cpu", parameters={}, networks={"generator": "resnet of 9 blocks", "discriminator": "patches of 70 px"},
    )  # fmt: skip
    entry = journal_entry(announced)
    assert entry is not None
    assert entry.text == "generator: resnet of 9 blocks; discriminator: patches of 70 px"
    assert journal_entry(msgspec.structs.replace(announced, networks={})) is None
    done = journal_entry(StageDone(seq=2, step=3000, time=1.0, stage="training f"))
    assert done is not None
    assert (done.kind, done.text) == ("life", "training f is done")
    losses = {"f": 0.01234, "f_error": 0.004, "other": None}
    done = journal_entry(StageDone(seq=2, step=3000, time=1.0, stage="training f", losses=losses))
    assert done is not None
    assert done.text == "training f is done: f 0.01234, f_error 0.004, other nan"


def test_an_evaluation_is_told_with_its_figures_and_whether_it_is_the_best() -> None:
    conditions = Conditions(split="test", images_A=106, images_B=0)
    event = Evaluated(
        seq=1, step=500, time=0.0, figures={"l1": 0.18282, "psnr": None}, conditions=conditions, seconds=8.24
    )
    entry = journal_entry(event)
    assert entry is not None
    assert entry.text == "evaluated on 106 images, 8.2 s: l1 0.1828, psnr nan"
    entry = journal_entry(msgspec.structs.replace(event, best_by="l1"))
    assert entry is not None
    assert entry.text.endswith("psnr nan; the best l1 so far")
