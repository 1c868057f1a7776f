"""Distances between two sets of images, given as features [n, D], and between single images, given as layers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """‖μ_a - μ_b‖² + tr(Σ_a + Σ_b - 2(Σ_a Σ_b)^½) of features [n, D], [m, D] (Heusel et al. 2017).

    Raises ValueError for fewer than two samples: a covariance needs them.
    """
    for name, features in (("a", a), ("b", b)):
        if len(features) < 2:
            raise ValueError(f"{name} has {len(features)} sample(s), must have at least 2")
    mean_a, mean_b = a.mean(0), b.mean(0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # tr((Σ_a Σ_b)^½) is the sum of the roots of the eigenvalues of Σ_a^½ Σ_b Σ_a^½, which is symmetric.
    values, vectors = np.linalg.eigh(np.atleast_2d(cov_a))
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ np.atleast_2d(cov_b) @ root).clip(0)).sum()
    return float(np.square(mean_a - mean_b).sum() + np.trace(np.atleast_2d(cov_a + cov_b)) - 2 * cross)


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """The unbiased squared MMD with the kernel (x·y/D + 1)³ of features [n, D], [m, D] (Bińkowski et al. 2018); on
    Inception's features it is the KID.

    Unlike the Fréchet distance its expectation does not depend on the number of samples, and it may be negative.
    """
    for name, features in (("a", a), ("b", b)):
        if len(features) < 2:
            raise ValueError(f"{name} has {len(features)} sample(s), must have at least 2")
    kernel = lambda x, y: (x @ y.T / x.shape[1] + 1) ** 3  # noqa: E731
    n, m = len(a), len(b)
    within_a = (kernel(a, a).sum() - np.trace(kernel(a, a))) / (n * (n - 1))
    within_b = (kernel(b, b).sum() - np.trace(kernel(b, b))) / (m * (m - 1))
    return float(within_a + within_b - 2 * kernel(a, b).mean())


def unit_layers(layers: list[Tensor]) -> Tensor:
    """Layers [n, C, h, w] of a network → [n, F], such that squared distances are LPIPS's without its learnt weights:
    each position's channels scaled to unit length, squared differences averaged over the positions, summed over the
    layers (Zhang et al. 2018, Eq. 1 with w = 1)."""
    parts = []
    for layer in layers:
        unit = torch.nn.functional.normalize(layer.float(), dim=1, eps=1e-8)
        parts.append(unit.flatten(1) / (layer.shape[2] * layer.shape[3]) ** 0.5)
    return torch.cat(parts, 1)


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """[n, F], [m, F] → [n, m]."""
    squares = a.square().sum(1)[:, None] + b.square().sum(1)[None] - 2 * a @ b.T
    return squares.clamp(min=0)


def diversity(perceptual: Tensor) -> float:
    """Mean distance over all pairs of images [n, F] (`unit_layers`); 0 for identical ones. n ≥ 2."""
    n = len(perceptual)
    if n < 2:
        raise ValueError(f"there is {n} picture, diversity needs at least 2")
    return float(squared_distances(perceptual, perceptual).fill_diagonal_(0).sum() / (n * (n - 1)))


def nearest(perceptual: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Distance [n] to, and index [n] of, the real image nearest to each of [n, F]."""
    smallest = squared_distances(perceptual, real).min(1)
    return smallest.values, smallest.indices
