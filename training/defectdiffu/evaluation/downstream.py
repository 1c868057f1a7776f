"""Detectors (a UNet and a ResNet) trained on real windows only, and on real and synthetic windows.

All training sets get the same number of steps. A set with synthetic windows has `ratio` of them per real defective
window and draws half of every batch from them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .features import balanced_accuracy, train_classifier
from .real_windows import Windows, join
from .segmentation_figures import segmentation_figures
from .segmenter import probabilities, train_segmenter
from .synthesis import AUGMENTATION, BASELINES

REAL_ONLY, OURS = "real only", "DefectDiffu"
SURER = f"{OURS} surer of two"  # chosen by the confidence, at the cost of a second sample
ON_TWINS, ON_PHOTOGRAPHS = f"{OURS} on twins", f"{OURS} on photographs"
WITH_AUGMENTATION = f"{OURS} + augmentation"  # half of each, as a user who has both would train
WAYS = (OURS, SURER, ON_TWINS, ON_PHOTOGRAPHS)  # in which the model draws
DRAWN = (*WAYS, WITH_AUGMENTATION)  # these need the model; the others do not
METHODS = (REAL_ONLY, *DRAWN, *BASELINES)


class ProductData(NamedTuple):
    """Windows of one product. Both halves hold defective and normal ones."""

    seen_defective: Windows
    seen_normal: Windows
    held_out: Windows


def training_sets(data: ProductData, drawn: dict[str, Windows], ratio: float, seed: int) -> dict[str, Windows | None]:
    """The windows that each method adds to the real ones; None adds nothing. Each method has its own random stream.

    `drawn` holds the model's samples under the names of WAYS. A method is left out if none of its samples on
    photographs or twins showed a defect.
    """
    count = max(1, round(ratio * len(data.seen_defective)))
    sets: dict[str, Windows | None] = {REAL_ONLY: None}
    for name, windows in drawn.items():
        if name == OURS or windows.mask.any():
            sets[name] = chosen(windows, count, seed)
    for i, (name, make) in enumerate(BASELINES.items()):
        sets[name] = make(data.seen_defective, data.seen_normal, count, np.random.default_rng((seed, 41, i)))
    if OURS in drawn:
        ours, augmented = sets[OURS], sets[AUGMENTATION]
        assert ours is not None and augmented is not None
        sets[WITH_AUGMENTATION] = join(
            [ours.take(np.arange(count // 2)), augmented.take(np.arange(count - count // 2))]
        )
    return sets


def chosen(drawn: Windows, count: int, seed: int) -> Windows:
    """`count` of the samples that have a mask; samples repeat if there are fewer. Raises ValueError if none has one."""
    nonempty = np.flatnonzero(drawn.mask.any((1, 2)))
    if not len(nonempty):
        raise ValueError(f"none of {len(drawn)} samples has a mask: the model draws no defect that it could mark")
    return drawn.take(np.random.default_rng((seed, 43)).choice(nonempty, count, replace=count > len(nonempty)))


def with_weights(defective: Windows, normal: Windows, extra: Windows | None) -> tuple[Windows, np.ndarray]:
    """The training set and the weight of each window: half for synthetic windows, half for real ones, of which half are
    defective. Without synthetic windows, the real ones have the whole weight."""
    groups = [(defective, 1.0), (normal, 1.0)]
    if extra is not None:
        groups.append((extra, 2.0))
    weights = np.concatenate([np.full(len(windows), share / len(windows)) for windows, share in groups])
    return join([windows for windows, _ in groups]), weights / weights.sum()


def segmentation(data: ProductData, extra: Windows | None, steps: int, seed: int) -> dict[str, float]:
    windows, weights = with_weights(data.seen_defective, data.seen_normal, extra)
    model = train_segmenter(windows, weights, steps, seed)
    return segmentation_figures(probabilities(model, data.held_out.image), data.held_out.mask)._asdict()


def classification(data: ProductData, extra: Windows | None, steps: int, seed: int) -> float:
    """Accuracy of defective or normal (the supplement's Table 1), with equal weights of both classes."""
    parts = [data.seen_defective, data.seen_normal] + ([extra] if extra is not None else [])
    windows = join(parts)
    model = train_classifier(windows.image, np.asarray(windows.mask.any((1, 2)), np.int64), steps, seed)
    return balanced_accuracy(model, data.held_out.image, np.asarray(data.held_out.mask.any((1, 2)), np.int64))
