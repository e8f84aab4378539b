"""Images through a network: whole, together, in pieces, and in smaller ones where memory runs out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.config.methods import TrainConfig
from engine.errors import WorkError
from engine.methods.build import build_method
from engine.translation.framing import Pixels
from engine.translation.image_memory import ImageMemory
from engine.translation.passage import Passage, Say
from engine.translation.request import Tiling
from tests.engine.translation.conftest import noise
from tests.runs import tiny_config

CPU = torch.device("cpu")
ROOMY = 10**12


class Convolution(nn.Module):
    """A blur of 5x5 pixels, which knows nothing of what is further away than two; it records what it is given."""

    def __init__(self, most: int = 10**9) -> None:
        super().__init__()
        self.blur = nn.AvgPool2d(5, stride=1, padding=2, count_include_pad=False)
        self.most = most
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.shapes.append(tuple(x.shape))
        if x.shape.numel() > 3 * self.most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")
        return -self.blur(x)


def passage(
    network: nn.Module,
    side: int | None = 0,
    overlap: int | None = None,
    *,
    free: int = ROOMY,
    config: TrainConfig | None = None,
    say: Say = lambda text, topic: None,
) -> Passage:
    config = config or tiny_config()
    room = ImageMemory(config, CPU, free=lambda device: free)
    return Passage(network, config, CPU, Tiling(side=side, overlap=overlap), room, say)


def pixels(width: int, height: int, seed: int = 0) -> Pixels:
    return np.asarray(noise(width, height, seed))


def test_pixels_go_in_and_come_out_in_their_place() -> None:
    image = pixels(24, 16)
    [passed] = passage(nn.Identity()).take([image])
    assert passed.tile == 0
    assert np.array_equal(passed.pixels, image)


@pytest.mark.parametrize(("width", "height"), [(200, 120), (64, 300), (65, 64), (129, 72)])
@pytest.mark.parametrize("overlap", [4, 16, 32])
def test_pieces_make_the_same_whole_where_the_network_sees_no_further_than_they_share(
    width: int, height: int, overlap: int
) -> None:
    """The blur sees two pixels, and knows those at a piece's own border half: their share is least there."""
    image = pixels(width, height)
    [whole] = passage(Convolution()).take([image])
    [cut] = passage(Convolution(), side=64, overlap=overlap).take([image])
    assert cut.tile == 64
    apart = np.abs(cut.pixels.astype(int) - whole.pixels)
    assert (apart > 1).mean() < 0.05
    inner = passage(nn.Identity(), side=64, overlap=overlap).take([image])[0]
    assert np.array_equal(inner.pixels, image)


def test_an_image_no_larger_than_a_piece_is_not_cut() -> None:
    network = Convolution()
    image = pixels(64, 48)
    [passed] = passage(network, side=64).take([image])
    assert passed.tile == 0
    assert network.shapes == [(1, 3, 48, 64)]


def test_images_of_one_shape_go_together() -> None:
    network = Convolution()
    images = [pixels(32, 24, seed) for seed in range(3)]
    together = passage(network, side=None).take(images)
    assert network.shapes == [(3, 3, 24, 32)]
    alone = [passage(Convolution()).take([image])[0] for image in images]
    assert all(np.array_equal(one.pixels, other.pixels) for one, other in zip(together, alone, strict=True))


def test_images_that_are_cut_go_one_by_one() -> None:
    network = Convolution()
    passage(network, side=32, overlap=0).take([pixels(64, 32), pixels(64, 32, seed=1)])
    assert network.shapes == [(1, 3, 32, 32)] * 4


def test_what_memory_is_too_small_for_goes_in_pieces_and_is_told() -> None:
    said: list[str] = []
    config = tiny_config()
    roomy = ImageMemory(config, CPU, free=lambda device: ROOMY)
    network = Convolution()
    through = passage(
        network, side=None, free=round(roomy.need(512 * 512) * 2), say=lambda text, topic: said.append(text)
    )
    [passed] = through.take([pixels(1000, 600)])
    assert passed.tile == 512
    assert set(network.shapes) == {(1, 3, 512, 512)}
    assert ["512 px that share 64" in text and "--tile 512" in text for text in said] == [True]


