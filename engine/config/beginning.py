"""What a new run must not begin with, though its controls may come to it while it trains. Torch-free."""

from __future__ import annotations

from engine.config.data_check import training_items
from engine.config.losses import GanLoss
from engine.config.methods import DtnConfig, Pix2PixConfig, TrainConfig
from engine.config.techniques import idle_settings
from engine.errors import RequestError

_NO_TERMS = frozenset({"gradient_penalty", "label_smoothing", "historical", "identity", "switch"})
"""Keys of [loss] from which generators learn nothing: the discriminators', a brake, or shares of other terms."""

_TERMS_OF_JUDGES = ("adversarial", "feature_matching", "class_a", "class_b")
"""Those by which the generators heed networks that optim.lr_d trains."""


def check_beginning(config: TrainConfig) -> None:
    """Refuse a preset by which a network that is trained would learn nothing, or with more images in a batch than are.

    Raises:
        RequestError: naming the key, the reason, and what to set instead.
    """
    _check_objective(config)
    _check_rates(config)
    _check_penalty(config)
    _check_feature_matching(config)
    _check_batch(config)


def _check_objective(config: TrainConfig) -> None:
    idle = idle_settings(config)
    terms = [name for name in config.loss.__struct_fields__ if name not in _NO_TERMS and name != "gan"]
    if any(getattr(config.loss, name) > 0 for name in terms if f"loss.{name}" not in idle):
        return
    known = ", ".join(f"loss.{name}" for name in terms)
    raise RequestError(
        "loss", "has no term with a weight: the generators would learn nothing", f"Raise one of {known}."
    )


def _check_rates(config: TrainConfig) -> None:
    loss, optim = config.loss, config.optim
    if optim.lr_g == 0:
        raise RequestError("optim.lr_g = 0", "would leave the generators as they are drawn", "Raise it.")
    if isinstance(config, DtnConfig) and config.method.trains_f and config.optim.lr_f == 0:
        fact = "would leave f as it is drawn"
        raise RequestError("optim.lr_f = 0", fact, "Raise it, or set method.f_steps to 0 where that is wanted.")
    heard = [name for name in _TERMS_OF_JUDGES if name in loss.__struct_fields__ and getattr(loss, name) > 0]
    if optim.lr_d == 0 and heard:
        fact = f"would leave networks as they are drawn that the generators are to heed (loss.{heard[0]})"
        raise RequestError("optim.lr_d = 0", fact, f"Raise it, or set loss.{' and loss.'.join(heard)} to 0.")


def _check_penalty(config: TrainConfig) -> None:
    loss = config.loss
    if isinstance(loss, GanLoss) and loss.gan == "wgan-gp" and loss.gradient_penalty == 0:
        fact = "leaves nothing of wgan-gp that keeps its discriminators from growing without bound"
        raise RequestError("loss.gradient_penalty = 0", fact, "Raise it, or choose another loss.gan.")


def _check_feature_matching(config: TrainConfig) -> None:
    """Without pairs it is of means over a batch: of one image each, they would be two images that do not correspond."""
    loss = config.loss
    if isinstance(config, Pix2PixConfig) or not isinstance(loss, GanLoss):
        return
    if loss.feature_matching > 0 and config.run.batch == 1:
        fact = "compares means over the images of a batch, and there is one, which corresponds to no other"
        raise RequestError("loss.feature_matching", fact, "Raise run.batch, or set it to 0.")


def _check_batch(config: TrainConfig) -> None:
    items, batch = training_items(config.data), config.run.batch
    if batch > items:
        fact = f"is more than the {items:,} training images of an epoch"
        raise RequestError(f"run.batch = {batch}", fact, f"Set it to {items} or less, or add images.")
