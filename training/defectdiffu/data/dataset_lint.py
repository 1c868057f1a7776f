"""Data-set lint: measures on the train split what docs/data.md recommends for photographs.

Nothing of this keeps a model from being trained; it says beforehand what the model will not learn well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image
from scipy.ndimage import distance_transform_edt

from .layout import GOOD, Record
from .parallel_cutting import group_records
from .windows import Rules, WindowCutter, WindowRule

MIN_DEFECT_SHARE = 0.02  # of a window, covered by the defect
MIN_STROKE_WIDTH = 3.0  # pixels of what the model sees
MIN_DEFECTIVE, MIN_NORMAL = 10, 20  # photographs of a group
WINDOWS = 4  # looked at per photograph


class GroupMeasurements(NamedTuple):
    """Measurements of one (product, defect). Share and stroke are medians over windows; None for normal photographs."""

    product: str
    defect: str
    photographs: int
    small: int  # photographs with a side that is shorter than the window
    window: int
    share: float | None
    stroke: float | None


def measure_groups(records: list[Record], rules: Rules, size: int, seed: int = 0) -> list[GroupMeasurements]:
    """`size`: the side in pixels to which the model's windows are scaled."""
    default, own = rules
    found = []
    for (product, defect), photographs in group_records([r for r in records if r.split == "train"]).items():
        rule = own.get(product, default)
        small = sum(min(_size(record)) < rule.window for record in photographs)
        share, stroke = (None, None) if defect == GOOD else _medians(photographs, rule, size, seed)
        found.append(GroupMeasurements(product, defect, len(photographs), small, rule.window, share, stroke))
    return found


def lint_warnings(group: GroupMeasurements) -> list[str]:
    found, name = [], f"{group.product}/{group.defect}"
    least = MIN_NORMAL if group.defect == GOOD else MIN_DEFECTIVE
    if group.photographs < least:
        found.append(f"{name}: {group.photographs} photograph(s) to learn from, should be at least {least}")
    if group.small:
        found.append(f"{name}: {group.small} photograph(s) are smaller than the window, {group.window} pixels")
    if group.share is not None and group.share < MIN_DEFECT_SHARE:
        found.append(
            f"{name}: the defect covers {group.share:.2%} of a window of {group.window} pixels, "
            f"should be at least {MIN_DEFECT_SHARE:.0%}: make the window smaller"
        )
    if group.stroke is not None and group.stroke < MIN_STROKE_WIDTH:
        found.append(
            f"{name}: strokes are {group.stroke:.1f} pixels wide in what the model sees, "
            f"should be at least {MIN_STROKE_WIDTH:.0f}: make the window smaller"
        )
    return found


def stroke_width(mask: np.ndarray) -> float:
    """In pixels, of a mask bool [S, S] that is not empty: that of a stripe whose pixels are on average as far from its
    edge as these are."""
    if mask.all():
        return float(mask.shape[0])
    fine = np.kron(mask, np.ones((2, 2), bool))  # so that every width is even, and a stripe's comes out exactly
    return float(2 * distance_transform_edt(fine)[fine].mean() - 1)


def _medians(photographs: Sequence[Record], rule: WindowRule, size: int, seed: int) -> tuple[float, float]:
    shares, strokes = [], []
    for number, record in enumerate(photographs):
        cutter, rng = WindowCutter(record, rule, size), np.random.default_rng((seed, number))
        for _ in range(WINDOWS):
            top, left, side = cutter.place(rng)
            mask = cutter.mask[top : top + side, left : left + side]
            shares.append(mask.mean())
            strokes.append(stroke_width(mask) * size / side)
    return float(np.median(shares)), float(np.median(strokes))


def _size(record: Record) -> tuple[int, int]:
    with Image.open(record.image) as image:
        return image.size
