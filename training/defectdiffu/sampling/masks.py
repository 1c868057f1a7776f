"""Thresholds a decoded soft mask: the iterative threshold (Ridler & Calvard 1978) with its edge cases."""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-4


def soft_mask(image: np.ndarray) -> np.ndarray:
    """Decoded mask images […, 3, H, W] or […, 1, H, W] in about [-1, 1] → grey […, H, W] in [-1, 1], the mean of the
    channels."""
    return np.clip(image, -1, 1).mean(axis=-3)


def iterative_threshold(grey: np.ndarray) -> float:
    """T ← mean; T ← (mean of what is ≥ T + mean of what is < T) / 2 until it moves by no more than the tolerance."""
    threshold = float(grey.mean())
    while True:
        above, below = grey[grey >= threshold], grey[grey < threshold]
        if len(above) == 0 or len(below) == 0:
            return threshold
        moved = (float(above.mean()) + float(below.mean())) / 2
        if abs(moved - threshold) <= TOLERANCE:
            return moved
        threshold = moved


def binary_mask(grey: np.ndarray, minimum_peak: float) -> np.ndarray:
    """bool [H, W]. The mask is empty if the soft mask never reaches `minimum_peak` (0…255) or if its pixels differ by
    less than that: such a mask shows no defect, and the threshold would only split its noise."""
    if (grey.max() + 1) * 127.5 < minimum_peak or (grey.max() - grey.min()) * 127.5 < minimum_peak:
        return np.zeros(grey.shape, bool)
    threshold = iterative_threshold(grey)
    return (grey >= threshold) & (grey > grey.min())  # a flat mask has no foreground


def confidence(grey: np.ndarray, mask: np.ndarray) -> float:
    """The confidence of the mask module: mean of the soft mask [H, W] (-1 … 1) inside the mask bool [H, W],
    0 … 1; 0 for an empty mask."""
    return float((grey[mask].mean() + 1) / 2) if mask.any() else 0.0


def uncertain_border(grey: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """bool [H, W]: the pixels of the soft mask [H, W] that are neither clearly in the mask bool [H, W] nor clearly out:
    between the thresholds halfway from the middle to the mean of either side. None for an empty or a full mask."""
    if not mask.any() or mask.all():
        return np.zeros(mask.shape, bool)
    inside, outside = float(grey[mask].mean()), float(grey[~mask].mean())
    quarter = (inside - outside) / 4
    return (grey >= outside + quarter) & (grey < inside - quarter)
