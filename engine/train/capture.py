"""The step of a method as the loop takes it: launched operation by operation, or recorded once and replayed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import torch
from torch import Tensor

from engine.batch import ImageBatch
from engine.config.methods import TrainConfig
from engine.config.recording import obstacle_to_recording
from engine.methods.descent import Losses
from engine.methods.method import Method
from engine.ranks.group import world_size

log = logging.getLogger(__name__)

WARM_UP_STEPS = 3
"""Steps of a kind before it is recorded: optimizers make their state in the first, cuDNN and autograd settle."""

Kind: TypeAlias = Hashable
Work: TypeAlias = Callable[[], Losses]


class Step(Protocol):
    """Trains on one batch."""

    def __call__(self, batch: ImageBatch) -> Losses:
        """See Method.compute; what it made is good until the next one, which may overwrite it."""


class Recorder(Protocol):
    """Records work on a device; the seam between the steps and CUDA."""

    def warm_up(self, work: Work) -> Losses:
        """Do work as it will be recorded: on the stream of recordings."""

    def record(self, work: Work) -> tuple[Losses, Callable[[], None]]:
        """Record work without doing it.

        Returns:
            What it will have made, in tensors that each replay fills anew, and what replays it.

        Raises:
            RuntimeError: it does something that cannot be recorded; everything is as it was before.
        """

    def has_room(self) -> bool:
        """Whether the device could do a step beside what recordings hold for theirs."""

    def make_room(self, drop: Callable[[], None]) -> None:
        """Have all recordings dropped, once none is under way, and give back their memory."""


class CudaGraphs:
    """Records CUDA graphs (Recorder); they share one pool of memory, as they are replayed one after another.

    What a replay returns is overwritten by the next, of whichever graph: it is read on the same stream before.

    Args:
        device: PyTorch's current one.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._need = 0
        """Bytes that a step takes beyond what lies there between steps, from before the first was recorded."""
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def warm_up(self, work: Work) -> Losses:
        """See Recorder."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            losses = work()
        torch.cuda.current_stream().wait_stream(self._stream)
        return losses

    def record(self, work: Work) -> tuple[Losses, Callable[[], None]]:
        """See Recorder."""
        if not self._need:
            height = torch.cuda.max_memory_allocated(self._device)
            self._need = height - torch.cuda.memory_allocated(self._device)
        generator = torch.cuda.default_generators[self._device.index]
        noise = generator.clone_state()
        graph = torch.cuda.CUDAGraph()
        try:
            # Of this thread alone: others pin batches and copy checkpoints meanwhile, which a recording would forbid.
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
                losses = work()
        except BaseException:
            # PyTorch before 2.12 leaves its generator as if it were being recorded, and it never draws again.
            generator.graphsafe_set_state(noise)
            raise
        return losses, graph.replay

    def has_room(self) -> bool:
        """See Recorder; by the memory that is free altogether, as what recordings hold is theirs alone."""
        torch.cuda.empty_cache()  # so that what PyTorch keeps at hand counts as free
        free, _ = torch.cuda.mem_get_info(self._device)
        return free >= self._need

    def make_room(self, drop: Callable[[], None]) -> None:
        """See Recorder."""
        torch.cuda.synchronize(self._device)
        drop()
        torch.cuda.empty_cache()


@dataclass(frozen=True)
class _Recording:
    """A kind of step with batches of one shape, ready to be replayed."""

    batch: ImageBatch
    """Where it reads its batch."""
    losses: Losses
    replay: Callable[[], None]

    def take(self, batch: ImageBatch) -> Losses:
        for place, tensor in zip(_tensors(self.batch), _tensors(batch), strict=True):
            place.copy_(tensor)
        self.replay()
        return self.losses


def build_step(method: Method, config: TrainConfig, device: torch.device, tell: Callable[[str], None]) -> Step:
    """A method's step, recorded where that is possible and wanted.

    Args:
        method: whose it is.
        config: the run's preset; run.graph says whether to record.
        device: where it trains, PyTorch's current one.
        tell: called at most once with the reason why a step is not recorded although it was to be.
    """
    if device.type != "cuda" or config.run.graph == "off":
        return LaunchedStep(method)
    if reason := obstacle_to_recording(config, world_size()):
        tell(reason)
        return LaunchedStep(method)
    return CapturedStep(method, CudaGraphs(device), tell)


@dataclass(frozen=True)
class LaunchedStep:
    """A method's step, operation by operation."""

    method: Method

    def __call__(self, batch: ImageBatch) -> Losses:
        """See Step."""
        self.method.prepare(len(batch))
        return self.method.compute(batch)


