"""Quality and diversity (the paper's Table 1), and whether the model copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .distances import diversity, frechet_distance, kernel_distance, nearest
from .features import FeatureNetwork, Features
from .nearest_photographs import NearestWindows

COPY_QUANTILE = 0.01


def quality_figures(
    network: FeatureNetwork, drawn: np.ndarray, held_out: np.ndarray, seen: np.ndarray
) -> tuple[dict[str, Any], NearestWindows]:
    """Compares the samples of one (product, defect) with real windows of the test split, `held_out`.

    The windows of the train split, `seen`, show whether the model copies. Their distances to `held_out` are the best
    that a model can reach. All arrays are uint8 [n, S, S, 3] with n of at least 2.
    """
    a, b, c = (network.features(images) for images in (drawn, held_out, seen))
    copies, closest = copying(a, b, c)
    return {
        "frechet": frechet_distance(a.pooled, b.pooled),
        "frechetOfReal": frechet_distance(c.pooled, b.pooled),
        "kernel": kernel_distance(a.pooled, b.pooled),
        "kernelOfReal": kernel_distance(c.pooled, b.pooled),
        "diversity": diversity(a.perceptual),
        "diversityOfReal": diversity(b.perceptual),
        **copies,
    }, closest


def copying(drawn: Features, held_out: Features, seen: Features) -> tuple[dict[str, Any], NearestWindows]:
    """Measures how near the samples are to the windows of the train split, and returns the nearest window of each.

    `nearest` is the mean distance of a sample to its nearest window. `nearestOfReal` is the same for real windows that
    the model never saw. `copies` counts the samples that are nearer than 99 % of those real windows.
    """
    to_seen, index = nearest(drawn.perceptual, seen.perceptual)
    usual, _ = nearest(held_out.perceptual, seen.perceptual)
    closest = NearestWindows(index.numpy(), to_seen.numpy(), (to_seen < torch.quantile(usual, COPY_QUANTILE)).numpy())
    return {
        "nearest": float(to_seen.mean()),
        "nearestOfReal": float(usual.mean()),
        "copies": int(closest.flagged.sum()),
    }, closest
