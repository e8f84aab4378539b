"""Presets for a folder of images, the most wanted first, for whoever knows how much memory there is to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.config.geometry import check_geometry, nearest_side
from engine.config.load import resolve
from engine.config.methods import CONFIGS, TrainConfig, methods_taking
from engine.errors import RequestError
from gan_tui.datasets.proposal.material import Material
from gan_tui.datasets.proposal.pacing import Pacing, pacing_for
from gan_tui.datasets.proposal.values import (
    DIGIT_SIDE,
    DISCOGAN_SIDE,
    Setting,
    Settings,
    Wish,
    generator_for,
    settings_for,
    tree_of,
)

METHODS = {"unpaired": "cyclegan", "side-by-side": "pix2pix", "matched": "pix2pix", "digits": "dtn"}
"""The system for each kind of data."""
SIDES = (256, 128, 64)
"""Sides in pixels that are proposed, the most wanted first: those of the papers, and a quarter."""
CPU_SIDES = {"cyclegan": 64, "aegan": 64}
"""The largest side that is proposed for a CPU, of methods for which it matters: a step of CycleGAN is 1.9 TFLOP at
256 px, and a sixteenth of it at 64."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A preset."""

    method: str
    side: int
    """Of the images that the networks see, in pixels."""
    settings: Settings
    pacing: Pacing
    only_on_gpu: bool

    def config(self) -> TrainConfig:
        """The preset with every default filled in. Raises RequestError: its parts do not go together."""
        return resolve(tree_of(self.settings), "the preset")


def workers_for(processors: int) -> int:
    """Processes that decode: one for every four processors, as images are decoded once and kept where they fit."""
    return max(2, min(8, processors // 4))


def proposals(material: Material, wish: Wish) -> list[Proposal]:
    """Presets for a folder, the most wanted first: each takes less memory than the one before it, or less time.

    Raises:
        RequestError: the method does not learn from such a folder, or its networks cannot take the side.
    """
    method = _method(material, wish)
    found: list[Proposal] = []
    for side in _sides(material, wish, method):
        only_on_gpu = wish.side is None and side > CPU_SIDES.get(method, side)
        whole = _proposal(material, wish, method, side, only_on_gpu=only_on_gpu)
        check_geometry(whole.config())
        found += [whole, *_lighter(whole)]
    return found


def explained(chosen: Proposal, offered: Sequence[Proposal], device: str) -> Proposal:
    """The proposal that was chosen for a device, with the reason why its images are smaller than others would be."""
    if chosen.side == offered[0].side:
        return chosen
    reason = f"Larger ones would not fit into the memory of {device}; --size overrides."
    if device == "cpu" and offered[0].only_on_gpu:
        wanted = offered[0].side
        times = round((wanted / chosen.side) ** 2)
        reason = f"On a CPU {wanted} px would be {times} times the work; for a GPU give --size {wanted}."
    [crop] = [setting for setting in chosen.settings if setting.key == "data.crop"]
    return _with(chosen, replace(crop, why=f"{crop.why} {reason}"))


def _method(material: Material, wish: Wish) -> str:
    if wish.method is None:
        return METHODS[material.kind]
    if wish.method not in CONFIGS:
        raise RequestError(f"--method {wish.method}", "is not a method", f"Choose from {', '.join(CONFIGS)}.")
    taking = methods_taking(type(material.choice.config.data))
    if wish.method not in taking:
        kind = material.choice.config.data.__struct_config__.tag
        fact = f"does not learn from {kind} images"
        raise RequestError(f"--method {wish.method}", fact, f"Choose from {', '.join(taking)}.")
    return wish.method


def _sides(material: Material, wish: Wish, method: str) -> list[int]:
    """The sides to propose: none larger than half of the images, unless all would be."""
    if wish.side is not None:
        return [_required_side(wish.side, method)]
    if material.kind == "digits":
        return [DIGIT_SIDE]
    if method == "discogan":
        return [DISCOGAN_SIDE]
    return [side for side in SIDES if side <= material.side] or [SIDES[-1]]


def _required_side(side: int, method: str) -> int:
    """A side that was asked for, if the networks that would be proposed for it take it."""
    tree = tree_of((Setting("method.kind", method, ""), *generator_for(method, side)))
    nearest = nearest_side(resolve(tree, "--size").generator, side)
    if nearest != side:
        fact = f"does not suit {method}, whose generator halves images several times"
        raise RequestError(f"--size {side}", fact, f"Try --size {nearest}.")
    return side


def _proposal(material: Material, wish: Wish, method: str, side: int, *, only_on_gpu: bool) -> Proposal:
    batch = min(_batch(method, material), material.items)
    pacing = pacing_for(method, material, batch)
    settings = settings_for(material, wish, method, side, batch, pacing)
    return Proposal(method=method, side=side, settings=settings, pacing=pacing, only_on_gpu=only_on_gpu)


def _batch(method: str, material: Material) -> int:
    """Images of each domain in a step, as in the papers; for pix2pix on tens of thousands of pairs as for its edges."""
    if method in ("cyclegan", "aegan") and material.kind == "digits":
        return 32
    if method == "pix2pix" and material.items >= 10_000:
        return 4
    return CONFIGS[method]().run.batch


def _lighter(whole: Proposal) -> Iterator[Proposal]:
    """The same with less memory: a smaller batch, then activations that are made again, where the method does that."""
    batch = next(setting.value for setting in whole.settings if setting.key == "run.batch")
    if batch >= 8:
        why = f"{batch} of the method would take more memory than is free."
        yield _with(whole, Setting("run.batch", batch // 4, why))
    if whole.method != "dtn":
        why = "Activations are made again instead of kept, for lack of memory: the same result in more time."
        yield _with(whole, Setting("run.checkpointing", True, why))


def _with(proposal: Proposal, setting: Setting) -> Proposal:
    """A proposal with a setting more, or with another in its place."""
    if all(each.key != setting.key for each in proposal.settings):
        return replace(proposal, settings=(*proposal.settings, setting))
    settings = tuple(setting if each.key == setting.key else each for each in proposal.settings)
    return replace(proposal, settings=settings)
