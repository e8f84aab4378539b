"""A preset for a folder of images: each value that differs from the method's defaults or needs a reason, with it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from engine.config.data import DigitsData
from engine.config.geometry import DTN_SIDE, check_geometry, nearest_side
from engine.config.load import Tree, resolve
from engine.config.methods import CONFIGS, TrainConfig, methods_taking
from engine.errors import RequestError
from gan_tui.datasets.material import Material
from gan_tui.datasets.pacing import Pacing, pacing_for

METHODS = {"unpaired": "cyclegan", "side-by-side": "pix2pix", "matched": "pix2pix", "digits": "dtn"}
"""The system for each kind of data."""
SIDES = (256, 128, 64)
"""Sides in pixels that are proposed, the most wanted first: those of the papers, and a quarter."""
DISCOGAN_SIDE = 64
CPU_SIDES = {"cyclegan": 64, "aegan": 64}
"""The largest side that is proposed for a CPU, of methods for which it matters: a step of CycleGAN is 1.9 TFLOP at
256 px, and a sixteenth of it at 64."""
DIGIT_SIDE = DTN_SIDE
FEW_DIGITS = 10_000
"""Of a source with fewer, f is trained for as long as the shipped preset for USPS's 7,291 has it."""


@dataclass(frozen=True)
class Setting:
    """One value of a preset."""

    key: str
    """section.key."""
    value: Any
    why: str


