"""How well a segmenter finds defects: the paper's Table 2 (mIoU, F1, AP, AUROC), over all pixels of a test set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score


class SegmentationFigures(NamedTuple):
    miou: float  # mean of the defect's and the background's IoU at probability 0.5
    iou: float  # of the defect alone
    f1: float  # of the defect at probability 0.5
    ap: float
    auroc: float


def segmentation_figures(probability: np.ndarray, truth: np.ndarray) -> SegmentationFigures:
    """`probability` in [0, 1] and `truth` bool, both [n, H, W]. Raises ValueError unless both classes are there."""
    truth = truth.reshape(-1)
    probability = probability.reshape(-1)
    if truth.all() or not truth.any():
        raise ValueError("the test set must hold pixels of the defect and of the background")
    found = probability >= 0.5
    both, either = float((found & truth).sum()), float((found | truth).sum())
    neither = float((~found & ~truth).sum())
    iou = both / either
    return SegmentationFigures(
        miou=(iou + neither / (len(truth) - both)) / 2,
        iou=iou,
        f1=2 * both / (both + either),
        ap=float(average_precision_score(truth, probability)),
        auroc=float(roc_auc_score(truth, probability)),
    )


def mask_iou(a: np.ndarray, b: np.ndarray) -> float:
    """IoU of two bool masks; 1 when both are empty."""
    union = np.logical_or(a, b).sum()
    return float(np.logical_and(a, b).sum() / union) if union else 1.0
