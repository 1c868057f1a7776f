"""A judge who has never seen a sample: a UNet trained on real photographs alone says where it sees defects."""

from __future__ import annotations

import numpy as np

from .downstream import with_weights
from .drawn import Drawn
from .fitting import Report
from .real import Windows, join
from .segmentation_figures import mask_iou
from .segmenter import UNet, probabilities, train_segmenter

FOUND = 0.25  # share of the mask's pixels that the judge must mark


def train_judge(defective: list[Windows], normal: Windows, steps: int, seed: int, report: Report) -> UNet:
    """On one product's real windows; every defect is drawn as often."""
    count = max(len(windows) for windows in defective)
    even = join([windows.take(np.arange(count) % len(windows)) for windows in defective])
    windows, weights = with_weights(even, normal, None)
    return train_segmenter(windows, weights, steps, seed, report)


def judged(judge: UNet, drawn: Drawn, held_out: Windows | None) -> dict[str, float]:
    """`agreement`: mean IoU of a sample's mask with what the judge marks in it; `found`: the share of samples in which
    it marks a quarter of the mask or more; `foundInTwins`: the same in their normal twins, where there is nothing to
    find; `agreementOfReal`, `foundOfReal`: the same of real defects of the test half."""
    figures = _found(judge, drawn.image, drawn.mask)
    figures["foundInTwins"] = _found(judge, drawn.twin, drawn.mask)["found"]
    if held_out is not None:
        figures |= {f"{key}OfReal": value for key, value in _found(judge, held_out.image, held_out.mask).items()}
    return figures


def _found(judge: UNet, images: np.ndarray, masks: np.ndarray) -> dict[str, float]:
    marked = probabilities(judge, images) > 0.5
    return {
        "agreement": float(np.mean([mask_iou(a, b) for a, b in zip(marked, masks, strict=True)])),
        "found": _covered(marked, masks),
    }


def found_share(judge: UNet, images: np.ndarray, masks: np.ndarray) -> float:
    """The share of images uint8 [n, S, S, 3] in which the judge marks a quarter or more of the mask bool [n, S, S]."""
    return _covered(probabilities(judge, images) > 0.5, masks)


def _covered(marked: np.ndarray, masks: np.ndarray) -> float:
    covered = (marked & masks).sum((1, 2)) / np.maximum(masks.sum((1, 2)), 1)
    return float((masks.any((1, 2)) & (covered >= FOUND)).mean())
