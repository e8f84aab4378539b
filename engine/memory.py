"""How much memory a run's step will take at its height, and with which changes less, told without taking any.

The method itself is built on PyTorch's meta device, where tensors have shapes and no content, and makes its steps
there, while a ledger is kept of every piece of memory that would be alive: weights, gradients, Adam's moments, what is
kept for the gradient, image pools, results of operations. Not in it is what the libraries below PyTorch take for
themselves, and what an allocator cannot give back (docs/speed.md has how far off it was).
"""

from __future__ import annotations

import dataclasses
import functools
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.batch import ImageBatch
from engine.config.data import DigitsData, SyntheticDigits
from engine.config.lighter import lighter
from engine.config.methods import DiscoGanConfig, DtnConfig, TrainConfig
from engine.config.ranks import largest_share
from engine.methods.arrangement import arrange
from engine.methods.build import build_method
from engine.methods.method import evaluating
from engine.sizes import size_text

_NOWHERE = torch.device("meta")
_NOTICED = 0.95
"""What takes more than so much of what is taken as it is saves nothing that an estimate could tell."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """Bytes that a run takes."""

    networks: int
    """Once they are built."""
    held: int
    """Between two steps, networks included."""
    peak: int
    """At the height of a step, networks included."""

    @property
    def of_steps(self) -> int:
        """What the steps take beyond what the networks hold already."""
        return self.peak - self.networks


def estimate(config: TrainConfig) -> Need:
    """What a run takes, wherever it trains.

    bfloat16 is not made out there: autocast has no meta device. Of it, what comes and goes in a step counts half, and
    the copies of the weights that autocast makes count besides.
    """
    need = stepped_nowhere(_on_meta(config))
    if config.run.precision != "bf16":
        return need
    return dataclasses.replace(need, peak=need.held + (need.peak - need.held) // 2 + need.networks // 2)


@functools.lru_cache(maxsize=32)
def stepped_nowhere(settings: TrainConfig) -> Need:
    """What steps on the meta device take; once for all runs, and all that is estimated again, of the same settings."""
    ledger = _Ledger()
    with torch.random.fork_rng(devices=[]), _NOWHERE, ledger:  # networks are made there too, and not on the CPU first
        method = build_method(settings, _NOWHERE)
        arrange(method, settings, _NOWHERE, _say_nothing)
        networks = ledger.held
        batch = _batch(settings)
        for _ in range(_steps_to_the_height(settings)):
            method.step(batch)
    return Need(networks=networks, held=ledger.held, peak=ledger.peak)


@functools.lru_cache(maxsize=32)
def need_to_translate(config: TrainConfig, side: int) -> int:
    """Bytes that an image of `side` px takes on its way through the networks at its height, themselves left out.

    What an operation takes for itself is not in it (docs/translating.md has how much that was).
    """
    ledger = _Ledger()
    with torch.random.fork_rng(devices=[]), _NOWHERE:
        translator = build_method(_on_meta(config), _NOWHERE).translator("AtoB")
        with ledger, evaluating([translator]):
            translator(torch.empty(1, 3, side, side))
    return ledger.peak


class Saving(NamedTuple):
    """A change by which the steps take less."""

    setting: str
    """As --set takes it."""
    of_steps: int
    """Bytes that they take with it (Need.of_steps)."""


def savings(config: TrainConfig, of_steps: int) -> list[Saving]:
    """The changes that the method allows and that save something.

    Args:
        config: the run's preset.
        of_steps: bytes that its steps take as it is.
    """
    changes = (Saving(change.setting, estimate(change.config).of_steps) for change in lighter(config))
    return [change for change in changes if change.of_steps < _NOTICED * of_steps]


class Shortage(NamedTuple):
    """What a user is told of memory that will not suffice."""

    subject: str
    fact: str
    fix: str


def find_shortage(
    config: TrainConfig, device: torch.device, free: int, kept: int = 0, ranks: int = 1
) -> Shortage | None:
    """What to tell of a run whose networks are built, where its steps need more than is free; else None.

    Args:
        config: the run's preset.
        device: where it trains.
        free: bytes.
        kept: bytes of them that the run's images will take (data.cache), in all its processes.
        ranks: processes whose steps take as much each of that memory.
    """
    of_steps = estimate(config).of_steps
    need, room = ranks * of_steps, free - kept
    if need <= room:
        return None
    fact = f"may not suffice: the steps take about {size_text(need)}, and {size_text(free)} are free"
    if kept:
        fact += f", of which the images that are kept take {size_text(kept)}"
    ways = {setting: ranks * size for setting, size in savings(config, of_steps)}
    fitting = [f"{setting} ({size_text(size)})" for setting, size in ways.items() if size <= room]
    if need <= free:
        fitting.insert(0, "data.cache=off")
    if fitting:
        fix = f"With {' or '.join(fitting)} they would fit."
    elif ways:
        least = min(ways, key=lambda setting: ways[setting])
        fix = f"No single change is enough; {least} ({size_text(ways[least])}) saves the most: "
        fix += f"combine it with others of {', '.join(ways)}."
    else:
        fix = "Lower generator.width."
    return Shortage("the host's memory" if device.type == "cpu" else f"the memory of {device}", fact, fix)


def _say_nothing(reason: str) -> None:
    """Nothing is compiled for an estimate, so nothing can fail."""


def _on_meta(config: TrainConfig) -> TrainConfig:
    """A GPU's share in float32, of DTN after the training of f, with nothing read, laid out anew or compiled.

    What steps do not heed is as in all other runs.
    """
    share = largest_share(config.run)
    run = msgspec.structs.replace(config.run, batch=share, accumulate=min(config.run.accumulate, share))
    run = msgspec.structs.replace(run, precision="fp32", compile="off", channels_last="off", seed=0, steps=0)
    unread = {name: type(getattr(config, name))() for name in ("log", "sample", "checkpoint", "sentinel")}
    config = msgspec.structs.replace(config, run=run, **unread)
    if isinstance(config, DtnConfig):
        method = msgspec.structs.replace(config.method, f_steps=0, f_from="")
        config = msgspec.structs.replace(config, method=method)
    return config


def _steps_to_the_height(config: TrainConfig) -> int:
    """The first step makes Adam's moments, at its end; DiscoGAN's generators have theirs from its second."""
    return 3 if isinstance(config, DiscoGanConfig) else 2


def _batch(config: TrainConfig) -> ImageBatch:
    shape = (config.run.batch, 3, config.data.crop, config.data.crop)
    real_A, real_B = (torch.empty(shape, device=_NOWHERE) for _ in range(2))
    if not isinstance(config.data, DigitsData | SyntheticDigits):
        return ImageBatch(real_A=real_A, real_B=real_B)
    labels = torch.empty(shape[0], dtype=torch.long, device=_NOWHERE)
    return ImageBatch(real_A=real_A, real_B=real_B, label_A=labels, label_B=labels)


class _Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Keeps account of the storages that operations return, from their first tensor until nothing refers to them."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held = 0
        """Bytes alive."""
        self.peak = 0
        """The most there ever were."""
        self._known: weakref.WeakSet[torch.UntypedStorage] = weakref.WeakSet()

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor) and leaf.is_meta:
                self._enter(leaf.untyped_storage())
        return out

    def _enter(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        size = storage.nbytes()
        self.held += size
        self.peak = max(self.peak, self.held)
        weakref.finalize(storage, self._leave, size).atexit = False

    def _leave(self, size: int) -> None:
        self.held -= size
