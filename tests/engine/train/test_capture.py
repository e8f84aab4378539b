"""Recorded steps: the numbers of launched ones, for all systems, through nudges and changes of kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.batch import ImageBatch
from engine.config.losses import AeGanLoss, CycleGanLoss, DiscoGanLoss, DtnLoss, Pix2PixLoss
from engine.config.methods import (
    AeGanConfig,
    CycleGanConfig,
    DiscoGanConfig,
    DtnConfig,
    DtnMethod,
    Pix2PixConfig,
    TrainConfig,
)
from engine.config.networks import (
    AutoencoderGenerator,
    DecoderGenerator,
    EncoderDecoderGenerator,
    ImageDiscriminator,
    PatchDiscriminator,
    ResnetGenerator,
    UnetGenerator,
)
from engine.config.schema import DtnOptim, OptimConfig, PoolingOptim, RunConfig
from engine.methods.build import build_method
from engine.methods.method import Method, hold_rates_on_device, set_learning_rate
from engine.train.capture import WARM_UP_STEPS, CapturedStep, CudaGraphs, LaunchedStep, Recorder, build_step
from tests.engine.methods.stepping import CPU, batch, same, weights
from tests.engine.train.recorded_operations import RecordedOperations

PATCHES = PatchDiscriminator(width=2, layers=1)
AUTOENCODER = AutoencoderGenerator(width=4, downs=1, blocks=1, variational=True)
CYCLEGAN = CycleGanConfig(
    generator=ResnetGenerator(width=2, blocks=1, dropout=True),
    discriminator=PATCHES,
    optim=PoolingOptim(pool=3, ema=0.9),
    loss=CycleGanLoss(historical=0.1),
)
SYSTEMS: dict[str, TrainConfig] = {
    "cyclegan": CYCLEGAN,
    "cyclegan wgan-gp": CycleGanConfig(
        generator=ResnetGenerator(width=2, blocks=1),
        discriminator=PATCHES,
        optim=PoolingOptim(pool=3),
        loss=CycleGanLoss(gan="wgan-gp", gradient_penalty=10.0),
    ),
    "pix2pix": Pix2PixConfig(
        generator=UnetGenerator(width=2, downs=5, norm="batch"),
        discriminator=PatchDiscriminator(width=2, layers=1, norm="batch"),
        optim=PoolingOptim(pool=3),
        loss=Pix2PixLoss(feature_matching=1.0),
    ),
    "discogan": DiscoGanConfig(
        generator=EncoderDecoderGenerator(width=4, downs=2, norm="batch"),
        discriminator=ImageDiscriminator(width=4, downs=2, norm="batch"),
        optim=OptimConfig(ema=0.9),
        loss=DiscoGanLoss(switch=7),
    ),
    "dtn": DtnConfig(
        method=DtnMethod(f_width=2, f_steps=5),
        generator=DecoderGenerator(width=2),
        discriminator=ImageDiscriminator(width=2, downs=3),
        optim=DtnOptim(),
        loss=DtnLoss(tv=0.1),
    ),
    "aegan": AeGanConfig(
        generator=AUTOENCODER, discriminator=PATCHES, optim=PoolingOptim(pool=3), loss=AeGanLoss(class_a=1.0)
    ),
}
"""Small, and between them with all that a step may draw, count and average."""

NUDGED = {
    "cyclegan": "loss.cycle_a",
    "cyclegan wgan-gp": "loss.identity",
    "pix2pix": "loss.l1",
    "discogan": "loss.rate_after",
    "dtn": "loss.const",
    "aegan": "loss.kl",
}
STEPS = 24


def made(config: TrainConfig, device: torch.device = CPU) -> Method:
    method = build_method(config, device)
    for optimizer in method.optimizers.values():
        hold_rates_on_device(optimizer, device)
    return method


def shown(number: int, size: int, device: torch.device = CPU) -> ImageBatch:
    images = batch(number, size, side=32)
    return ImageBatch(
        real_A=images.real_A.to(device, torch.float32),
        real_B=images.real_B.to(device, torch.float32),
        label_A=None if images.label_A is None else images.label_A.to(device),
        label_B=None if images.label_B is None else images.label_B.to(device),
    )


def course(
    method: Method, step: Callable[[ImageBatch], dict[str, Tensor]], nudged: str, device: torch.device = CPU
) -> Iterator[dict[str, Tensor]]:
    """A run of some steps with a smaller batch now and then, a loss weight nudged twice, and rates that change."""
    for number in range(STEPS):
        torch.manual_seed(number)
        if number == STEPS // 2:
            method.set_control(nudged, 0.3)
        if number == STEPS - 4:
            method.set_control(nudged, 0.7)
            for optimizer in method.optimizers.values():
                set_learning_rate(optimizer, 1e-3)
        losses = step(shown(number, 1 if number % 6 == 5 else 2, device))
        yield {name: loss.clone() for name, loss in losses.items()}


def none_told(reason: str) -> None:
    pytest.fail(reason)


def captured(method: Method, recorder: Recorder) -> CapturedStep:
    return CapturedStep(method, recorder, none_told)


@pytest.mark.parametrize("system", SYSTEMS)
def test_recorded_steps_compute_what_launched_ones_do(system: str) -> None:
    launched, recorded = made(SYSTEMS[system]), made(SYSTEMS[system])
    recorder = RecordedOperations()
    of_launched = course(launched, LaunchedStep(launched), NUDGED[system])
    of_recorded = course(recorded, captured(recorded, recorder), NUDGED[system])
    for number, (wanted, found) in enumerate(zip(of_launched, of_recorded, strict=True)):
        assert same(wanted, found), f"step {number}: {wanted} and {found}"
    assert same(weights(launched), weights(recorded))
    assert same(launched.state_dict(), recorded.state_dict())
    assert recorder.recorded >= 2, "batches of two shapes came often enough"


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_nudge_records_nothing_anew(system: str) -> None:
    method, recorder = made(SYSTEMS[system]), RecordedOperations()
    step = captured(method, recorder)
    for number in range(16):  # beyond DTN's stage and DiscoGAN's switch, three turns each
        step(shown(number, 2))
    before = recorder.recorded
    assert before > 0
    for number, value in enumerate((0.2, 0.9, 0.4)):
        method.set_control(NUDGED[system], value)
        for optimizer in method.optimizers.values():
            set_learning_rate(optimizer, 1e-4 * (number + 1))
        for turn in range(3):
            step(shown(20 + 3 * number + turn, 2))
    assert recorder.recorded == before


def test_a_term_that_is_switched_off_makes_another_kind_of_step_and_the_old_one_is_kept() -> None:
    method, recorder = made(CYCLEGAN), RecordedOperations()
    step = captured(method, recorder)

    def go_on(identity: float) -> int:
        method.set_control("loss.identity", identity)
        for number in range(WARM_UP_STEPS + 1):
            step(shown(number, 1))
        return recorder.recorded

    assert [go_on(0.5), go_on(0.0), go_on(0.5), go_on(0.0)] == [1, 2, 2, 2]


class Reads(RecordedOperations):
    """Of a device on which what a step does cannot be recorded."""

    def record(self, work: Callable[[], dict[str, Tensor]]) -> Any:
        """See Recorder."""
        return super().record(lambda: {name: loss + loss.item() for name, loss in work().items()})


def test_a_step_that_cannot_be_recorded_is_launched_and_the_reason_is_told_once() -> None:
    launched, recorded = made(CYCLEGAN), made(CYCLEGAN)
    recorder, told = Reads(), list[str]()
    step = CapturedStep(recorded, recorder, told.append)
    runs = zip(
        course(launched, LaunchedStep(launched), "loss.cycle_a"), course(recorded, step, "loss.cycle_a"), strict=True
    )
    assert all(same(wanted, found) for wanted, found in runs)
    assert same(weights(launched), weights(recorded))
    assert recorder.recorded == 1
    assert told == ["aten._local_scalar_dense.default reads a number from the device"]


def test_where_another_kind_of_step_has_no_room_beside_a_recording_all_are_launched() -> None:
    launched, recorded = made(CYCLEGAN), made(CYCLEGAN)
    recorder, told = RecordedOperations(room=False), list[str]()
    step = CapturedStep(recorded, recorder, told.append)
    for number in range(2 * WARM_UP_STEPS + 2):
        size = 1 if number <= WARM_UP_STEPS else 2
        torch.manual_seed(number)
        wanted = LaunchedStep(launched)(shown(number, size))
        torch.manual_seed(number)
        assert same(wanted, step(shown(number, size)))
    assert (recorder.recorded, recorder.cleared, len(told)) == (1, 1, 1)
    assert "memory" in told[0]


def test_players_that_take_turns_are_asked_for_room_too() -> None:
    """Both kinds of DiscoGAN's steps have been seen when the first of them is recorded."""
    config = SYSTEMS["discogan"]
    launched, recorded = made(config), made(config)
    recorder, told = RecordedOperations(room=False), list[str]()
    step = CapturedStep(recorded, recorder, told.append)
    for number in range(5 * WARM_UP_STEPS):
        torch.manual_seed(number)
        wanted = LaunchedStep(launched)(shown(number, 1))
        torch.manual_seed(number)
        assert same(wanted, step(shown(number, 1)))
    assert (recorder.recorded, recorder.cleared, len(told)) == (1, 1, 1)


