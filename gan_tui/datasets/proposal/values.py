"""The values of a proposed preset, each with its reason: what differs from the method's defaults, or is asked about."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.config.data import DigitsData
from engine.config.geometry import DTN_SIDE
from engine.config.load import Tree
from engine.config.methods import CONFIGS
from gan_tui.datasets.proposal.material import Material
from gan_tui.datasets.proposal.pacing import Pacing

DISCOGAN_SIDE = 64
"""In pixels, as its authors have it."""
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
class Wish:
    """What the user said."""

    method: str | None = None
    side: int | None = None
    device: str = "auto"
    workers: int = 2
    """Processes that decode images."""


def settings_for(material: Material, wish: Wish, method: str, side: int, batch: int, pacing: Pacing) -> Settings:
    """The whole preset.

    Args:
        material: what is to be trained on.
        wish: what the user said.
        method: the system.
        side: of the images that the networks see, in pixels.
        batch: images of each domain in a step.
        pacing: how long, and how often what is done.
    """
    return (
        Setting("method.kind", method, _WHY_METHOD[method]),
        *_data(material, method, side, wish),
        *generator_for(method, side),
        *_discriminator(method, side),
        *_optim(method, material, pacing),
        *_run(wish, method, batch),
        Setting("log.every", pacing.log, "Steps between two lines of metrics."),
        Setting("sample.every", pacing.sample, "Steps between two sheets of sample translations."),
        Setting("checkpoint.every", pacing.checkpoint, "Steps between two checkpoints; the newest five are kept."),
    )


def tree_of(settings: Settings) -> Tree:
    """Settings as tables."""
    tree: Tree = {}
    for setting in settings:
        section, _, key = setting.key.partition(".")
        tree.setdefault(section, {})[key] = setting.value
    return tree


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
        return f"Half of the images have {material.side} px or less, and are enlarged."
    return f"What the networks see. Half of the images have {material.side} px or more."


def generator_for(method: str, side: int) -> Iterator[Setting]:
    """What of the generator depends on the side."""
    if method == "cyclegan" and side < 256:
        yield Setting("generator.blocks", 6, "Residual blocks: the paper has 6 below 256 px, and 9 from there on.")
    if method == "pix2pix" and side != 256:
        downs = min(8, max(5, _halvings(side)))
        yield Setting("generator.downs", downs, "Halvings of the resolution: as many as this side allows, 8 at most.")
        if downs == 5:
            yield Setting("generator.dropout", False, "So few halvings leave no level that dropout would be in.")
    if method == "aegan" and side <= DIGIT_SIDE:
        yield Setting("generator.width", 32, "Channels of the first layer: half of what larger images take.")
        yield Setting("generator.blocks", 2, "Residual blocks at each side of the latent map: half likewise.")
        yield Setting("generator.shared", 1, "The innermost block is shared by both domains, as in UNIT.")


def _discriminator(method: str, side: int) -> Iterator[Setting]:
    if method == "discogan" and side != DISCOGAN_SIDE:
        downs = round(math.log2(side / 4))
        yield Setting("discriminator.downs", downs, "Halvings down to the 4 px at which it judges the whole image.")
    if method in ("cyclegan", "pix2pix", "aegan") and side < 64:
        yield Setting("discriminator.layers", 2, "Patches of 34 px: those of 70 would be larger than the image.")


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
