"""A proposed preset as a TOML file for people: a comment above every value says why it is that."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from engine.config.image_files import path_text
from gan_tui.datasets.proposal.material import Material
from gan_tui.datasets.proposal.proposals import Proposal
from gan_tui.datasets.proposal.values import Setting

_WIDTH = 118
_ORDER = ("method", "data", "generator", "discriminator", "optim", "run", "log", "sample", "checkpoint")
_NAMES = {"cyclegan": "CycleGAN", "pix2pix": "pix2pix", "discogan": "DiscoGAN", "dtn": "DTN", "aegan": "AE-GAN"}


def preset_text(proposal: Proposal, material: Material, name: str, memory: str) -> str:
    """The file.

    Args:
        proposal: what is in it.
        material: what it is for.
        name: the preset's.
        memory: what its steps take, in a sentence.
    """
    pacing = proposal.pacing
    images = ", ".join(f"{count:,} in {part}" for part, count in material.images.items())
    head = [
        f"{_in_a_comment(name)}: {_NAMES[proposal.method]} at {proposal.side} px, for the images in "
        f"{_in_a_comment(path_text(Path(material.root.name)))}.",
        f"Training images: {images}.",
        f"Cost: {pacing.total_epochs:,} epochs of {pacing.steps_per_epoch:,} steps.",
        memory,
        "Written by gan-tui init. Whatever is not here has its default: gan-tui presets FILE shows all of it.",
    ]
    lines = [line for paragraph in head for line in _comment(paragraph)]
    for section in _ORDER:
        settings = [setting for setting in proposal.settings if setting.key.startswith(f"{section}.")]
        if settings:
            lines += ["", f"[{section}]", *(line for setting in settings for line in _setting(setting))]
    return "\n".join(lines) + "\n"


def _setting(setting: Setting) -> list[str]:
    return [*_comment(setting.why), _toml(setting.key, setting.value)]


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _toml(key: str, value: Any) -> str:
    import tomli_w

    return tomli_w.dumps({key.partition(".")[2]: value}).strip()


def _in_a_comment(name: str) -> str:
    """A name without what TOML forbids in a comment."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
