"""A key that a preset cannot have is refused with the reason where one is known."""

from __future__ import annotations

import pytest

from engine.config.load import resolve, with_settings
from engine.errors import RequestError


@pytest.mark.parametrize(
    ("kind", "setting", "said"),
    [
        (
            "cyclegan", "discriminator.minibatch=8",
            "discriminator.minibatch: is of arch = image, and discriminator.arch is patch. "
            'Leave it out, or set discriminator.arch = "image".',
        ),
        ("cyclegan", "data.images=9", "data.images: is of kind = synthetic or synthetic-digits, and data.kind is"),
        ("pix2pix", "generator.blocks=9", "generator.blocks: is of arch = resnet, and generator.arch is unet."),
        (
            "dtn", "loss.gan=hinge",
            "loss.gan: is a key of cyclegan, pix2pix, discogan, aegan, not of dtn. "
            "Leave it out. Known here: loss.adversarial, loss.const, loss.tid, loss.tv.",
        ),
        ("cyclegan", "method.f_steps=9", "method.f_steps: is a key of dtn, not of cyclegan."),
        ("discogan", "optim.pool=9", "optim.pool: is a key of cyclegan, pix2pix, aegan, not of discogan."),
        ("cyclegan", "loss.l1=9", "loss.l1: is a key of pix2pix, not of cyclegan."),
        (
            "pix2pix", "data.kind=unpaired",
            "data.kind = unpaired: is of cyclegan, discogan, aegan, not of pix2pix. "
            "Choose from paired, synthetic, or another method.",
        ),
        ("dtn", "generator.arch=unet", "generator.arch = unet: is of cyclegan, pix2pix, not of dtn."),
        ("dtn", "loss.constt=9", "loss.constt: is not a preset key. Did you mean loss.const?"),
    ],
)  # fmt: skip
def test_the_reason_for_a_key_that_is_none_here(kind: str, setting: str, said: str) -> None:
    with pytest.raises(RequestError) as caught:
        resolve(with_settings({"method": {"kind": kind}}, [setting]), "x")
    assert caught.value.one_line().removeprefix("x: ").startswith(said)
