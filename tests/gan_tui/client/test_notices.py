"""What a preflight warns of, though nothing of it forbids the resume."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from engine.protocol.checkpoints import MANIFEST, list_checkpoints
from engine.protocol.codec import encode
from engine.protocol.record import last_metrics
from engine.protocol.rundir import Identity, RunDirectory, read_identity, write_identity
from gan_tui.client.branch import ResumeRequest, plan_resume
from gan_tui.client.horizon import horizon_of
from gan_tui.client.notices import warnings_of
from tests.faults.test_not_finite import UNSTABLE
from tests.gan_tui.client.resumable import flip_a_bit
from tests.runs import engine_of, make_run


@pytest.fixture(autouse=True)
def no_threads_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def warnings(run: RunDirectory, *settings: str, chosen: str = "latest") -> list[str]:
    """One line each."""
    plan = plan_resume(run, chosen, ResumeRequest(settings=settings))
    return [notice.in_words() for notice in warnings_of(plan, horizon_of(plan))]


def pretend(run: RunDirectory, **changes: object) -> Identity:
    identity = msgspec.structs.replace(read_identity(run), **changes)
    write_identity(run, identity)
    return identity


def test_there_is_nothing_to_warn_of(horse: RunDirectory) -> None:
    assert warnings(horse) == warnings(horse, chosen="6") == warnings(horse, "loss.cycle_a=2", "run.steps=20") == []


def test_what_was_imported_begins_some_of_its_state_anew(horse: RunDirectory) -> None:
    folder, manifest = list_checkpoints(horse)[-1]
    imported = msgspec.structs.replace(manifest, anew=("D_A", "the optimizers"))
    (folder / MANIFEST).write_bytes(msgspec.json.encode(imported))
    [line] = warnings(horse)
    assert line.startswith(f"checkpoint {manifest.step}: was imported, and begins D_A, the optimizers anew. ")


def test_why_a_run_failed_and_what_its_engine_advised(tmp_path: Path) -> None:
    run = make_run(tmp_path, *UNSTABLE, "checkpoint.every=1", "optim.lr_g=1.0", "optim.lr_d=1.0")
    with engine_of(run) as engine:
        assert engine.ended() == 1
    [line] = warnings(run)
    assert line.startswith("run tiny: failed when it was last trained: ")
    assert "NaN or infinite" in line
    step = plan_resume(run, "latest", ResumeRequest()).step
    offer = f"The last finite checkpoint is of step {step}: gan-tui resume tiny --checkpoint {step}"
    assert line.endswith(f"{offer} --set optim.lr_g=0.5 --set optim.lr_d=0.5")


def test_losses_that_were_not_finite_when_the_user_ended_the_run(horse: RunDirectory) -> None:
    """As under a sentinel that only warns."""
    newest = last_metrics(horse)
    assert newest is not None
    broken = msgspec.structs.replace(
        newest, seq=newest.seq + 100, step=20, losses={**newest.losses, "G_A": None, "idt_B": None}
    )
    horse.metrics.write_bytes(horse.metrics.read_bytes() + encode(broken) + b"\n")
    fact = "run horse: came to losses that are NaN or infinite by step 20 (G_A, idt_B)"
    lower = "Lower the learning rates, in a branch: --set optim.lr_g=0.0001 --set optim.lr_d=0.0001"
    assert warnings(horse) == [f"{fact}. {lower}"]
    assert warnings(horse, "optim.lr_g=1e-4") == [fact], "it is being done"
    good = msgspec.structs.replace(newest, seq=newest.seq + 101, step=21)
    horse.metrics.write_bytes(horse.metrics.read_bytes() + encode(good) + b"\n")
    assert warnings(horse) == []


def test_steps_beyond_the_epochs(horse: RunDirectory) -> None:
    [line] = warnings(horse, "run.steps=31")
    assert line.startswith(
        "run.steps = 31: is beyond the run's epochs, which end at step 30. More epochs make it longer"
    )
    assert warnings(horse, "run.steps=31", "optim.epochs=3") == warnings(horse, "run.steps=30") == []


def test_what_another_seed_changes(horse: RunDirectory) -> None:
    [line] = warnings(horse, "run.seed=3")
    assert line.startswith("run.seed = 3: changes the images that are drawn, their order and their crops from here on")


def test_cpu_threads_that_the_engine_will_not_have(horse: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    cores = len(os.sched_getaffinity(0))
    pretend(horse, threads=cores)
    assert warnings(horse) == [], "the engine takes as many as it had"
    pretend(horse, threads=cores + 1)
    words = f"the CPU threads: are {cores + 1} no more: this machine has {cores} cores"
    assert warnings(horse) == [f"{words}. Numbers may differ in their last digits."]
    assert f"{words}. Numbers may differ in their last digits." in warnings(horse, chosen="6"), "a branch is to have it"
    monkeypatch.setenv("OMP_NUM_THREADS", str(cores + 1))
    assert warnings(horse) == [], "as many as it had, on fewer cores"
    monkeypatch.setenv("OMP_NUM_THREADS", "77")
    assert warnings(horse)[0].startswith(f"the CPU threads: are {cores + 1} no more: OMP_NUM_THREADS is 77.")
    pretend(horse, device="cuda:0 bf16")
    assert warnings(horse) == [], "a GPU computes"


def test_a_damaged_checkpoint_is_not_said_to_be_taken_up(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    assert warnings(horse)[0].endswith("Step 9 is taken up instead; the damaged one is not deleted.")
    flip_a_bit(horse, 9)
    assert warnings(horse, chosen="9") == [], "though a newer one is damaged too"