def test_on_a_cpu_a_step_is_the_methods_own() -> None:
    method = made(CYCLEGAN)
    assert build_step(method, CYCLEGAN, CPU, none_told) == LaunchedStep(method)


@pytest.mark.parametrize("setting", [{"accumulate": 2}, {"checkpointing": True}])
def test_what_is_known_not_to_be_recordable_is_not_tried(setting: dict[str, Any]) -> None:
    generator = UnetGenerator(width=2, downs=6, dropout=True)
    config = Pix2PixConfig(generator=generator, run=RunConfig(batch=2, **setting))
    method, told = made(config), list[str]()
    assert build_step(method, config, torch.device("cuda"), told.append) == LaunchedStep(method)
    assert len(told) == 1
    assert f"run.{next(iter(setting))}" in told[0]


# ------------------------------------------------------------------------------------------------------- on a GPU

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")


class Counted(CudaGraphs):
    """CUDA graphs, counted."""

    recorded = 0

    def record(self, work: Callable[[], dict[str, Tensor]]) -> Any:
        """See Recorder."""
        self.recorded += 1
        return super().record(work)


@CUDA
@pytest.mark.parametrize("system", SYSTEMS)
def test_cuda_graphs_compute_what_launched_operations_do(system: str) -> None:
    """Within rounding: cuDNN may take another algorithm."""
    device = torch.device("cuda", torch.cuda.current_device())
    launched, recorded = made(SYSTEMS[system], device), made(SYSTEMS[system], device)
    recorder = Counted(device)
    step = captured(recorded, recorder)
    of_launched = course(launched, LaunchedStep(launched), NUDGED[system], device)
    of_recorded = course(recorded, step, NUDGED[system], device)
    for wanted, found in zip(of_launched, of_recorded, strict=True):
        torch.testing.assert_close(found, wanted, rtol=2e-3, atol=2e-4)
    before = recorder.recorded
    assert before >= 2
    for number, value in enumerate((0.2, 0.9)):
        recorded.set_control(NUDGED[system], value)
        for optimizer in recorded.optimizers.values():
            set_learning_rate(optimizer, 1e-4 * (number + 1))
        for turn in range(3):
            step(shown(40 + 3 * number + turn, 2, device))
    assert recorder.recorded == before


class ReadsOnDevice(CudaGraphs):
    """Asked to record what reads a number from the device."""

    def record(self, work: Callable[[], dict[str, Tensor]]) -> Any:
        """See Recorder."""
        return super().record(lambda: {name: loss + loss.item() for name, loss in work().items()})


@CUDA
def test_after_a_failed_recording_dropout_is_drawn_and_training_goes_on_as_launched() -> None:
    device = torch.device("cuda", torch.cuda.current_device())
    launched, recorded = made(CYCLEGAN, device), made(CYCLEGAN, device)
    told = list[str]()
    step = CapturedStep(recorded, ReadsOnDevice(device), told.append)
    runs = zip(
        course(launched, LaunchedStep(launched), "loss.cycle_a", device),
        course(recorded, step, "loss.cycle_a", device),
        strict=True,
    )
    for wanted, found in runs:
        torch.testing.assert_close(found, wanted, rtol=2e-3, atol=2e-4)
    assert len(told) == 1
