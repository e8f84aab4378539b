"""Distances between two sets of feature vectors: FID and KID.

Heusel et al. 2017, "GANs trained by a two time-scale update rule", arXiv:1706.08500, equation 6; Bińkowski et al. 2018,
"Demystifying MMD GANs", arXiv:1801.01401, section 4. Both are computed in float64.
"""

from __future__ import annotations

import torch
from torch import Tensor

_ROWS = 1024
"""Rows of a matrix of kernel values that are held at once."""


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """FID: the distance of the normal distributions with the sets' means and covariances.

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). With few vectors it comes out too large, with fewer than features most
    of all.

    Args:
        first: (N, features), N at least 2.
        second: (M, features), M at least 2.
    """
    first, second = first.double(), second.double()
    spread = first.var(0).sum() + second.var(0).sum() - 2 * _trace_of_root(_spread_out(first), _spread_out(second))
    return float((first.mean(0) - second.mean(0)).square().sum() + spread)


def kernel_distance(first: Tensor, second: Tensor) -> float:
    """KID: the unbiased estimate of MMD^2 with the kernel (x.y / features + 1)^3, over all vectors at once.

    Others report the mean over random subsets of 1,000, which has the same expectation and more noise. It may come out
    below 0.

    Args:
        first: (N, features), N at least 2.
        second: (M, features), M at least 2.
    """
    first, second = first.double(), second.double()
    within = _mean_of_others(first) + _mean_of_others(second)
    return within - 2 * _sum_of_kernels(first, second) / (len(first) * len(second))


def _spread_out(vectors: Tensor) -> Tensor:
    """X with X^T X the covariance."""
    return (vectors - vectors.mean(0)).div((len(vectors) - 1) ** 0.5)


def _trace_of_root(X: Tensor, Y: Tensor) -> Tensor:
    """tr (S1 S2)^(1/2) with S1 = X^T X and S2 = Y^T Y: the sum of the singular values of X Y^T.

    Of many vectors it is computed by the eigenvalues of S1^(1/2) S2 S1^(1/2) instead, which has as many rows as there
    are features, and is symmetric: neither loses digits where covariances are singular.
    """
    if min(len(X), len(Y)) <= X.shape[1]:
        of_product: Tensor = torch.linalg.svdvals(X @ Y.T)
        return of_product.sum()
    values, vectors = torch.linalg.eigh(X.T @ X)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    product = root @ (Y.T @ Y) @ root
    squares: Tensor = torch.linalg.eigvalsh((product + product.T) / 2)
    return squares.clamp(min=0).sqrt().sum()


def _mean_of_others(vectors: Tensor) -> float:
    """The mean kernel value of two different vectors of a set."""
    number = len(vectors)
    of_itself = float(_kernel((vectors * vectors).sum(1), vectors.shape[1]).sum())
    return (_sum_of_kernels(vectors, vectors) - of_itself) / (number * (number - 1))


def _sum_of_kernels(first: Tensor, second: Tensor) -> float:
    features = first.shape[1]
    return sum(float(_kernel(rows @ second.T, features).sum()) for rows in torch.split(first, _ROWS))


def _kernel(products: Tensor, features: int) -> Tensor:
    return (products / features + 1) ** 3
