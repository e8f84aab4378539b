"""What keeps a run's steps from being recorded, as far as the preset tells."""

from __future__ import annotations

import pytest

from engine.config.recording import obstacle_to_recording
from tests.runs import tiny_config

BY_IMAGE = ("generator.norm=instance", "discriminator.norm=instance")
PARTS = ("run.batch=2", "run.accumulate=2")
AGAIN = "run.checkpointing=true"
DROPOUT = "generator.dropout=true"


@pytest.mark.parametrize(
    ("kind", "settings", "obstacle"),
    [
        ("cyclegan", (), ""),
        ("cyclegan", PARTS, ""),
        ("cyclegan", (AGAIN,), ""),
        ("cyclegan", (DROPOUT,), ""),
        ("cyclegan", (AGAIN, DROPOUT), "run.checkpointing computes activations again"),
        ("pix2pix", (), ""),
        ("pix2pix", (*PARTS, *BY_IMAGE), "run.accumulate computes activations again"),
        ("aegan", PARTS, "run.accumulate computes activations again"),
    ],
)
def test_what_draws_again_what_it_drew_is_not_recorded(kind: str, settings: tuple[str, ...], obstacle: str) -> None:
    found = obstacle_to_recording(tiny_config(*settings, kind=kind), 1)
    assert found.startswith(obstacle)
    assert bool(found) is bool(obstacle)


def test_a_step_that_several_ranks_compute_is_not_recorded() -> None:
    assert obstacle_to_recording(tiny_config("run.batch=2"), 2) == "several ranks compute it together"