Settings: TypeAlias = tuple[Setting, ...]


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


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the user said."""

    method: str | None = None
    side: int | None = None
    device: str = "auto"
    workers: int = 2
    """Processes that decode images."""


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


def tree_of(settings: Settings) -> Tree:
    """Settings as tables."""
    tree: Tree = {}
    for setting in settings:
        section, _, key = setting.key.partition(".")
        tree.setdefault(section, {})[key] = setting.value
    return tree


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
    tree = {"method": {"kind": method}, "generator": dict(_generator(method, side))}
    nearest = nearest_side(resolve(tree, "--size").generator, side)
    if nearest != side:
        fact = f"does not suit {method}, whose generator halves images several times"
        raise RequestError(f"--size {side}", fact, f"Try --size {nearest}.")
    return side


def _proposal(material: Material, wish: Wish, method: str, side: int, *, only_on_gpu: bool) -> Proposal:
    batch = min(_batch(method, material), material.items)
    pacing = pacing_for(method, material, batch)
    settings = (
        Setting("method.kind", method, _WHY_METHOD[method]),
        *_data(material, method, side, wish),
        *(Setting(f"generator.{key}", value, _WHY_GENERATOR[key]) for key, value in _generator(method, side)),
        *(Setting(f"discriminator.{key}", value, _WHY_JUDGE) for key, value in _discriminator(method, side)),
        *_optim(method, material, pacing),
        *_run(wish, method, batch),
        Setting("log.every", pacing.log, "Steps between two lines of metrics."),
        Setting("sample.every", pacing.sample, "Steps between two sheets of sample translations."),
        Setting("checkpoint.every", pacing.checkpoint, "Steps between two checkpoints; the newest five are kept."),
    )
    return Proposal(method=method, side=side, settings=settings, pacing=pacing, only_on_gpu=only_on_gpu)


def _batch(method: str, material: Material) -> int:
    """Images of each domain in a step, as in the papers; for pix2pix on tens of thousands of pairs as for its edges."""
    if method in ("cyclegan", "aegan") and material.kind == "digits":
        return 32
    if method == "pix2pix" and material.items >= 10_000:
        return 4
    return CONFIGS[method]().run.batch


def _data(material: Material, method: str, side: int, wish: Wish) -> Iterator[Setting]:
    data = material.choice.config.data
    yield Setting("data.kind", data.__struct_config__.tag, _WHY_KIND[material.kind])
    yield Setting("data.root", str(material.root), "Absolute, to train from anywhere; train --data DIR overrides it.")
    if isinstance(data, DigitsData):
        yield Setting("data.A", data.A, "The source: its digits are translated.")
        yield Setting("data.B", data.B, "The target: what they are to look like.")
        yield Setting("data.size", side, "DTN's networks are made for 32 px." if method == "dtn" else "As for DTN.")
        return
    whole = method == "discogan"
    why = "Its authors cut nothing off." if whole else "To the crop as 286 to 256 in the papers: each view is another."
    resize = side if whole else round(side * 286 / 256)
    yield Setting("data.resize", resize, f"{why} The images are {material.sizes}.")
    yield Setting("data.crop", side, _why_side(material, side, wish))
    why = "As its authors." if whole else "Set false where left and right matter, as in writing."
    yield Setting("data.flip", not whole, why)
    if material.kind in ("side-by-side", "matched"):
        halves = "From the left half to the right" if material.kind == "side-by-side" else "From A to B"
        yield Setting("data.direction", "AtoB", f"{halves}; BtoA is the other way round.")
    yield Setting("data.workers", wish.workers, "Processes that decode images: by this machine's processors.")


def _why_side(material: Material, side: int, wish: Wish) -> str:
    if wish.side is not None:
        return "As --size says."
    if side > material.side:
        return f"The images are smaller ({material.side} px at most for half of them) and will be enlarged."
    return f"What the networks see. Half of the images have {material.side} px or more."


def _generator(method: str, side: int) -> Iterator[tuple[str, Any]]:
    """What of the generator depends on the side."""
    if method == "cyclegan" and side < 256:
        yield "blocks", 6
    if method == "pix2pix" and side != 256:
        downs = min(8, max(5, _halvings(side)))
        yield "downs", downs
        if downs == 5:
            yield "dropout", False
    if method == "aegan" and side <= DIGIT_SIDE:
        yield from (("width", 32), ("blocks", 2), ("shared", 1))


def _discriminator(method: str, side: int) -> Iterator[tuple[str, Any]]:
    if method == "discogan" and side != DISCOGAN_SIDE:
        yield "downs", round(math.log2(side / 4))
    if method in ("cyclegan", "pix2pix", "aegan") and side < 64:
        yield "layers", 2


def _halvings(side: int) -> int:
    """How often a side can be halved and stays whole."""
    return (side & -side).bit_length() - 1


def _optim(method: str, material: Material, pacing: Pacing) -> Iterator[Setting]:
    data = material.choice.config.data
    source = material.images[f"{data.A}/train"] if isinstance(data, DigitsData) else 0
    if method == "dtn" and source < FEW_DIGITS:
        yield Setting("method.f_steps", 2000, f"Steps in which f first learns the source's {source:,} digits.")
    yield Setting("optim.epochs", pacing.epochs, pacing.why)
    yield Setting("optim.decay_epochs", pacing.decay_epochs, pacing.why_decay)


def _run(wish: Wish, method: str, batch: int) -> Iterator[Setting]:
    why = "As its paper." if batch == CONFIGS[method]().run.batch else "Images of each domain in a step."
    yield Setting("run.batch", batch, why)
    if wish.device != "auto":
        yield Setting("run.device", wish.device, "As --device says.")


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


_WHY_METHOD = {
    "cyclegan": "Two domains without pairs: CycleGAN (Zhu et al. 2017, arXiv:1703.10593).",
    "pix2pix": "Pairs: pix2pix (Isola et al. 2017, arXiv:1611.07004).",
    "discogan": "DiscoGAN (Kim et al. 2017, arXiv:1703.05192); it makes nothing of pairs.",
    "dtn": "Labelled digits: DTN (Taigman et al. 2016, arXiv:1611.02200).",
    "aegan": "An autoencoder GAN of UNIT's family (Liu et al. 2017, arXiv:1703.00848).",
}
_WHY_KIND = {
    "unpaired": "trainA and trainB.",
    "side-by-side": "Files in train hold both halves side by side: A left, B right.",
    "matched": "A/train and B/train, whose files have the same names.",
    "digits": "Two sets of labelled digits.",
}
_WHY_GENERATOR = {
    "blocks": "Residual blocks: 9 from 256 px on and 6 below in CycleGAN's paper.",
    "downs": "Halvings of the resolution: as many as this side allows, 8 at most.",
    "dropout": "So few halvings leave no level that dropout would be in.",
    "width": "Channels of the first layer: half of what larger images take.",
    "shared": "The innermost block is shared by both domains (UNIT).",
}
_WHY_JUDGE = "Fewer pixels leave room for fewer layers."
