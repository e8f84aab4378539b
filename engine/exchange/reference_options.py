"""Options of the reference implementation (junyanz/pytorch-CycleGAN-and-pix2pix), as it prints and keeps them.

An option file is what that implementation prints at its start and keeps as train_opt.txt: a line "name: value" for each
option, the default behind it where it is another. Torch-free.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

Options: TypeAlias = dict[str, str]

GAN_MODES = {"lsgan": "lsgan", "vanilla": "vanilla", "wgangp": "wgan-gp"}
"""By --gan_mode, the loss.gan that it is."""
POLICIES = ("linear", "step", "plateau", "cosine")
"""What --lr_policy and optim.schedule have in common."""
MODELS = {"cycle_gan": "cyclegan", "pix2pix": "pix2pix"}
"""By --model, the method.kind that it is."""
_LINE = re.compile(r"\s*(\w+): (.*?)\s*(?:\[default: .*\])?\s*")


def read_options(text: str) -> Options:
    """The options in a file; lines that are none are passed over."""
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {match[1]: match[2].strip() for match in found if match}


def option_file(options: Mapping[str, str]) -> str:
    """As the reference prints and keeps them."""
    lines = [f"{name:>25}: {value:<30}" for name, value in sorted(options.items())]
    return "\n".join(
        ["----------------- Options ---------------", *lines, "----------------- End -------------------", ""]
    )
