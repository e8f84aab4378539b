"""A run whose numbers overflow: it stops before they are saved, says what broke, and its way back works."""

from __future__ import annotations

import re
from pathlib import Path

from safetensors.torch import load_file

from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.rundir import RunDirectory, read_identity
from tests.runs import engine_of, events_of, gan_tui, make_run, metrics_of
from tests.until import until

UNSTABLE = (
    "generator.norm=none", "discriminator.norm=none", "discriminator.layers=5", "discriminator.width=32",
    "data.resize=100", "data.crop=96", "data.images=2", "sample.count=1",
)  # fmt: skip
"""Networks that overflow within a few steps once the learning rate is 1."""


def test_an_overflow_ends_the_run_and_the_checkpoint_offered_goes_on(tmp_path: Path) -> None:
    run = make_run(tmp_path, *UNSTABLE, "checkpoint.every=2")
    with engine_of(run) as engine:
        engine.until_event(ev.Checkpointed)
        engine.ask(cmd.SetControls(values={"optim.lr_g": 1.0, "optim.lr_d": 1.0}, why="to see it burst"))
        assert engine.ended() == 1
    [nudge] = events_of(run, ev.Nudged)
    [failure] = events_of(run, ev.Failed)
    identity = read_identity(run)
    assert identity.state == "failed"
    assert "NaN or infinite" in identity.reason
    assert metrics_of(run)[-1].step < nudge.step + 40
    for folder, _ in list_checkpoints(run):
        for weights in folder.glob("*.safetensors"):
            assert all(tensor.isfinite().all() for tensor in load_file(weights).values()), weights
    go_on_as_offered(run, failure.fix)


def go_on_as_offered(run: RunDirectory, fix: str) -> None:
    """Do what the error says, word for word: here, go back to before the nudge that did it."""
    offered = re.findall(r"gan-tui (resume [^;]*)", fix)
    assert offered, fix
    done = gan_tui(run.root.parent, *offered[-1].split(), "--name", "saved", "--detach")
    assert done.returncode == 0, done.stderr
    saved = RunDirectory(run.root.parent / "saved")
    try:
        until(lambda: metrics_of(saved), "the first line of the branch")
    finally:
        gan_tui(run.root.parent, "ctl", "saved", "stop")
    until(lambda: read_identity(saved).state == "stopped", "the end of the branch's engine")
    assert metrics_of(saved)[0].lr["G"] < 2e-4
    assert None not in metrics_of(saved)[0].losses.values()
