"""FID and KID against their formulas written out with SciPy and NumPy, and against torch-fidelity's own."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

from engine.evaluation.distances import frechet_distance, kernel_distance


def two_sets(features: int = 12, first: int = 40, second: int = 30) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    mixing = torch.randn(features, features, generator=random)
    return (
        torch.randn(first, features, generator=random) @ mixing,
        torch.randn(second, features, generator=random) * 2 + 1,
    )


def test_fid_is_the_distance_of_two_normal_distributions() -> None:
    first, second = two_sets()
    x, y = first.double().numpy(), second.double().numpy()
    covariances = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    expected = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root.real)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_fid_is_that_of_torch_fidelity() -> None:
    first, second = two_sets()
    statistics = [fid_features_to_statistics(vectors.double()) for vectors in (first, second)]
    expected = fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)


def test_fid_of_fewer_vectors_than_features_is_a_number() -> None:
    """Their covariances are singular, which is where a root of a product that is not symmetric goes wrong."""
    first, second = two_sets(features=50, first=8, second=9)
    x, y = first.double(), second.double()
    roots = torch.linalg.eigvals(torch.cov(x.T) @ torch.cov(y.T)).sqrt().real
    spread = x.var(0).sum() + y.var(0).sum() - 2 * roots.sum()
    expected = (x.mean(0) - y.mean(0)).square().sum() + spread
    assert frechet_distance(first, second) == pytest.approx(float(expected), rel=1e-5)


def test_sets_that_are_the_same_are_at_no_distance() -> None:
    first, _ = two_sets()
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-4)


def test_fid_of_few_vectors_is_too_large_and_kid_is_not() -> None:
    """Both sets are of one distribution: the distance is 0."""
    random = torch.Generator().manual_seed(3)
    sets = [(torch.randn(20, 16, generator=random), torch.randn(20, 16, generator=random)) for _ in range(40)]
    assert min(frechet_distance(*pair) for pair in sets) > 1
    kids = torch.tensor([kernel_distance(*pair) for pair in sets])
    assert abs(kids.mean()) < 3 * kids.std() / len(kids) ** 0.5
    assert (kids < 0).any()


def test_kid_is_the_unbiased_estimate_over_all_vectors() -> None:
    first, second = two_sets()
    x, y = first.double().numpy(), second.double().numpy()

    def kernel(a: np.ndarray, b: np.ndarray) -> float:  # type: ignore[type-arg]
        return float((a @ b / 12 + 1) ** 3)

    within_x = np.mean([kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
    within_y = np.mean([kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j])
    between = np.mean([kernel(a, b) for a in x for b in y])
    assert kernel_distance(first, second) == pytest.approx(within_x + within_y - 2 * between, rel=1e-9)


def test_kid_is_that_of_torch_fidelity_where_a_subset_is_the_whole() -> None:
    first, second = two_sets(first=30)
    sets = (vectors.double() for vectors in (first, second))
    found = kid_features_to_metric(*sets, kid_subsets=1, kid_subset_size=30, verbose=False)
    expected = found["kernel_inception_distance_mean"]
    assert kernel_distance(first, second) == pytest.approx(float(expected), rel=1e-9)
