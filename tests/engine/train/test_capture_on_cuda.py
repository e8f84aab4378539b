"""Recorded steps with all that a run adds to them: layouts, bf16, compiled networks, checkpoints taken up, and work
done in between.

On a GPU they are CUDA graphs; on the CPU the same is held against the recorder that stands in for them, but for
compiled networks, whose operations it does not see.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch
from torch import Tensor

from engine.checkpoint import load_checkpoint, write_checkpoint
from engine.config.methods import CycleGanConfig, TrainConfig
from engine.config.networks import ResnetGenerator
from engine.config.schema import RunConfig
from engine.methods.arrangement import arrange
from engine.methods.build import build_method
from engine.methods.method import Method, set_learning_rate
from engine.protocol.checkpoints import Manifest, read_manifest
from engine.protocol.rundir import RunDirectory
from engine.snapshot import Snapshot, copy_state
from engine.train.capture import WARM_UP_STEPS, CapturedStep, LaunchedStep
from engine.train.samples import lay_out, send_off
from engine.transfers import sender_from
from tests.engine.methods.stepping import parameters, same, weights
from tests.engine.train.recorded_operations import RecordedOperations
from tests.engine.train.test_capture import CUDA, CYCLEGAN, NUDGED, Counted, course, made, none_told, shown

WITHOUT_DROPOUT: CycleGanConfig = msgspec.structs.replace(CYCLEGAN, generator=ResnetGenerator(width=2, blocks=1))
ENOUGH = WARM_UP_STEPS + 3
"""Steps of a kind of which the last are replayed."""


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=CUDA)])
def device(request: pytest.FixtureRequest) -> torch.device:
    """The CPU with the recorder that stands in for CUDA graphs, or a GPU."""
    return torch.device("cuda", torch.cuda.current_device()) if request.param == "cuda" else torch.device("cpu")


def with_run(config: TrainConfig, run: RunConfig) -> TrainConfig:
    return msgspec.structs.replace(config, run=run)


def arranged(config: TrainConfig, device: torch.device) -> Method:
    method = made(config, device)
    arrange(method, config, device, none_told)
    return method


def recorded_step(method: Method, device: torch.device) -> tuple[CapturedStep, RecordedOperations | Counted]:
    recorder = Counted(device) if device.type == "cuda" else RecordedOperations()
    return CapturedStep(method, recorder, none_told), recorder


def require_alike(found: dict[str, Tensor], wanted: dict[str, Tensor], device: torch.device, rtol: float) -> None:
    """Bit for bit on the CPU; on a GPU within rounding, as cuDNN may take another algorithm."""
    if device.type == "cuda":
        torch.testing.assert_close(found, wanted, rtol=rtol, atol=rtol / 10)
    else:
        assert same(found, wanted), f"{found} and {wanted}"


def require_the_same_course(config: TrainConfig, device: torch.device, rtol: float) -> None:
    launched, recorded = arranged(config, device), arranged(config, device)
    step, recorder = recorded_step(recorded, device)
    nudged = NUDGED["cyclegan"]
    runs = zip(
        course(launched, LaunchedStep(launched), nudged, device), course(recorded, step, nudged, device), strict=True
    )
    for wanted, found in runs:
        require_alike(found, wanted, device, rtol)
    assert recorder.recorded >= 2, "batches of two shapes came often enough"


def test_bf16_with_channels_together(device: torch.device) -> None:
    config = with_run(CYCLEGAN, RunConfig(precision="bf16", channels_last="on"))
    one = next(p for p in arranged(config, device).networks["G_A"].parameters() if p.dim() == 4 and p.shape[1] > 1)
    assert one.is_contiguous(memory_format=torch.channels_last)
    require_the_same_course(config, device, rtol=2e-2)


def test_activations_that_are_made_again(device: torch.device) -> None:
    require_the_same_course(with_run(WITHOUT_DROPOUT, RunConfig(checkpointing=True)), device, rtol=2e-3)


@CUDA
def test_compiled_networks() -> None:
    device = torch.device("cuda", torch.cuda.current_device())
    torch.compiler.reset()
    require_the_same_course(with_run(WITHOUT_DROPOUT, RunConfig(compile="on")), device, rtol=2e-3)
    torch.compiler.reset()


# ------------------------------------------------------------------------------------------- checkpoints taken up


def snapshot_manifest(step: int) -> Manifest:
    return Manifest(
        run="0", step=step, epoch=1, images=step, time=0.0, reason="schedule", losses={}, controls={}, files={}
    )


def saved_on(origin: torch.device, folder: Path) -> Path:
    """A checkpoint of a run of some steps on a device."""
    method = build_method(CYCLEGAN, origin)  # on a CPU its rates are plain numbers
    for number in range(3):
        method.step(shown(number, 1, origin))
    return write_checkpoint(RunDirectory(folder), copy_state(method, {}, snapshot_manifest(3)))


def taken_up(folder: Path, device: torch.device) -> Method:
    method = arranged(CYCLEGAN, device)
    load_checkpoint(folder, read_manifest(folder), method)
    return method


@pytest.mark.parametrize("written_on", ["cpu", pytest.param("cuda", marks=CUDA)])
def test_a_run_that_goes_on_from_a_checkpoint_and_is_nudged(
    tmp_path: Path, device: torch.device, written_on: str
) -> None:
    """Moments, counts and rates that were loaded are those that the recording reads."""
    folder = saved_on(torch.device(written_on), tmp_path)
    launched, recorded = (taken_up(folder, device) for _ in range(2))
    step, recorder = recorded_step(recorded, device)
    for number in range(ENOUGH):
        torch.manual_seed(number)
        wanted = LaunchedStep(launched)(shown(number, 1, device))
        torch.manual_seed(number)
        require_alike(step(shown(number, 1, device)), wanted, device, rtol=2e-3)
    assert recorder.recorded == 1
    for rate, moves in ((0.0, False), (1e-3, True), (0.0, False)):
        for optimizer in recorded.optimizers.values():
            set_learning_rate(optimizer, rate)
        before = parameters(recorded, ("G_A", "G_B", "D_A", "D_B"))
        step(shown(0, 1, device))
        assert same(before, parameters(recorded, ("G_A", "G_B", "D_A", "D_B"))) is not moves, rate
    assert recorder.recorded == 1


# ----------------------------------------------------------------------------------------------- work in between


def stored_in(snapshot: Snapshot) -> dict[str, Tensor]:
    """Its weights, by the names that stepping.weights gives them."""
    return {f"{name}/{key}": value for name, network in snapshot.networks.items() for key, value in network.items()}


def test_losses_sent_off_samples_and_copies_of_the_state_between_steps(device: torch.device) -> None:
    """What is sent is fetched only at the end: each is of its own step, though recordings write over their losses."""
    launched, recorded = arranged(CYCLEGAN, device), arranged(CYCLEGAN, device)
    step, recorder = recorded_step(recorded, device)
    send, send_and_wait, fixed = sender_from(device), sender_from(torch.device("cpu")), shown(99, 2, device)
    fetched_at_once, fetched_at_the_end = [], []
    for number in range(ENOUGH + 2):
        torch.manual_seed(number)
        wanted = LaunchedStep(launched)(shown(number, 1, device))
        torch.manual_seed(number)
        losses = step(shown(number, 1, device))
        require_alike(losses, wanted, device, rtol=2e-3)
        sent = {name: send(loss) for name, loss in losses.items()}
        sheet = send_off(recorded.sample(fixed), number, send)
        snapshot = copy_state(recorded, {}, snapshot_manifest(number))
        fetched_at_the_end.append((sent, sheet, snapshot))
        values = {name: loss.to("cpu", copy=True) for name, loss in losses.items()}
        pixels = lay_out(send_off(recorded.sample(fixed), number, send_and_wait)).pixels
        fetched_at_once.append((values, pixels, {key: value.cpu() for key, value in weights(recorded).items()}))
    assert recorder.recorded == 1
    for (values, pixels, state), (sent, sheet, snapshot) in zip(fetched_at_once, fetched_at_the_end, strict=True):
        assert same(values, {name: transfer.wait() for name, transfer in sent.items()})
        assert (pixels == lay_out(sheet).pixels).all()
        assert same(state, stored_in(snapshot))
