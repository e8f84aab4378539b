"""The contract between a method, one of the GAN systems, and the engine that trains it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from engine.batch import ImageBatch
from engine.config.data import Direction
from engine.errors import RequestError

SampleRow: TypeAlias = dict[str, Tensor]
"""Picture name, such as "fake_B", -> (N, 3, H, W) in [-1, 1]; in display order, all of the same N, H and W."""


@dataclass(frozen=True)
class Stage:
    """What a method does before its own objective is trained, and how many of its steps are done."""

    name: str
    """Such as "training f"."""
    done: int
    steps: int
    setting: str
    """The key that says how many, such as "method.f_steps"."""

    def __str__(self) -> str:
        return f"{self.name} {self.done:,}/{self.steps:,}"


class Method(Protocol):
    """One GAN system: its networks, its losses, and how a step changes the former to lower the latter.

    A method neither logs, nor saves, nor schedules. It never copies a value from the device to the host.
    """

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Every network by the name its checkpoint file has, such as "G_A"."""

    @property
    def optimizers(self) -> Mapping[str, Optimizer]:
        """Every optimizer by name; their learning rates may be set at any step boundary (set_learning_rate)."""

    @property
    def base_rates(self) -> Mapping[str, str]:
        """Optimizer name -> the control that holds its base learning rate, such as "optim.lr_g"."""

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the losses that a step may return, in display order."""

    @property
    def objective(self) -> tuple[str, ...]:
        """The components whose sum the generators minimise; a schedule may watch it."""

    @property
    def beliefs(self) -> tuple[str, ...]:
        """Names of the discriminators' beliefs that `compute` may return beside the losses (engine.sentinels.names)."""

    @property
    def averages(self) -> Collection[str]:
        """The networks that follow others; where a checkpoint has none, they begin anew at the others' weights."""

    @property
    def stage(self) -> Stage | None:
        """What it does before its own objective is trained; then None."""

    @property
    def idle_controls(self) -> Mapping[str, str]:
        """Controls that do nothing from the next step on, whatever their value, each with the reason as a clause."""

    def step(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Train on one batch: prepare, then compute, for whoever need not tell them apart; the losses alone."""

    def prepare(self, images: int) -> Hashable:
        """Decide what the next step decides on the host, put it where `compute` reads it, and count the step.

        Args:
            images: of each domain in the step's batch.

        Returns:
            The kind of step. Steps of one kind, with batches of one shape, do the same work on the device.
        """

    def compute(self, batch: ImageBatch) -> dict[str, Tensor]:
        """Do the work of the step that was prepared.

        All that differs between two steps of a kind it reads from tensors on the device, loss weights and learning
        rates included, and it changes nothing on the host: so a recording of it can be replayed (engine.train.capture).

        Returns:
            Every component of the stage that the step belongs to, and no other, as a detached 0-d tensor on the
            device, weighted as it enters its objective. A component that is switched off by its weight is 0. Beside
            them the beliefs of those discriminators that judged, likewise, 0 to 1.
        """

    def sample(self, batch: ImageBatch) -> list[SampleRow]:
        """Translate a batch for display, in evaluation mode; the training that follows is as if it had not happened."""

    def translator(self, direction: Direction) -> nn.Module:
        """All that an image goes through, (N, 3, H, W) in [-1, 1] to the same, as one module on the device.

        It is made of the method's own networks, the moving average's where the run keeps one, in the mode they are in.

        Raises:
            RequestError: the method does not translate this way.
        """

    def translate(self, images: Tensor, direction: Direction) -> Tensor:
        """Translate (N, 3, H, W) images in [-1, 1], on the device, in evaluation mode.

        Raises:
            RequestError: the method does not translate this way, or the generator cannot take images of this size.
        """

    def set_control(self, name: str, value: float) -> None:
        """Set a "loss." control from the next step on; the value has passed Control.check.

        Raises:
            RequestError: the method has no such loss weight.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """What a resumed run needs beyond networks, optimizers, controls and PyTorch's own random state.

        Flat and of tensors only, so that it can be stored without pickle. The tensors are copies.
        """

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a saved state, wherever its tensors are."""


def hold_rates_on_device(optimizer: Optimizer, device: torch.device) -> None:
    """Keep learning rates in tensors, so that work that was recorded and is replayed goes by those of the day."""
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(group["lr"], dtype=torch.float32, device=device)  # what fused Adam reads on CUDA


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Set the rate of every parameter group, in place where the optimizer keeps it on the device."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


@contextmanager
def evaluating(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards, also after an error, every module is in the mode it was in."""
    modes = [(module, module.training) for network in networks for module in network.modules()]
    try:
        for module, _ in modes:
            module.training = False
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def translating_as_trained(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Training mode without gradients: dropout, and statistics of the batch.

    Afterwards, also after an error, networks, their modes and PyTorch's random state are as they were.
    """
    modes = [(module, module.training) for network in networks for module in network.modules()]
    averaging = [module for module, _ in modes if isinstance(module, _BatchNorm) and module.track_running_stats]
    devices = {parameter.device for module, _ in modes for parameter in module.parameters(recurse=False)}
    try:
        for module, _ in modes:
            module.training = True
        for module in averaging:
            module.track_running_stats = False
        with random_state_kept(devices), torch.no_grad():
            yield
    finally:
        for module in averaging:
            module.track_running_stats = True
        for module, mode in modes:
            module.training = mode


@contextmanager
def random_state_kept(devices: Iterable[torch.device]) -> Iterator[None]:
    """Nothing drawn inside, on the CPU or one of these devices, changes what is drawn afterwards.

    PyTorch's fork_rng brings back the CPU's state and those of one kind of device, and no other's unasked.
    """
    with ExitStack() as states:
        states.enter_context(torch.random.fork_rng(devices=[]))
        for device in devices:
            if device.type != "cpu":
                states.enter_context(torch.random.fork_rng(devices=[device], device_type=device.type))
        yield


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Let gradients flow through networks but not into their parameters."""
    parameters = [p for network in networks for p in network.parameters() if p.requires_grad]
    try:
        for parameter in parameters:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def check_forward(direction: Direction, system: str) -> None:
    """Refuse the way back of a system that learns one direction alone.

    Raises:
        RequestError: it is BtoA.
    """
    if direction == "BtoA":
        fix = "Train a run with data.direction = the other one."
        raise RequestError("direction BtoA", f"was not trained: {system} translates one way", fix)


def in_chunks(network: Callable[[Tensor], Tensor], images: Tensor, size: int) -> Tensor:
    """What a network makes of images, `size` at a time, so that many samples need no more memory than a step."""
    return torch.cat([network(chunk) for chunk in torch.split(images, size)])
