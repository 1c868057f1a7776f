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
    """Of one (product, defect): `drawn` against real windows of the test split (`held_out`); the windows of the train
    split (`seen`) are what it could have copied, and the same distances of them are the best it could reach.

    All uint8 [n, S, S, 3], at least 2 each.
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
    """`nearest`: mean distance of a sample to the nearest window it was trained on; `nearestOfReal`: the same of real
    windows that it never saw; `copies`: how many samples are nearer than all but 1 % of those; and which
    window each is nearest to."""
    to_seen, index = nearest(drawn.perceptual, seen.perceptual)
    usual, _ = nearest(held_out.perceptual, seen.perceptual)
    closest = NearestWindows(index.numpy(), to_seen.numpy(), (to_seen < torch.quantile(usual, COPY_QUANTILE)).numpy())
    return {
        "nearest": float(to_seen.mean()),
        "nearestOfReal": float(usual.mean()),
        "copies": int(closest.flagged.sum()),
    }, closest