def test_where_hardly_any_memory_is_free_the_smallest_pieces_are_tried() -> None:
    [passed] = passage(Convolution(), side=None, free=1).take([pixels(600, 300)])
    assert passed.tile == 256


def test_where_memory_runs_out_all_the_same_smaller_pieces_are_tried() -> None:
    network = Convolution(most=300 * 300)
    [passed] = passage(network, side=None).take([pixels(1100, 300)])
    assert passed.tile == 256
    assert network.shapes[:3] == [(1, 3, 300, 1100), (1, 3, 300, 1024), (1, 3, 300, 512)]
    [whole] = passage(Convolution()).take([pixels(1100, 300)])
    assert np.abs(passed.pixels.astype(int) - whole.pixels).max() <= 40


def test_images_that_do_not_fit_together_go_one_by_one() -> None:
    network, said = Convolution(most=32 * 24), list[str]()
    found = passage(network, say=lambda text, topic: said.append(text)).take([pixels(32, 24), pixels(32, 24, seed=1)])
    assert [passed.tile for passed in found] == [0, 0]
    assert network.shapes == [(2, 3, 24, 32), (1, 3, 24, 32), (1, 3, 24, 32)]
    assert said == ["Memory does not suffice for 2 images of 32x24 px at once."]


def test_an_image_that_does_not_fit_as_was_asked_is_an_error() -> None:
    with pytest.raises(WorkError, match=r"64x64 px: does not fit into the memory of cpu. Give a smaller --tile"):
        passage(Convolution(most=1), side=32).take([pixels(64, 64)])


def test_any_other_failure_is_not_taken_for_full_memory() -> None:
    class Broken(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        passage(Broken(), side=None).take([pixels(512, 512)])


def test_the_estimate_is_of_the_networks_of_the_run() -> None:
    """Twice the width takes twice the memory for what is between its layers, and images grow with their pixels."""
    narrow, wide = (ImageMemory(tiny_config(f"generator.width={width}"), CPU) for width in (32, 64))
    assert narrow.need(10_000) * 1.6 < wide.need(10_000) < narrow.need(10_000) * 2
    assert wide.need(20_000) == 2 * wide.need(10_000)


# --------------------------------------------------------------------------------- dropout and statistics of the batch

NOISY = ("method.test_time_noise=true", "generator.dropout=true", "generator.downs=6", "generator.norm=batch")


@pytest.fixture(scope="module")
def noisy() -> tuple[nn.Module, TrainConfig]:
    config = tiny_config("data.crop=64", "data.resize=72", *NOISY, kind="pix2pix")
    return build_method(config, CPU).translator("AtoB"), config


def test_what_is_drawn_for_an_image_does_not_depend_on_others(noisy: tuple[nn.Module, TrainConfig]) -> None:
    network, config = noisy
    first, second = pixels(64, 64), pixels(64, 64, seed=1)
    through = passage(network, config=config)
    forwards = [through.take([image])[0].pixels for image in (first, second)]
    backwards = [through.take([image])[0].pixels for image in (second, first)]
    assert np.array_equal(forwards[0], backwards[1])
    assert np.array_equal(forwards[1], backwards[0])


def test_noise_follows_the_seed_of_the_run(noisy: tuple[nn.Module, TrainConfig]) -> None:
    """And leaves PyTorch's own draws as they were."""
    network, config = noisy
    other = tiny_config("data.crop=64", "data.resize=72", "run.seed=1", *NOISY, kind="pix2pix")
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    [one], [another] = (passage(network, config=each).take([pixels(64, 64)]) for each in (config, other))
    assert not np.array_equal(one.pixels, another.pixels)
    assert torch.equal(before, torch.random.get_rng_state())
