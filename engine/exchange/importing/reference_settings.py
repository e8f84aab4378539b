"""What the options of a training by the reference implementation are as settings of a run. Torch-free.

Names of options changed over the years; all are read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.config.load import Tree
from engine.exchange.reference_options import GAN_MODES, MODELS, POLICIES


def method_of(options: Mapping[str, str]) -> str:
    """The method that a file of options is of; empty where it does not say, or another is meant."""
    return MODELS.get(options.get("model", ""), "")


def settings_of(options: Mapping[str, str], method: str) -> tuple[Tree, tuple[str, ...]]:
    """What options say of everything but the networks, which weights themselves tell.

    Args:
        options: read_options.
        method: the kind of run that is made.

    Returns:
        Tables of a preset; and the options that are not understood, as name and value, to be told.
    """
    tree: Tree = {}
    not_understood = []
    for names, key, of_text in _TRANSLATED:
        name = next((name for name in names if name in options), None)
        if name is None or (key in _OF_METHOD and _OF_METHOD[key] != method):
            continue
        try:
            value = of_text(options[name])
        except (KeyError, ValueError):
            not_understood.append(f"{name} {options[name]}")
            continue
        section, _, field = key.partition(".")
        tree.setdefault(section, {})[field] = value
    _translate_framing(options, tree, not_understood)
    _translate_lsgan(options, tree)
    return tree, tuple(dict.fromkeys(not_understood))


def _translate_framing(options: Mapping[str, str], tree: Tree, not_understood: list[str]) -> None:
    how = options.get("preprocess", options.get("resize_or_crop", "resize_and_crop"))
    if how == "crop":
        tree.setdefault("data", {})["resize"] = 0
    elif how != "resize_and_crop":
        not_understood.append(f"preprocess {how}")


def _translate_lsgan(options: Mapping[str, str], tree: Tree) -> None:
    """Before gan_mode there was a switch."""
    if "gan_mode" not in options and "no_lsgan" in options:
        tree.setdefault("loss", {})["gan"] = "vanilla" if _switch(options["no_lsgan"]) else "lsgan"


def _switch(text: str) -> bool:
    return {"True": True, "False": False}[text]


def _one_of(names: tuple[str, ...]) -> Callable[[str], str]:
    return {name: name for name in names}.__getitem__


_TRANSLATED: tuple[tuple[tuple[str, ...], str, Callable[[str], Any]], ...] = (
    (("gan_mode",), "loss.gan", GAN_MODES.__getitem__),
    (("lambda_A",), "loss.cycle_a", float),
    (("lambda_B",), "loss.cycle_b", float),
    (("lambda_identity", "identity"), "loss.identity", float),
    (("lambda_L1",), "loss.l1", float),
    (("lr",), "optim.lr_g", float),
    (("lr",), "optim.lr_d", float),
    (("beta1",), "optim.beta1", float),
    (("lr_policy",), "optim.schedule", _one_of(POLICIES)),
    (("n_epochs", "niter"), "optim.epochs", int),
    (("n_epochs_decay", "niter_decay"), "optim.decay_epochs", int),
    (("pool_size",), "optim.pool", int),
    (("batch_size", "batchSize"), "run.batch", int),
    (("load_size", "loadSize"), "data.resize", int),
    (("crop_size", "fineSize"), "data.crop", int),
    (("direction", "which_direction"), "data.direction", _one_of(("AtoB", "BtoA"))),
    (("no_flip",), "data.flip", lambda text: not _switch(text)),
    (("init_type",), "generator.init", _one_of(("normal", "xavier", "kaiming", "orthogonal"))),
    (("init_gain",), "generator.init_gain", float),
    (("init_type",), "discriminator.init", _one_of(("normal", "xavier", "kaiming", "orthogonal"))),
    (("init_gain",), "discriminator.init_gain", float),
)
"""Names of an option, the newest first, the key that it is, and what reads its value."""
_OF_METHOD = {
    "loss.cycle_a": "cyclegan",
    "loss.cycle_b": "cyclegan",
    "loss.identity": "cyclegan",
    "loss.l1": "pix2pix",
}
"""Keys that one method alone has."""
