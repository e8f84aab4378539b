"""What a discriminator judges: patches of the size that its layers give, pixels, or whole images; and what of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.config.geometry import patch_map_side, receptive_field
from engine.config.networks import DiscriminatorConfig, ImageDiscriminator, PatchDiscriminator, PixelDiscriminator
from engine.networks.discriminators import Verdict, build_discriminator

SMALL: list[DiscriminatorConfig] = [
    PatchDiscriminator(width=2, layers=2),
    PixelDiscriminator(width=2),
    ImageDiscriminator(width=2, downs=3),
    ImageDiscriminator(width=2, downs=3, minibatch=3),
]


def named(config: DiscriminatorConfig) -> str:
    return f"{type(config).__name__}{'-minibatch' if getattr(config, 'minibatch', 0) else ''}"


def logits_of(discriminator: nn.Module, images: Tensor) -> Tensor:
    verdict: Verdict = discriminator(images)
    [logits] = verdict.logits
    return logits


def images_of(side: int, count: int = 2) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(side)) * 2 - 1


# ------------------------------------------------------------------------------------------------------- patches


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_the_map_has_the_side_that_the_arithmetic_says(layers: int) -> None:
    discriminator = build_discriminator(PatchDiscriminator(width=1, layers=layers), 3)
    for side in (96, 101, 128):
        expected = patch_map_side(layers, side)
        assert logits_of(discriminator, torch.zeros(1, 3, side, side)).shape == (1, 1, expected, expected)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_one_judgement_depends_on_exactly_its_receptive_field(layers: int) -> None:
    discriminator = build_discriminator(PatchDiscriminator(width=2, layers=layers, norm="none"), 1)
    for parameter in discriminator.parameters():
        nn.init.constant_(parameter, 0.1)
    image = torch.ones(1, 1, 4 * receptive_field(layers), 4 * receptive_field(layers), requires_grad=True)
    judgements = logits_of(discriminator, image)
    middle = judgements.shape[-1] // 2
    judgements[0, 0, middle, middle].backward()
    assert image.grad is not None
    assert int((image.grad[0, 0].abs().sum(dim=0) > 0).sum()) == receptive_field(layers)


def test_pixels_are_judged_by_themselves() -> None:
    discriminator = build_discriminator(PixelDiscriminator(width=2, norm="none"), 3)
    image = torch.rand(1, 3, 8, 8)
    changed = image.clone()
    changed[0, :, 3, 5] += 0.5
    differs = (logits_of(discriminator, image) != logits_of(discriminator, changed))[0, 0]
    assert differs.nonzero().tolist() == [[3, 5]]


def test_published_sizes() -> None:
    with torch.device("meta"):
        patch, image = build_discriminator(PatchDiscriminator(), 3), build_discriminator(ImageDiscriminator(), 3)
    assert sum(parameter.numel() for parameter in patch.parameters()) == 2_764_737
    assert sum(parameter.numel() for parameter in image.parameters()) == 2_765_568


# ------------------------------------------------------------------------------------------------------ features


@pytest.mark.parametrize(
    ("config", "maps"), [(SMALL[0], 3), (SMALL[1], 2), (SMALL[2], 2)], ids=["patch", "pixel", "image"]
)
def test_features_lead_to_the_judgement_and_the_judgement_to_the_images(config: DiscriminatorConfig, maps: int) -> None:
    """An image discriminator's first map, which is not normalised, is none of its features."""
    verdict: Verdict = build_discriminator(config, 3)(images_of(32))
    [features] = verdict.features
    assert len(features) == maps
    assert len({tuple(layer.shape) for layer in features}) == maps
    gradients = torch.autograd.grad(verdict.logits[0].square().sum(), features)
    assert all(gradient.abs().sum() > 0 for gradient in gradients)


# ------------------------------------------------------------------------------------------------------- outputs


@pytest.mark.parametrize("config", SMALL, ids=named)
def test_there_are_as_many_logits_of_a_judgement_as_asked_for(config: DiscriminatorConfig) -> None:
    one, three = (logits_of(build_discriminator(config, 3, outputs), images_of(32)) for outputs in (1, 3))
    assert one.shape[1] == 1
    assert three.shape == (2, 3, *one.shape[2:])


def test_a_whole_image_has_one_judgement() -> None:
    assert logits_of(build_discriminator(SMALL[2], 3), images_of(32)).shape == (2, 1, 1, 1)


# -------------------------------------------------------------------------------------------- scales and ensembles


def test_each_scale_judges_the_image_at_half_the_size_of_the_one_before() -> None:
    discriminator = build_discriminator(PatchDiscriminator(width=2, layers=1, scales=3), 3)
    verdict: Verdict = discriminator(images_of(64))
    assert [logits.shape[-1] for logits in verdict.logits] == [patch_map_side(1, side) for side in (64, 32, 16)]
    assert [features[0].shape[-1] for features in verdict.features] == [32, 16, 8]


def test_a_smaller_scale_sees_the_mean_and_no_border() -> None:
    """A plain image stays the same when it is shrunk: what lies beyond its border counts for nothing."""
    discriminator = build_discriminator(PatchDiscriminator(width=2, layers=1, scales=2, norm="none"), 3)
    first, second = discriminator.get_submodule("scales.0"), discriminator.get_submodule("scales.1")
    second.load_state_dict(first.state_dict())
    verdict: Verdict = discriminator(torch.full((1, 3, 32, 32), 0.7))
    plain = logits_of(first, torch.full((1, 3, 16, 16), 0.7))
    torch.testing.assert_close(verdict.logits[1], plain)


@pytest.mark.parametrize("config", SMALL, ids=named)
def test_several_discriminators_judge_the_same_images_by_different_weights(config: DiscriminatorConfig) -> None:
    ensemble = build_discriminator(type(config)(**{**fields(config), "count": 3}), 3)
    verdict: Verdict = ensemble(images_of(32))
    assert len(verdict.logits) == len(verdict.features) == 3
    assert not torch.equal(verdict.logits[0], verdict.logits[1])
    assert not torch.equal(verdict.logits[1], verdict.logits[2])
    alone = logits_of(ensemble.get_submodule("members.1"), images_of(32))
    torch.testing.assert_close(verdict.logits[1], alone)


def fields(config: DiscriminatorConfig) -> dict[str, object]:
    return {name: getattr(config, name) for name in config.__struct_fields__}


def test_one_discriminator_of_one_scale_has_the_references_keys() -> None:
    assert next(iter(build_discriminator(SMALL[0], 3).state_dict())) == "model.0.weight"
    assert next(iter(build_discriminator(SMALL[1], 3).state_dict())) == "net.0.weight"
    assert next(iter(build_discriminator(SMALL[2], 3).state_dict())) == "conv1.weight"


# ------------------------------------------------------------------------------------------- group normalisation


@pytest.mark.parametrize("norm", ["batch", "group", "instance"])
def test_only_batch_normalisation_lets_an_image_depend_on_the_others(norm: str) -> None:
    config = PatchDiscriminator(width=8, layers=2, norm=norm)  # type: ignore[arg-type]
    discriminator, images = build_discriminator(config, 3).double(), images_of(32, count=3).double()
    together, alone = logits_of(discriminator, images)[:1], logits_of(discriminator, images[:1])
    assert torch.allclose(together, alone, rtol=1e-9, atol=1e-12) == (norm != "batch")
