"""The sections of a preset that every method shares: types, bounds, defaults and their documentation.

Each section is a frozen struct. A field's type carries its bounds; the string below a field says what it is and in
which unit. Fields of a ``Live…`` type are *controls*, which can be changed while the run trains (config.controls).
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from engine.config.figure_names import BestBy

Scale: TypeAlias = Literal["linear", "log"]


def _live(unit: str, scale: Scale, *, ge: float, le: float) -> Meta:
    return Meta(ge=ge, le=le, extra={"live": True, "unit": unit, "scale": scale})


LiveUnit = Annotated[float, _live("", "linear", ge=0, le=1)]
LiveWeight = Annotated[float, _live("", "linear", ge=0, le=10_000)]
LiveRate = Annotated[float, _live("", "log", ge=0, le=1)]
LiveSteps = Annotated[int, _live("steps", "log", ge=1, le=1_000_000_000)]
LiveCount = Annotated[int, _live("", "linear", ge=1, le=64)]

Positive = Annotated[int, Meta(ge=1)]
NonNegative = Annotated[int, Meta(ge=0)]
Unit = Annotated[float, Meta(ge=0, le=1)]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a preset."""


# -------------------------------------------------------------------------------------------------- optimisation

ScheduleKind: TypeAlias = Literal["linear", "step", "cosine", "plateau", "constant"]


OF_SCHEDULE: dict[str, tuple[ScheduleKind, ...]] = {
    "decay_epochs": ("linear", "step", "plateau", "constant"),
    "decay_every": ("step",),
    "patience": ("plateau",),
}
"""Keys of [optim] that only these schedules make something of."""


class OptimConfig(Section, frozen=True, kw_only=True):
    """Adam and its learning-rate schedule."""

    lr_g: LiveRate = 2e-4
    """Base learning rate of the generators; the schedule multiplies it."""
    lr_d: LiveRate = 2e-4
    """Base learning rate of the discriminators; the schedule multiplies it."""
    beta1: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    """Adam's decay rate of the first moment."""
    beta2: Annotated[float, Meta(ge=0, lt=1)] = 0.999
    """Adam's decay rate of the second moment."""
    schedule: ScheduleKind = "linear"
    """How the learning rates change, epoch by epoch."""
    epochs: Positive = 100
    """Epochs at the initial rate; for "cosine", all that there are."""
    decay_epochs: NonNegative = 100
    """Epochs after them: "linear" falls to zero over these, others go on as before; "cosine" ends without them."""
    decay_every: Positive = 50
    """Epochs between the tenfold drops of "step"."""
    patience: NonNegative = 5
    """Epochs without a better generator objective before "plateau" lowers the rate fivefold."""
    weight_decay: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """L2 penalty that Adam adds to the gradients."""
    ema: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    """Decay of a moving average of the generators' weights, which samples then show; 0 keeps none."""

    @property
    def total_epochs(self) -> int:
        """Epochs of a whole run."""
        return self.epochs if self.schedule == "cosine" else self.epochs + self.decay_epochs


class PoolingOptim(OptimConfig, frozen=True, kw_only=True):
    """With a history of generated images."""

    pool: NonNegative = 50
    """Generated images kept to show the discriminators an older one half of the time; 0 shows only the newest."""


class DtnOptim(OptimConfig, frozen=True, kw_only=True):
    """With a rate for f, which is trained before the others."""

    lr_f: LiveRate = 1e-3
    """Base learning rate of f while it is trained; the schedule multiplies it."""


KNOWN_DEVICE = r"^(auto|cpu|mps|cuda(:\d+)?)$"
"""What run.device may be."""

_HOST = r"(\*|[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])"
_PORT = r"(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"


class RunConfig(Section, frozen=True, kw_only=True):
    """How and where the run computes."""

    batch: Positive = 1
    """Images of each domain in a step."""
    accumulate: Positive = 1
    """Parts in which a process's share of a batch goes through the networks, one after another: less memory for more
    time."""
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    """Everything random follows from it: weights, data order, crops, image pool."""
    steps: NonNegative = 0
    """Stop after so many steps; 0 trains for all the epochs."""
    listen: Annotated[str, Meta(pattern=rf"^({_HOST}:{_PORT})?\Z")] = ""
    """HOST:PORT, such as *:5800, at which viewers on other machines are answered (port 0: a free one); empty: none."""
    device: Annotated[str, Meta(pattern=KNOWN_DEVICE)] = "auto"
    """auto, cpu, cuda, cuda:1, mps."""
    gpus: Annotated[int, Meta(ge=1, le=1024)] = 1
    """GPUs that share each batch, with a process for each; with device = "cpu", such processes on this machine."""
    precision: Literal["fp32", "tf32", "bf16"] = "fp32"
    """fp32; tf32 matrix products (CUDA); bf16 autocast with fp32 weights."""
    convolution: Literal["auto", "direct"] = "auto"
    """auto: on a CPU in fp32, the faster of PyTorch's and another algorithm, as exact; direct: PyTorch's alone."""
    channels_last: Literal["auto", "on", "off"] = "auto"
    """Maps with their channels together; auto: on CUDA in tf32 or bf16, on a CPU in bf16 but for U-Nets."""
    compile: Literal["on", "off"] = "off"
    """on: networks are compiled at the first step (torch.compile), which takes minutes; what cannot be runs as ever."""
    checkpointing: bool = False
    """Make the generators' activations again for the gradient instead of keeping them: less memory for more time."""
    graph: Literal["auto", "off"] = "auto"
    """auto: on CUDA, record a step once as a CUDA graph and replay it, launching all of it at once; off: do not."""
    deterministic: bool = False
    """Use only operations that give the same bits each time on a GPU, where they are slower; a CPU always does."""


class LogConfig(Section, frozen=True, kw_only=True):
    """The metrics record."""

    every: LiveSteps = 20
    """Steps between two lines of metrics; each line is the mean over them."""
    tensorboard: bool = False
    """Write TensorBoard's event files too, to tensorboard/ in the run directory; needs gan-tui[tensorboard]."""


class SampleConfig(Section, frozen=True, kw_only=True):
    """The contact sheets of sample translations."""

    every: LiveSteps = 500
    """Steps between two sheets."""
    count: LiveCount = 4
    """Fixed images of each domain on a sheet."""


class CheckpointConfig(Section, frozen=True, kw_only=True):
    """Saved states to resume from."""

    every: LiveSteps = 5000
    """Steps between two checkpoints; one more is written when the run ends or is stopped."""
    keep: Annotated[int, _live("", "linear", ge=1, le=10_000)] = 5
    """Newest checkpoints to keep; older ones are deleted once a newer one is complete."""
    keep_every: NonNegative = 0
    """Keep besides them the first checkpoint in every so many steps, for good; 0 keeps none for that."""
    keep_best: NonNegative = 1
    """Keep besides them so many of the best, by `best_by`."""
    best_by: BestBy = "objective"
    """objective: the lowest generator objective is best; or a figure of [evaluation], whose best is saved at once."""


class EvaluationConfig(Section, frozen=True, kw_only=True):
    """Measuring translations of images kept apart from training, while it trains."""

    every: NonNegative = 0
    """Steps between two evaluations, and one more when the run ends; 0: none. Training waits for them."""
    images: NonNegative = 0
    """The first so many images of each domain; 0: all."""
    figures: tuple[str, ...] = ()
    """Such as ["l1", "ssim"], or ["cycle", "fid"]; none: all that data and method give, but fid and kid."""
    fid_weights: str = ""
    """File of the Inception network's weights, for fid and kid; empty: $GAN_TUI_FID_WEIGHTS, or a download."""
