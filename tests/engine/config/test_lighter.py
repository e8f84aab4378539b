"""What can be changed so that a run takes less memory: only what its method allows, each with the whole preset."""

from __future__ import annotations

import pytest

from engine.config.lighter import lighter
from engine.config.load import Tree, resolve, with_settings
from engine.config.methods import TrainConfig


def preset(kind: str, *settings: str) -> TrainConfig:
    tree: Tree = {"method": {"kind": kind}}
    return resolve(with_settings(tree, settings), "x")


@pytest.mark.parametrize(
    ("kind", "settings", "changes"),
    [
        ("cyclegan", (), ["run.checkpointing=true", "run.precision=bf16", "data.crop=128"]),
        (
            "cyclegan",
            ("run.batch=6", "run.accumulate=4", "run.checkpointing=true", "run.precision=bf16"),
            ["run.accumulate=6", "data.crop=128"],
        ),
        ("cyclegan", ("run.compile=on",), ["run.precision=bf16", "data.crop=128"]),
        (
            "cyclegan",
            ("run.batch=2", "run.precision=bf16"),
            ["run.checkpointing=true", "run.accumulate=2", "run.batch=1", "data.crop=128"],
        ),
        ("cyclegan", ("run.batch=4", "run.gpus=4"), ["run.checkpointing=true", "run.precision=bf16", "data.crop=128"]),
        (
            "cyclegan",
            ("run.batch=7", "run.gpus=4", "run.checkpointing=true", "run.precision=bf16"),
            ["run.accumulate=2", "run.batch=4", "data.crop=128"],
        ),
        (
            "cyclegan",
            ("run.batch=9", "run.gpus=3", "run.accumulate=2", "run.checkpointing=true", "run.precision=bf16"),
            ["run.accumulate=3", "run.batch=4", "data.crop=128"],
        ),
        ("pix2pix", (), ["run.checkpointing=true", "run.precision=bf16"]),
        ("pix2pix", ("run.batch=4",), ["run.checkpointing=true", "run.precision=bf16", "run.batch=2"]),
        ("discogan", (), ["run.checkpointing=true", "run.precision=bf16", "run.batch=32"]),
        ("dtn", (), ["run.precision=bf16", "run.batch=64"]),
        (
            "aegan",
            ("data.kind=synthetic-digits", "data.size=64", "run.precision=bf16"),
            ["run.checkpointing=true", "data.size=32"],
        ),
    ],
)
def test_what_is_offered_is_what_the_method_allows(kind: str, settings: tuple[str, ...], changes: list[str]) -> None:
    """No parts where batch normalisation mixes them; no crop that a U-Net of 8 halvings does not take.

    Nor more parts than a process has images, nor batches that leave one without.
    """
    offered = lighter(preset(kind, *settings))
    assert [change.setting for change in offered] == changes
    for change in offered:
        assert change.config == preset(kind, *settings, change.setting)
