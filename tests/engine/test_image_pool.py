"""The image pool: which image comes back, in which order it draws, and that a restored one goes on exactly."""

from __future__ import annotations

from random import Random

import pytest
import torch
from torch import Tensor

from benchmarks.plain.image_pool import ImagePool as PlainImagePool
from engine.errors import RequestError
from engine.image_pool import ImagePool

CPU = torch.device("cpu")


class Script(Random):
    """A generator of random numbers that gives what it is told to, and fails when it is asked for more."""

    def __init__(self, *draws: float) -> None:
        super().__init__()
        self.draws = list(draws)

    def uniform(self, a: float, b: float) -> float:
        assert (a, b) == (0, 1)
        return self.draws.pop(0)

    def randint(self, a: int, b: int) -> int:
        assert a == 0
        draw = int(self.draws.pop(0))
        assert draw <= b
        return draw


def images(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1, 1, 1).expand(-1, 3, 2, 2).clone()


def values(batch: Tensor) -> list[float]:
    return batch[:, 0, 0, 0].tolist()


def shown(pool: ImagePool, batch: Tensor) -> Tensor:
    """What a pool makes of a batch."""
    pool.decide(len(batch))
    return pool.query(batch)


def test_returns_its_input_without_drawing_until_it_is_full() -> None:
    pool = ImagePool(2, Script(), CPU)
    assert values(shown(pool, images(1))) == [1]
    assert values(shown(pool, images(2))) == [2]


def test_above_one_half_swaps_and_below_passes_through() -> None:
    pool = ImagePool(2, Script(0.6, 1, 0.5, 0.9, 1), CPU)
    shown(pool, images(1, 2))
    assert values(shown(pool, images(3))) == [2]
    assert values(shown(pool, images(4))) == [4]
    assert values(shown(pool, images(5))) == [3]
    assert values(pool.state_dict()["images"]) == [1, 5]


def test_an_image_of_a_batch_may_come_back_for_a_later_one_of_it() -> None:
    pool = ImagePool(1, Script(0.7, 0, 0.7, 0), CPU)
    shown(pool, images(1))
    assert values(shown(pool, images(2, 3))) == [1, 2]


def test_a_pool_that_fills_up_within_a_batch_starts_to_draw_there() -> None:
    pool = ImagePool(1, Script(0.2), CPU)
    assert values(shown(pool, images(1, 2))) == [1, 2]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("number", [1, 2, 4, 7])
def test_it_shows_and_keeps_what_deciding_image_by_image_does(size: int, number: int) -> None:
    """Against the plain implementation, which copies one image after the other."""
    pool, plain = ImagePool(size, Random(3), CPU), PlainImagePool(size, Random(3))
    for query in range(30):
        batch = images(*range(query * number, (query + 1) * number))
        assert values(shown(pool, batch)) == values(plain.query(batch))


def test_size_zero_is_the_identity() -> None:
    batch = images(1, 2).requires_grad_()
    out = shown(ImagePool(0, Script(), CPU), batch)
    assert values(out) == [1, 2]
    assert not out.requires_grad


def test_what_it_keeps_is_detached_and_its_own() -> None:
    pool = ImagePool(1, Script(0.6, 0), CPU)
    first = images(1)
    returned = shown(pool, first.requires_grad_())
    assert not returned.requires_grad
    returned.fill_(9)
    with torch.no_grad():
        first.fill_(9)
    assert values(shown(pool, images(2))) == [1]


@pytest.mark.parametrize("queries_before", [0, 1, 3, 8])
def test_a_restored_pool_goes_on_as_the_one_it_was_saved_from(queries_before: int) -> None:
    rng = Random(5)
    pool = ImagePool(4, rng, CPU)
    for query in range(queries_before):
        shown(pool, images(query, query + 0.5))
    saved, draws = pool.state_dict(), rng.getstate()

    def go_on(pool: ImagePool) -> list[list[float]]:
        return [values(shown(pool, images(100 + query, 200 + query))) for query in range(10)]

    expected = go_on(pool)
    resumed_rng = Random()
    resumed_rng.setstate(draws)
    resumed = ImagePool(4, resumed_rng, CPU)
    resumed.load_state_dict(saved)
    assert go_on(resumed) == expected


def test_loading_replaces_what_was_there() -> None:
    pool, empty = ImagePool(2, Script(), CPU), ImagePool(2, Script(), CPU)
    shown(pool, images(1, 2))
    pool.load_state_dict(empty.state_dict())
    assert pool.state_dict()["images"].numel() == 0
    assert values(shown(pool, images(3))) == [3]


def test_more_images_than_it_may_keep_are_refused() -> None:
    larger = ImagePool(3, Script(), CPU)
    shown(larger, images(1, 2, 3))
    with pytest.raises(RequestError, match=r"optim.pool: 2 .* 3 images"):
        ImagePool(2, Script(), CPU).load_state_dict(larger.state_dict())