class CapturedStep:
    """A method's step, recorded the fourth time that a kind of step comes, and replayed from then on.

    A step of a GAN at batch 1 is thousands of small operations, and a fast GPU waits for the host to launch them; a
    replay launches all at once. Loss weights, learning rates, the choices of the image pool and counts are read from
    tensors on the device, so that a nudge records nothing anew. What changes the work itself makes another kind of
    step, with a recording of its own: a loss weight that becomes 0, the players' turns, the end of a stage, the smaller
    batch at an epoch's end.

    Once a step could not be recorded, no other is tried: those without a recording are launched as ever. A recording
    keeps the memory of a step for as long as there is one. Where a step of another kind would not fit beside it, all
    steps are launched from then on.

    Args:
        method: whose steps they are.
        recorder: records them.
        tell: called once with the reason why no more steps are recorded.
    """

    def __init__(self, method: Method, recorder: Recorder, tell: Callable[[str], None]) -> None:
        self._method = method
        self._recorder = recorder
        self._tell = tell
        self._seen: dict[Kind, int] = {}
        self._recordings: dict[Kind, _Recording] = {}
        self._fitting: set[Kind] = set()
        """The kinds for which there was room beside the recordings that there are."""
        self._given_up = False

    def __call__(self, batch: ImageBatch) -> Losses:
        """See Step."""
        kind = (self._method.prepare(len(batch)), _shapes(batch))
        if kind not in self._recordings and not self._given_up:
            if not self._fits(kind):
                self._recorder.make_room(self._recordings.clear)
                self._give_up("a step of another kind does not fit into memory beside what a recording keeps")
                return self._method.compute(batch)
            self._seen[kind] = self._seen.get(kind, 0) + 1
            if self._seen[kind] <= WARM_UP_STEPS:
                return self._recorder.warm_up(lambda: self._method.compute(batch))
            self._record(kind, batch)
        recording = self._recordings.get(kind)
        return recording.take(batch) if recording else self._method.compute(batch)

    def _fits(self, kind: Kind) -> bool:
        """Whether a step of a kind that is not recorded has room; asked once for each set of recordings."""
        if self._recordings and kind not in self._fitting:
            if not self._recorder.has_room():
                return False
            self._fitting.add(kind)
        return True

    def _record(self, kind: Kind, batch: ImageBatch) -> None:
        """Record a kind of step, or give up; nothing has been computed either way."""
        place = _copied(batch)
        try:
            losses, replay = self._recorder.record(lambda: self._method.compute(place))
        except RuntimeError as error:
            log.warning("a step could not be recorded", exc_info=error)
            self._give_up(_first_cause(error))
        else:
            self._recordings[kind] = _Recording(place, losses, replay)
            self._fitting.clear()

    def _give_up(self, reason: str) -> None:
        self._given_up = True
        self._tell(reason)


def _first_cause(error: BaseException) -> str:
    """The first line of what began it: CUDA's own error at the end of a recording only says that there was another."""
    while isinstance(error.__context__, RuntimeError):
        error = error.__context__
    return (str(error).splitlines() or [type(error).__name__])[0]


def _tensors(batch: ImageBatch) -> list[Tensor]:
    every = (batch.real_A, batch.real_B, batch.label_A, batch.label_B)
    return [tensor for tensor in every if tensor is not None]


def _shapes(batch: ImageBatch) -> tuple[torch.Size, ...]:
    return tuple(tensor.shape for tensor in _tensors(batch))


def _copied(batch: ImageBatch) -> ImageBatch:
    label_A = None if batch.label_A is None else batch.label_A.clone()
    label_B = None if batch.label_B is None else batch.label_B.clone()
    return replace(batch, real_A=batch.real_A.clone(), real_B=batch.real_B.clone(), label_A=label_A, label_B=label_B)
