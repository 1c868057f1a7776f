"""Scores, counted per test photograph: every figure, and every resample of photographs, follows from them.

A histogram is uint32 [2, BINS]: pixels of the defect, then of the background, by their logit. A classifier counts one
window in the place of pixels. The bins are of equal width over -LIMIT…LIMIT; the outer ones hold what lies beyond.
"""

from __future__ import annotations

import base64
import zlib
from typing import NamedTuple

import numpy as np

BINS = 64
LIMIT = 8.0  # logit
HALF = BINS // 2  # the first bin above probability 0.5
FIGURES = ("miou", "balanced_accuracy", "f1", "ap", "auroc")
FALSE_POSITIVE_RATE = 0.001  # of the pixels of normal windows


class Figures(NamedTuple):
    """Arrays of the shape that the sums of histograms have before [2, BINS]. NaN where a class has no pixel."""

    miou: np.ndarray  # mean of the defect's and the background's IoU at the threshold
    balanced_accuracy: np.ndarray  # mean of the shares of both classes that are told right at the threshold
    f1: np.ndarray  # of the defect at the threshold
    ap: np.ndarray
    auroc: np.ndarray


def score_histograms(logits: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """uint32 [n, 2, BINS] of logits float [n, S, S] and truth bool [n, S, S]; S is 1 for scores of windows."""
    bins = np.floor((logits + LIMIT) * (BINS / (2 * LIMIT))).clip(0, BINS - 1).astype(np.int64)
    made = np.zeros((len(logits), 2, BINS), np.uint32)
    for one, places, marked in zip(made, bins, truth, strict=True):
        one[0] = np.bincount(places[marked], minlength=BINS)
        one[1] = np.bincount(places[~marked], minlength=BINS)
    return made


def figures_of(total: np.ndarray, threshold: int) -> Figures:
    """`total`: sums of histograms [..., 2, BINS]. `threshold`: the first bin that counts as defect."""
    defect, background = total[..., 0, :].astype(np.float64), total[..., 1, :].astype(np.float64)
    positives, negatives = defect.sum(-1), background.sum(-1)
    found, false = defect[..., threshold:].sum(-1), background[..., threshold:].sum(-1)
    missed, right = positives - found, negatives - false
    above = np.flip(np.cumsum(np.flip(defect, -1), -1), -1)  # of each bin and those above it
    false_above = np.flip(np.cumsum(np.flip(background, -1), -1), -1)
    both = (positives > 0) & (negatives > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        miou = (found / (found + false + missed) + right / (right + false + missed)) / 2
        balanced_accuracy = (found / positives + right / negatives) / 2
        f1 = 2 * found / (2 * found + false + missed)
        middle = above - defect / 2  # half of a bin counts: within it nothing tells defect from background
        precision = np.nan_to_num(middle / (middle + false_above - background / 2))
        ap = (defect * precision).sum(-1) / positives
        auroc = (background * (above - defect / 2)).sum(-1) / (positives * negatives)
    return Figures(*(np.where(both, values, np.nan) for values in (miou, balanced_accuracy, f1, ap, auroc)))


def best_threshold(total: np.ndarray, figure: str) -> int:
    """The bin with the highest figure on the validation part; that of probability 0.5 where it has one class alone."""
    values = np.array([float(getattr(figures_of(total, threshold), figure)) for threshold in range(1, BINS)])
    if np.isnan(values).all():
        return HALF
    best = np.flatnonzero(values == np.nanmax(values)) + 1
    return int(best[np.abs(best - HALF).argmin()])


def fpr_threshold(normal: np.ndarray) -> int | None:
    """The first bin that counts as defect, so that at most FALSE_POSITIVE_RATE of the pixels of normal windows do; the
    last bin where more are in that. `normal`: sum of their histograms [2, BINS]. None without a pixel."""
    pixels = normal[1].astype(np.float64)
    if not pixels.sum():
        return None
    above = np.flip(np.cumsum(np.flip(pixels))) / pixels.sum()
    few = np.flatnonzero(above[1:] <= FALSE_POSITIVE_RATE) + 1
    return int(few[0]) if len(few) else BINS - 1


def packed(histograms: np.ndarray) -> str:
    """Base64 of zlib of little-endian uint32."""
    return base64.b64encode(zlib.compress(histograms.astype("<u4").tobytes(), 9)).decode()


def unpacked(text: str) -> np.ndarray:
    """uint32 [n, 2, BINS]"""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<u4").reshape(-1, 2, BINS)
