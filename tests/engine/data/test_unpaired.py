"""Which images meet: the reference's rule, from the seed and the place alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from engine.data.domains import DrawnDomain
from engine.data.epochs import Place
from engine.data.transforms import Framing
from engine.data.unpaired import UnpairedImages


def numbered(name: str, count: int) -> DrawnDomain:
    return DrawnDomain(name, tuple(np.full((4, 4, 3), k % 256, np.uint8) for k in range(count)))


def pairs(count_A: int, count_B: int, seed: int = 0) -> UnpairedImages:
    framing = Framing(resize=0, crop=4, flip=False)
    return UnpairedImages(domain_A=numbered("A", count_A), domain_B=numbered("B", count_B), framing=framing, seed=seed)


def epoch(images: UnpairedImages, number: int) -> list[tuple[int, int]]:
    return [images.indices(number, position) for position in range(images.items)]


def test_an_epoch_shows_every_image_of_a_larger_first_domain_once() -> None:
    assert sorted(a for a, _ in epoch(pairs(20, 3), 1)) == list(range(20))


def test_a_smaller_first_domain_is_swept_as_often_as_it_fits() -> None:
    shown = Counter(a for a, _ in epoch(pairs(3, 20), 1))
    assert sorted(shown.values()) == [6, 7, 7]


def test_the_second_domain_is_drawn_uniformly() -> None:
    images = pairs(500, 5)
    shown = Counter(b for number in range(4) for _, b in epoch(images, number))
    assert set(shown) == set(range(5))
    assert all(abs(count - 400) < 80 for count in shown.values())


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    def order(number: int, seed: int) -> list[int]:
        return [a for a, _ in epoch(pairs(30, 30, seed), number)]

    orders = [order(1, 0), order(2, 0), order(1, 1), list(range(30))]
    assert len({tuple(order) for order in orders}) == 4
    assert order(1, 0) == orders[0]


def test_epochs_and_seeds_have_partners_of_their_own() -> None:
    def partners(number: int, seed: int) -> tuple[int, ...]:
        return tuple(b for _, b in epoch(pairs(30, 30, seed), number))

    assert len({partners(1, 0), partners(2, 0), partners(1, 1)}) == 3
    assert partners(1, 0) == partners(1, 0)


def test_partners_do_not_follow_the_order_of_the_first_domain() -> None:
    images = pairs(40, 40)
    partners = [dict(epoch(images, number)) for number in range(2)]
    assert sum(partners[0][a] == partners[1][a] for a in range(40)) < 10


@pytest.mark.parametrize(("batch", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (10, [7])])
def test_the_last_batch_may_be_smaller(batch: int, sizes: list[int]) -> None:
    images = pairs(7, 5)
    assert images.batches_per_epoch(batch) == len(sizes)
    loaded = [images.load(Place(1, index), batch) for index in range(len(sizes))]
    assert [item.real_A.shape for item in loaded] == [(size, 3, 4, 4) for size in sizes]
    assert [item.real_B.shape for item in loaded] == [(size, 3, 4, 4) for size in sizes]


def test_the_size_of_a_batch_changes_neither_what_an_epoch_shows_nor_how_it_is_framed() -> None:
    images = places_of_pixels(7)
    singles = [images.load(Place(1, index), 1) for index in range(7)]
    threes = [images.load(Place(1, index), 3) for index in range(3)]
    assert np.array_equal(np.concatenate([s.real_A for s in singles]), np.concatenate([t.real_A for t in threes]))
    assert np.array_equal(np.concatenate([s.real_B for s in singles]), np.concatenate([t.real_B for t in threes]))


def places_of_pixels(count: int) -> UnpairedImages:
    """Twice the same domain; each pixel tells where it is, so that a view tells its crop."""
    rows = np.zeros((40, 40, 3), np.uint8)
    rows[:, :, 0], rows[:, :, 1] = np.arange(40), np.arange(40)[:, None]
    same = DrawnDomain("same", (rows,) * count)
    return UnpairedImages(domain_A=same, domain_B=same, framing=Framing(resize=0, crop=8, flip=True), seed=0)


def test_the_two_domains_are_framed_independently() -> None:
    images = places_of_pixels(1)
    loaded = [images.load(Place(number, 0), 1) for number in range(10)]
    assert sum(np.array_equal(item.real_A, item.real_B) for item in loaded) < 3
